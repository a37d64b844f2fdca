import { describe, expect, onTestFinished, test, vi } from "vitest";
import { cli, cliJson, newStoreUrl, openRuntime } from "../../../test/support/cli-kit.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import type { FunctionDefinition } from "../../runs/definition.ts";
import { createServer } from "../../server/create-server.ts";
import { serve } from "../../server/mounts/node.ts";

const definition = (id: string, handler: FunctionDefinition["handler"]): FunctionDefinition => ({
  ...{ id, triggers: [{ event: `app/${id}` }], retries: 0, backoff: () => 0, handler },
});
const greet = definition("greet", (run) =>
  Promise.resolve(`Hello ${String((run.event.data as { name?: string }).name)}`),
);
const fail = definition("fail", () => Promise.reject(new Error("no such customer")));

/** A store with a runtime that executes `greet` and `fail`. */
async function openApp() {
  const url = newStoreUrl();
  const longhaul = openRuntime({ url, functions: [greet, fail], onError: () => {} });
  await longhaul.start();
  return { url, longhaul };
}

interface Runs {
  readonly data: readonly { id: string; state: string; functionId: string }[];
  readonly page: { readonly next: string | null };
}

describe("on a store", () => {
  test("trigger --wait prints the output, and ends with 1 where the run fails", async () => {
    const { url } = await openApp();
    const done = await cli(["trigger", "greet", '{"name":"Ada"}', "--wait", "--url", url]);
    expect(done).toMatchObject({ code: 0, stdout: '"Hello Ada"\n' });
    const failed = await cli(["trigger", "fail", "--wait", "--url", url]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/run_\w+ failed: no such customer/);
    const unknown = await cli(["trigger", "gret", "--url", url]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("no function gret");
  });

  test("send starts what waits for the event, and runs list finds it", async () => {
    const { url, longhaul } = await openApp();
    const { ids } = await cliJson<{ ids: string[] }>(
      ...["send", "app/greet", '{"name":"Bob"}', "--id", "once", "--url", url],
    );
    const [run] = await longhaul.runsOfEvent(ids[0]!);
    await longhaul.waitForEnd(run!.id);
    const { data } = await cliJson<Runs>("runs", "list", "--function", "greet", "--url", url);
    expect(data).toMatchObject([{ id: run!.id, state: "completed" }]);
    expect((await cli(["runs", "list", "--url", url])).stdout).toMatch(
      new RegExp(`ID .*FUNCTION .*\n${run!.id} +greet +completed`),
    );
    expect((await cli(["runs", "get", run!.id, "--url", url])).stdout).toContain("Hello Bob");
  });

  test("runs replay and retry start it again; a run that is over cannot be canceled", async () => {
    const { url, longhaul } = await openApp();
    const first = await longhaul.trigger("greet", { data: { name: "Ada" } });
    await longhaul.waitForEnd(first);
    const other = ["runs", "replay", first, '{"name":"Eve"}', "--url", url];
    const { id } = await cliJson<{ id: string }>(...other);
    expect(await longhaul.waitForEnd(id)).toBe("completed");
    expect(await longhaul.getRun(id)).toMatchObject({ output: '"Hello Eve"' });
    const again = await cliJson<{ id: string }>("retry", first, "--url", url);
    expect(await longhaul.waitForEnd(again.id)).toBe("completed");
    const canceled = await cli(["runs", "cancel", first, "--url", url]);
    expect(canceled.code).toBe(1);
    expect(canceled.stderr).toContain("completed");
  });

  test("runs cancel ends a run that waits", async () => {
    const { url, longhaul } = await openApp();
    const args = ["trigger", "greet", "--delay", "1h", "--tag", "a", "--tag", "b", "--url", url];
    const { id } = await cliJson<{ id: string }>(...args);
    const { stdout } = await cli(["runs", "cancel", id, "--reason", "a mistake", "--url", url]);
    expect(stdout).toBe(`${id} is canceled.\n`);
    expect(await longhaul.getRun(id)).toMatchObject({ state: "canceled" });
    const { data } = await cliJson<Runs>("runs", "list", "--tag", "b", "--url", url);
    expect(data).toMatchObject([{ id }]);
  });

  test("the same key triggers once", async () => {
    const { url } = await openApp();
    const args = ["trigger", "greet", '{"name":"x"}', "--key", "k", "--url", url];
    const [one, two] = [await cliJson<object>(...args), await cliJson<object>(...args)];
    expect(two).toEqual(one);
  });

  test("queues are listed, paused, resumed and cleaned, and their failed jobs retried", async () => {
    const url = newStoreUrl();
    const queue = new Queue("emails", { connection: url });
    onTestFinished(() => queue.close());
    await queue.addBulk(Array.from({ length: 3 }, (_, index) => ({ name: `n${index}`, data: {} })));
    const get = () =>
      cliJson<{ isPaused: boolean; counts: object }>("queues", "get", "emails", "--url", url);
    expect(await get()).toMatchObject({ isPaused: false, counts: { waiting: 3 } });
    const { stdout } = await cli(["queues", "list", "--url", url]);
    expect(stdout).toMatch(/QUEUE +WAITING.*\nemails +3 +0 +0 +0 +0 +0/);

    await cli(["queues", "pause", "emails", "--url", url]);
    expect(await queue.isPaused()).toBe(true);
    expect((await cli(["queues", "list", "--url", url])).stdout).toContain("emails (paused)");
    await cli(["queues", "resume", "emails", "--url", url]);
    expect(await queue.isPaused()).toBe(false);

    expect((await cli(["retry", "emails", "--url", url])).stdout).toContain("0 jobs of emails");
    const clean = ["queues", "clean", "emails", "--state", "waiting", "--url", url];
    const cleaned = await cli(clean, { isTTY: true });
    expect(cleaned.stdout).toContain("3 jobs of emails were removed");
    expect(cleaned.stderr).toContain("100 %  3/3");
    expect(await queue.count()).toBe(0);
  });

  test("retry runs all failed jobs of a queue again, or one", async () => {
    const url = newStoreUrl();
    const queue = new Queue("emails", { connection: url });
    onTestFinished(() => queue.close());
    const jobs = Array.from({ length: 3 }, (_, index) => ({ name: `n${index}`, data: {} }));
    const [first] = await queue.addBulk(jobs);
    const worker = new Worker("emails", () => Promise.reject(new Error("no")), { connection: url });
    let failures = 0;
    await new Promise<void>((resolve) => {
      worker.on("failed", () => ++failures === jobs.length && resolve());
    });
    await worker.close();
    const one = await cli(["retry", "emails", first!.id!, "--url", url]);
    expect(one).toMatchObject({ code: 0, stdout: `Job ${first!.id!} of emails runs again.\n` });
    expect(await queue.getJobCounts("failed", "waiting")).toEqual({ failed: 2, waiting: 1 });
    const { stderr, stdout } = await cli(["retry", "emails", "--url", url], { isTTY: true });
    expect(stdout).toBe("2 jobs of emails run again.\n");
    expect(stderr).toContain("100 %  2/2");
    expect(await queue.getJobCounts("failed", "waiting")).toEqual({ failed: 0, waiting: 3 });
  });

  test("a store that is not there is not made by looking for it", async () => {
    const url = newStoreUrl();
    for (const args of [
      ["runs", "list"],
      ["queues", "list"],
      ["tokens", "list"],
    ]) {
      const { code, stderr } = await cli([...args, "--url", url]);
      expect(code).toBe(1);
      expect(stderr).toContain("There is no store");
    }
    expect((await cli(["migrate", "--dry-run", "--url", url])).code).toBe(0);
    expect((await cli(["doctor", "--url", url])).stdout).toContain("is not there");
  });
});

describe("tokens", () => {
  test("are made, listed and revoked, and the audit log knows by whom", async () => {
    const url = newStoreUrl();
    const create = ["tokens", "create", "ci", "--role", "operator", "--expires", "90d"];
    const { stdout, stderr } = await cli([...create, "--url", url]);
    expect(stdout).toMatch(/^lh_sk_[\w-]{43}\n$/);
    expect(stderr).toContain("only time");
    const list = () =>
      cliJson<{ data: { id: string; revokedAt: string | null }[] }>("tokens", "list", "--url", url);
    const { data } = await list();
    expect(data).toMatchObject([{ name: "ci", role: "operator", revokedAt: null }]);
    await cli(["tokens", "revoke", data[0]!.id, "--url", url]);
    expect((await list()).data).toMatchObject([{ revokedAt: expect.any(String) }]);
    expect((await cli(["tokens", "list", "--url", url])).stdout).toContain("revoked");

    const { fetch } = createServer(openRuntime({ url }), {
      auth: { authorize: () => ({ name: "x", role: "admin" }) },
    });
    const answer = await fetch(new Request("http://localhost/api/v1/audit"));
    expect(await answer.json()).toMatchObject({
      data: [
        { action: "tokens.revoke", actor: expect.stringMatching(/^command line \(.+\)$/) },
        { action: "tokens.create", object: "ci (operator)" },
      ],
    });
  });
});

describe("at a server", () => {
  test("does the same, with a token", async () => {
    const { url, longhaul } = await openApp();
    const { secret } = await cliJson<{ secret: string }>(
      ...["tokens", "create", "cli", "--role", "operator", "--url", url],
    );
    const served = await serve(createServer(longhaul), { port: 0 });
    onTestFinished(() => served.close());
    const at = ["--server", served.url, "--token", secret];
    const done = await cli(["trigger", "greet", '{"name":"Ada"}', "--wait", ...at]);
    expect(done).toMatchObject({ code: 0, stdout: '"Hello Ada"\n' });
    expect((await cliJson<Runs>("runs", "list", ...at)).data).toHaveLength(1);

    const refused = await cli(["tokens", "list", ...at]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("role admin") });
    vi.stubEnv("LONGHAUL_TOKEN", "");
    onTestFinished(() => void vi.unstubAllEnvs());
    const nobody = await cli(["runs", "list", "--server", served.url]);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining("logged in") });
    vi.stubEnv("LONGHAUL_TOKEN", secret);
    expect((await cli(["runs", "list", "--server", served.url])).code).toBe(0);
  });

  test("says so if nobody answers there", async () => {
    const { code, stderr } = await cli(["runs", "list", "--server", "http://127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(stderr).toContain("The server at http://127.0.0.1:1 did not do it");
  });
});

describe("migrate", () => {
  test("says what it would do, does it, and does it once", async () => {
    const url = newStoreUrl();
    const migrate = (...args: string[]) =>
      cliJson<{ from: number; to: number; steps: unknown[] }>("migrate", ...args, "--url", url);
    const plan = await migrate("--dry-run");
    expect(plan).toMatchObject({ from: 0, isDryRun: true });
    expect(plan.steps).toHaveLength(plan.to);
    expect(await migrate("--dry-run")).toEqual(plan);
    expect(await migrate()).toMatchObject({ from: 0, to: plan.to, isDryRun: false });
    expect(await migrate()).toMatchObject({ from: plan.to, to: plan.to, steps: [] });
    expect((await cli(["migrate", "--url", url])).stdout).toContain("is up to date");
  });
});
