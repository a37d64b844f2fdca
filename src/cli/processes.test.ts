import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Script } from "../../test/support/child-process.ts";
import { cli, newStoreUrl, openRuntime, startCli } from "../../test/support/cli-kit.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { Queue } from "../bullmq/queue.ts";

const SLOW = 60_000;
const src = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** A program in TypeScript: a function, a queue with a worker, and a file that both need. */
function newProgram(): { folder: string; jobs: string; greeting: string } {
  const folder = tempFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const greeting = join(folder, "greeting.ts");
  writeFileSync(greeting, `export const greeting: string = "Hello";\n`);
  const jobs = join(folder, "jobs.ts");
  writeFileSync(
    jobs,
    `import { Worker } from ${JSON.stringify(src("bullmq/index.ts"))};
     import { Inngest } from ${JSON.stringify(src("inngest/index.ts"))};
     import { greeting } from "./greeting.ts";
     const inngest = new Inngest({ id: "app" });
     export const hello = inngest.createFunction({ id: "hello", retries: 0 }, { event: "app/hello" },
       ({ event, step }) => step.run("greet", () => greeting + " " + event.data.name));
     export const worker = new Worker("emails", async (job) => {
       if (job.name === "bad") throw new Error("no such address");
       if (job.name === "stuck") {
         console.log("stuck begins");
         await new Promise((resolve) => setTimeout(resolve, 3_600_000));
       }
       if (job.name === "slow") {
         console.log("slow begins");
         await new Promise((resolve) => setTimeout(resolve, 700));
       }
       return greeting;
     });`,
  );
  return { folder, jobs, greeting };
}

/** Reads what it says on stderr until a line has it. */
function untilError(script: Script, wanted: RegExp): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    script.process.stderr!.on("data", (chunk: string) => {
      text += chunk;
      if (wanted.test(text)) resolve(text);
    });
    script.process.once("close", () => reject(new Error(`it ended: ${text}`)));
  });
}

async function untilLine(script: Script, wanted: RegExp): Promise<string> {
  for (;;) {
    const line = await script.next();
    if (wanted.test(line)) return line;
  }
}

const urlIn = (text: string): string => /http:\/\/[\d.]+:\d+/.exec(text)![0];

test("--version and wrong command lines, as a shell sees them", { timeout: SLOW }, async () => {
  const version = startCli(["--version"]);
  expect(await version.next()).toMatch(/^\d+\.\d+\.\d+$/);
  expect((await version.ended).code).toBe(0);
  const wrong = await startCli(["runs", "lst"]).ended;
  expect(wrong).toMatchObject({ code: 2, errors: expect.stringContaining('"runs list"') });
});

describe("worker", () => {
  test("works off what others add, and SIGTERM lets it finish", { timeout: SLOW }, async () => {
    const url = newStoreUrl();
    const { jobs } = newProgram();
    const queue = new Queue("emails", { connection: url });
    onTestFinished(() => queue.close());
    const job = await queue.add("slow", {});
    const later = await queue.add("later", {});
    const worker = startCli(["worker", jobs, "--url", url, "--grace", "20s"]);
    await untilLine(worker, /slow begins/);
    worker.process.kill("SIGTERM");
    expect((await worker.ended).code).toBe(0);
    expect(await job.getState()).toBe("completed");
    expect(await later.getState()).toBe("waiting");
  });

  test(
    "ends at once at a second signal, and what it had in hand is not lost",
    { timeout: SLOW },
    async () => {
      const url = newStoreUrl();
      const { jobs } = newProgram();
      const queue = new Queue("emails", { connection: url });
      onTestFinished(() => queue.close());
      const job = await queue.add("stuck", {});
      const worker = startCli(["worker", jobs, "--url", url, "--grace", "20s"]);
      await untilLine(worker, /stuck begins/);
      worker.process.kill("SIGTERM");
      await untilError(worker, /finishing what is under way/);
      worker.process.kill("SIGTERM");
      expect((await worker.ended).code).toBe(1);
      expect(await job.getState()).toBe("active");
    },
  );

  test(
    "ends if a file is broken, also where another one holds the process",
    { timeout: SLOW },
    async () => {
      const folder = tempFolder();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "a.ts"), "setInterval(() => {}, 1000);");
      writeFileSync(join(folder, "b.ts"), 'throw new Error("no DATABASE_URL");');
      const { code, errors } = await startCli(["worker", folder, "--url", newStoreUrl()]).ended;
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching("DATABASE_URL") });
    },
  );

  test("says what is wrong with its files", { timeout: SLOW }, async () => {
    const file = join(tempFolder(), "empty.ts");
    writeFileSync(file, "export const x: number = 1;");
    const { code, errors } = await startCli(["worker", file, "--url", newStoreUrl()]).ended;
    expect(code).toBe(1);
    expect(errors).toContain("nothing that it exports can be run");
  });
});

describe("server", () => {
  test(
    "offers a token once, and knows at once what another process revokes",
    { timeout: SLOW },
    async () => {
      const url = newStoreUrl();
      const start = () =>
        startCli(["server", "--port", "0", "--url", url], { LONGHAUL_ADMIN_TOKEN: "" });
      const server = start();
      const text = await untilError(server, /Listening at \S+/);
      const token = /lh_sk_[\w-]{43}/.exec(text)![0];
      const get = async (path: string): Promise<Response> =>
        fetch(`${urlIn(text)}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
      const { data } = (await (await get("/tokens")).json()) as { data: { id: string }[] };
      expect((await fetch(`${urlIn(text)}/api/v1/me`)).status).toBe(401);
      expect((await get("/readyz")).status).toBe(200);

      const other = start();
      const greeting = await untilError(other, /Listening at \S+/);
      expect(greeting).not.toContain("lh_sk_");
      other.process.kill("SIGTERM");
      expect((await other.ended).code).toBe(0);

      expect((await cli(["tokens", "revoke", data[0]!.id, "--url", url])).code).toBe(0);
      expect((await get("/me")).status).toBe(401);
      server.process.kill("SIGINT");
      expect((await server.ended).code).toBe(0);
    },
  );

  test("says so if its port is taken", { timeout: SLOW }, async () => {
    const url = newStoreUrl();
    const first = startCli(["server", "--port", "0", "--url", url]);
    const { port } = new URL(urlIn(await untilError(first, /Listening at \S+/)));
    const { code, errors } = await startCli(["server", "--port", port, "--url", url]).ended;
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining("listens there") });
  });
});

test("start does both, behind a token of the environment", { timeout: SLOW }, async () => {
  const url = newStoreUrl();
  const { jobs } = newProgram();
  const token = "a-token-of-the-environment";
  const args = ["start", jobs, "--port", "0", "--url", url, "--redact", "secret"];
  const app = startCli(args, { LONGHAUL_ADMIN_TOKEN: token });
  const text = await untilError(app, /Working on .*emails/);
  const at = ["--server", urlIn(text), "--token", token];
  const done = await cli(["trigger", "app-hello", '{"name":"Ada","secret":1}', "--wait", ...at]);
  expect(done).toMatchObject({ code: 0, stdout: '"Hello Ada"\n' });
  const { stdout } = await cli(["runs", "get", done.stderr.trim(), ...at]);
  expect(stdout).toContain('"secret": "[redacted]"');
  app.process.kill("SIGTERM");
  expect((await app.ended).code).toBe(0);
});

describe("dev", () => {
  test("ends where there is nothing to run, or to wait for", { timeout: SLOW }, async () => {
    const folder = tempFolder();
    mkdirSync(folder, { recursive: true });
    const { code, errors } = await startCli(["dev", folder, "--url", newStoreUrl()]).ended;
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining("no code in it") });
  });

  test(
    "tells every change, serves the API and a board, and starts again when a file changes",
    { timeout: SLOW },
    async () => {
      const url = newStoreUrl();
      const { jobs, greeting } = newProgram();
      const dev = startCli(["dev", jobs, "--port", "0", "--url", url]);
      const origin = urlIn(await untilError(dev, /board {2}http\S+/));
      const post = (path: string, body: unknown) =>
        fetch(`${origin}/api/v1${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      expect((await fetch(`${origin}/board`)).status).toBe(200);
      const foreign = { headers: { "sec-fetch-site": "cross-site" } };
      expect((await fetch(`${origin}/board`, foreign)).status).toBe(403);

      expect((await post("/events", { name: "app/hello", data: { name: "Ada" } })).status).toBe(
        201,
      );
      expect(await untilLine(dev, /run .*completed/)).toMatch(
        /^[\d:.]{12} {2}run {2}app-hello {2}run_\w+ {2}completed/,
      );
      expect((await post("/queues/emails/jobs", { name: "bad", data: {} })).status).toBe(201);
      expect(await untilLine(dev, /job .*failed/)).toMatch(
        /emails\/bad {2}1 {2}failed .*no such address/,
      );

      const changed = untilError(dev, /greeting\.ts has changed[^]*Working on/);
      writeFileSync(greeting, `export const greeting: string = "Good morning";\n`);
      await changed;
      await post("/events", { name: "app/hello", data: { name: "Ada" } });
      await untilLine(dev, /run .*completed/);
      const runs = await openRuntime({ url }).listRuns({ functionId: "app-hello" });
      expect(runs.map(({ output }) => String(output)).toSorted()).toEqual([
        '"Good morning Ada"',
        '"Hello Ada"',
      ]);
      dev.process.kill("SIGINT");
      expect((await dev.ended).code).toBe(0);
    },
  );

  test("waits for a file that is broken to be mended", { timeout: SLOW }, async () => {
    const { jobs, greeting } = newProgram();
    writeFileSync(greeting, "export const greeting = (;\n");
    const dev = startCli(["dev", jobs, "--port", "0", "--url", newStoreUrl()]);
    expect(await untilError(dev, /waits for a change/)).toContain("cannot be used");
    const mended = untilError(dev, /Working on/);
    writeFileSync(greeting, `export const greeting = "Hello";\n`);
    await mended;
    dev.process.kill("SIGTERM");
    expect((await dev.ended).code).toBe(0);
  });
});

test(
  "runs tail tells what happens in another process, until Ctrl-C",
  { timeout: SLOW },
  async () => {
    const url = newStoreUrl();
    const handler = (): Promise<string> => Promise.resolve("done");
    const longhaul = openRuntime({
      url,
      functions: [{ id: "greet", triggers: [], retries: 0, backoff: () => 0, handler }],
    });
    await longhaul.start();
    const before = await longhaul.trigger("greet");
    await longhaul.waitForEnd(before);
    const tail = startCli(["runs", "tail", "greet", "--url", url, "--json"]);
    await untilError(tail, /Following/);
    const id = await longhaul.trigger("greet");
    const line = await untilLine(tail, /"completed"/);
    expect(JSON.parse(line)).toMatchObject({ kind: "run", id, name: "greet", state: "completed" });
    tail.process.kill("SIGINT");
    expect((await tail.ended).code).toBe(0);
  },
);
