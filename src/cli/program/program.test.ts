import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import { Inngest } from "../../inngest/index.ts";
import { QueueManager } from "../../manager/index.ts";
import { createLonghaul } from "../../runtime/longhaul.ts";
import { defineConfig, task } from "../../trigger/index.ts";
import { eventTrigger, TriggerClient } from "../../trigger/v2/index.ts";
import { collect } from "./collect.ts";
import { findFiles, foldersOf } from "./find-files.ts";

const module = (exports: Record<string, unknown>) => [{ file: "jobs.ts", exports }];

describe("what modules export", () => {
  const inngest = new Inngest({ id: "app" });
  const fn = inngest.createFunction({ id: "one" }, { event: "x" }, () => 1);
  const resize = task({ id: "resize", run: () => Promise.resolve(1) });

  test("is run if it is a function, a task, or a list of them; each once", () => {
    const { functions } = collect(
      module({
        inngest,
        fn,
        default: [fn, resize],
        resize,
        helper: () => 1,
        text: "x",
        nothing: null,
      }),
    );
    expect(functions).toEqual([fn, resize]);
  });

  test("may be definitions for the engine itself", () => {
    const plain = { id: "plain", triggers: [], handler: () => Promise.resolve() };
    expect(collect(module({ plain })).functions).toEqual([plain]);
  });

  test("may be the configuration of tasks", () => {
    const config = defineConfig({ project: "app" });
    const program = collect(module({ default: config, resize }));
    expect(program.config).toBe(config);
    expect(program.functions).toEqual([resize]);
  });

  test("may be a client of Trigger.dev's older API, which brings its jobs along", () => {
    const client = new TriggerClient({ id: "app" });
    const job = client.defineJob({
      ...{ id: "j", name: "J", version: "1.0.0", trigger: eventTrigger({ name: "x" }) },
      run: () => Promise.resolve(),
    });
    expect(collect(module({ client, job })).functions).toEqual([client]);
    expect(collect(module({ job })).functions).toEqual([job]);
  });

  test("may be workers and queues, which are told apart", async () => {
    const connection = ":memory:";
    const worker = new Worker("images", () => Promise.resolve(), { connection, autorun: false });
    const queue = new Queue("emails", { connection });
    onTestFinished(async () => {
      await Promise.all([worker.close(), queue.close()]);
    });
    const program = collect(module({ worker, queue }));
    expect(program.workers).toEqual([worker]);
    expect(program.queues.toSorted()).toEqual(["emails", "images"]);
  });

  test("may be one manager of tasks, with their queues", async () => {
    const manager = new QueueManager({ connection: ":memory:", workers: false });
    onTestFinished(() => manager.close());
    manager.registerTask("count", { queueName: "counts", processor: () => Promise.resolve(1) });
    expect(collect(module({ manager }))).toMatchObject({ manager, queues: ["counts"] });
    const other = new QueueManager({ connection: ":memory:" });
    onTestFinished(() => other.close());
    expect(() => collect(module({ manager, other }))).toThrow("2 managers");
  });

  test("may be one runtime, which knows its functions itself", async () => {
    const runtime = createLonghaul({ url: ":memory:", functions: [fn] });
    onTestFinished(() => runtime.close());
    expect(collect(module({ default: runtime, fn }))).toMatchObject({ runtime, functions: [] });
    const other = createLonghaul({ url: ":memory:" });
    onTestFinished(() => other.close());
    expect(() => collect(module({ runtime, other }))).toThrow(/2 runtimes/);
  });

  test("has to have something that can be run", () => {
    expect(() => collect(module({ helper: () => 1 }))).toThrow(
      expect.objectContaining({ code: "CLI_BAD_FILE" }),
    );
  });
});

describe("files", () => {
  const folder = (...files: string[]): string => {
    const root = tempFolder();
    for (const file of files) {
      mkdirSync(join(root, file, ".."), { recursive: true });
      writeFileSync(join(root, file), "");
    }
    return root;
  };
  const find = (root: string, ...given: string[]) =>
    findFiles(given, root).map((file) => relative(root, file));

  test("are those that are named, and the code in folders that are", () => {
    const root = folder(
      ...["a.ts", "jobs/b.ts", "jobs/deep/c.mjs", "jobs/b.test.ts", "jobs/b.d.ts"],
      ...["jobs/readme.md", "jobs/node_modules/x/index.js"],
    );
    expect(find(root, "a.ts", "jobs")).toEqual(["a.ts", "jobs/b.ts", "jobs/deep/c.mjs"]);
    expect(() => find(root, "none.ts")).toThrow(/is not there/);
  });

  test("of folders are watched with what is added to them; the folder of a named file is not", () => {
    const root = folder("a.ts", "jobs/b.ts", "jobs/deep/c.ts", "longhaul.config.ts");
    const folders = (...given: string[]) =>
      foldersOf(given, root).map((path) => relative(root, path));
    expect(folders("a.ts", "jobs")).toEqual(["jobs", "jobs/deep"]);
    expect(folders("jobs/b.ts")).toEqual([]);
    expect(folders()).toEqual([]);
  });

  test("are longhaul.config.ts if there is one and none is named, else the usual folders", () => {
    const usual = ["src/jobs/a.ts", "src/inngest/b.ts", "workers/c.ts", "src/other/d.ts"];
    expect(find(folder(...usual))).toEqual(["src/jobs/a.ts", "src/inngest/b.ts", "workers/c.ts"]);
    expect(find(folder(...usual, "longhaul.config.ts"))).toEqual(["longhaul.config.ts"]);
    expect(() => find(folder())).toThrow(expect.objectContaining({ code: "CLI_BAD_FILE" }));
  });
});
