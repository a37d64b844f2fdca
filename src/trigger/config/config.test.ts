import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { createLonghaul } from "../../index.ts";
import { defineConfig, logger, task, tasks } from "../index.ts";
import { globalHooks } from "../hooks/hook-set.ts";
import { loadConfig } from "./load-config.ts";

const INDEX = fileURLToPath(new URL("../index.ts", import.meta.url));

afterEach(() => globalHooks.clear());

describe("defineConfig", () => {
  test("gives back what it was given, and refuses what cannot work", () => {
    const options = {
      project: "my-app",
      runtime: "node",
      retries: { default: { maxAttempts: 3 } },
    };
    const config = defineConfig(options);
    expect(config).toBe(options);
    expect(JSON.parse(JSON.stringify({ ...config }))).toEqual(options);
    const refused = (part: object) => () => defineConfig({ project: "x", ...part } as never);
    expect(refused({ retries: { default: { factor: -1 } } })).toThrow(/factor/);
    expect(refused({ maxDuration: 1 })).toThrow(/maxDuration/);
    expect(refused({ machine: "huge" })).toThrow(/huge/);
    expect(refused({ ttl: "x" })).toThrow(/ttl/);
  });

  test("its hooks come before those of the process, and the task's", async () => {
    const order: string[] = [];
    const config = {
      init: () => ({ from: "config" }),
      onStart: () => order.push("config"),
      handleError: () => {
        order.push("handleError");
      },
      machine: "large-1x",
      maxDuration: 60,
      environment: "STAGING",
    } as const;
    tasks.onStart(() => order.push("process"));
    const told = task({
      id: "told",
      onStart: () => order.push("task"),
      run: async (fails: boolean, { ctx, init }) => {
        if (fails) throw new Error("no");
        return [init, ctx.machine.name, ctx.environment.type, ctx.run.maxDuration];
      },
    });
    await using kit = await TriggerKit.start([told], { config });
    const output = await kit.output((await told.trigger(false)).id);
    expect(output).toEqual([{ from: "config" }, "large-1x", "STAGING", 60]);
    expect(order.splice(0)).toEqual(["config", "process", "task"]);
    await kit.finish((await told.trigger(true)).id);
    expect(order.at(-1)).toBe("handleError");
  });

  test("enabledInDev: false means no retries in development, and only there", async () => {
    const tries = vi.fn<() => void>();
    const flaky = task({
      id: "flaky",
      retry: { maxAttempts: 2, minTimeoutInMs: 1 },
      run: async () => {
        tries();
        throw new Error("no");
      },
    });
    for (const [environment, count] of [
      ["DEVELOPMENT", 1],
      ["PRODUCTION", 2],
    ] as const) {
      tries.mockClear();
      const config = { environment, retries: { enabledInDev: false } };
      await using kit = await TriggerKit.start([flaky], { config });
      await kit.finish((await flaky.trigger()).id);
      expect(tries).toHaveBeenCalledTimes(count);
    }
  });

  test("the log level holds back what is less severe", async () => {
    const teller = task({
      id: "teller",
      run: async () => {
        logger.info("info");
        logger.error("error");
      },
    });
    await using kit = await TriggerKit.start([teller], { config: { logLevel: "error" } });
    const { id } = await teller.trigger();
    await kit.output(id);
    const entries = await kit.engine.stores.logs.list({ runId: id, limit: 10 });
    expect(entries.map(({ message }) => message)).toEqual(["error"]);
  });
});

describe("loadConfig", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** A project with these files, which import this idiom. */
  function project(files: Record<string, string>): string {
    const folder = mkdtempSync(join(tmpdir(), "longhaul-config-"));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text.replaceAll("longhaul/trigger", INDEX));
    }
    return folder;
  }

  const CONFIG = `
    import { defineConfig } from "longhaul/trigger";
    export default defineConfig({ project: "loaded", enableConsoleLogging: false });
    export const handleError = () => ({ skipRetrying: true });`;

  test("the file, the tasks of its folder and init before them go to a runtime", async () => {
    const folder = project({
      "trigger.config.mjs": CONFIG,
      "trigger/init.mjs": `globalThis.longhaulOrder = ["init"];`,
      "trigger/deep/tasks.mjs": `
        import { task } from "longhaul/trigger";
        globalThis.longhaulOrder.push("tasks");
        export const one = task({ id: "one", run: async (_, { ctx }) => ctx.project.ref });
        export const same = one;
        export const helper = () => {};`,
      "trigger/tasks.test.mjs": `throw new Error("tests are not imported")`,
    });
    const { config, tasks: loaded } = await loadConfig(join(folder, "trigger.config.mjs"));
    expect((globalThis as Record<string, unknown>)["longhaulOrder"]).toEqual(["init", "tasks"]);
    expect(loaded).toHaveLength(1);
    expect(config).toMatchObject({
      project: "loaded",
      handleError: expect.any(Function) as object,
    });
    await using longhaul = createLonghaul({ url: ":memory:", config, tasks: loaded });
    await longhaul.start();
    expect(await longhaul.invoke("one")).toBe("loaded");
  });

  test("a file without tasks, one without a config, and a folder that is not there", async () => {
    const alone = project({ "trigger.config.mjs": CONFIG });
    expect((await loadConfig(join(alone, "trigger.config.mjs"))).tasks).toEqual([]);
    const bad = { code: "TASK_BAD_CONFIG" };
    const empty = project({ "trigger.config.mjs": "export const x = 1;" });
    await expect(loadConfig(join(empty, "trigger.config.mjs"))).rejects.toMatchObject(bad);
    const named = `export const config = { project: "x", dirs: ["./missing"] };`;
    const missing = project({ "trigger.config.mjs": named });
    await expect(loadConfig(join(missing, "trigger.config.mjs"))).rejects.toMatchObject(bad);
  });
});
