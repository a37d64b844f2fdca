import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { tempFolder } from "../../test/support/temp-folder.ts";
import type { FunctionDefinition, RunHandle } from "../runs/definition.ts";
import { attach, type RunHost } from "../runs/hosting.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { createLonghaul, type Longhaul } from "./longhaul.ts";
import type { LonghaulOptions } from "./options.ts";

const define = (
  id: string,
  handler: (run: RunHandle) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition => ({
  ...{ id, triggers: [{ event: `start/${id}` }], retries: 0, backoff: () => 0 },
  ...{ handler, ...options },
});

const newUrl = (): string => `file:${join(tempFolder(), "app.db")}`;

function open(options: LonghaulOptions): Longhaul {
  const longhaul = createLonghaul(options);
  onTestFinished(() => longhaul.close());
  return longhaul;
}

const double = define("double", (run) =>
  run.run("double", () => (run.event.data as { n: number }).n * 2),
);

test("sends before the start, executes after it", async () => {
  const longhaul = open({ url: newUrl(), functions: [double] });
  const [eventId] = await longhaul.send({ name: "start/double", data: { n: 2 } });
  expect(await longhaul.runsOfEvent(eventId!)).toMatchObject([{ state: "queued" }]);
  expect(await longhaul.health()).toMatchObject({ ok: false, state: "open" });

  await Promise.all([longhaul.start(), longhaul.start()]);
  expect(await longhaul.invoke(double, { data: { n: 21 } })).toBe(42);
  expect(await longhaul.invoke("double", { data: { n: 1 } })).toBe(2);
  const runId = await longhaul.trigger(double, { data: { n: 5 } });
  expect(await longhaul.waitForEnd(runId)).toBe("completed");
  expect(await longhaul.getRun(runId)).toMatchObject({ state: "completed", output: "10" });
  await expect(longhaul.waitForEnd("run_none", AbortSignal.abort())).rejects.toThrow("aborted");
  expect(await longhaul.listRuns({ functionId: "double", state: "completed" })).toHaveLength(4);
  expect(await longhaul.health()).toMatchObject({
    ok: true,
    state: "started",
    functions: ["double"],
  });
});

test("a run of several steps, a sleep and an event goes on in the next runtime on the same file", async () => {
  const url = newUrl();
  const clock = new VirtualClock();
  const bodies: string[] = [];
  const journey = define("journey", async (run) => {
    const first = await run.run("first", () => bodies.push("first"));
    await run.sleepUntil("nap", clock.now() + 86_400_000);
    const paid = await run.waitForEvent("paid", { event: "paid", timeoutMs: 86_400_000 });
    await run.run("last", () => bodies.push("last"));
    return { first, paid: paid?.data };
  });
  const settle = (longhaul: Longhaul, state: string) => async () => {
    const [run] = await longhaul.listRuns();
    expect(run!.state).toBe(state);
    return (await longhaul.getRun(run!.id))!;
  };

  const one = open({ url, clock, functions: [journey] });
  await one.start();
  await one.send({ name: "start/journey" });
  await vi.waitFor(settle(one, "waiting"));
  await one.close();
  expect(clock.pendingTimers).toBe(0);

  const two = open({ url, clock, functions: [journey] });
  await two.start();
  await clock.advance(86_400_000);
  await vi.waitFor(async () =>
    expect((await settle(two, "waiting")()).journal.at(-1)).toMatchObject({ key: "paid" }),
  );
  await two.close();

  await using three = createLonghaul({ url, clock, functions: [journey] });
  await three.start();
  await three.send([{ name: "paid", data: { by: "card" } }]);
  const run = await vi.waitFor(settle(three, "completed"));
  expect(JSON.parse(run.output!)).toEqual({ first: 1, paid: { by: "card" } });
  expect(bodies).toEqual(["first", "last"]);
});

test("close lets bodies finish, and is idempotent", async () => {
  const url = newUrl();
  let finish = () => {};
  let begun = () => {};
  const started = new Promise<void>((resolve) => (begun = resolve));
  const slow = define("slow", async (run) => {
    await run.run("slow", async () => {
      begun();
      await new Promise<void>((resolve) => (finish = resolve));
      return "done";
    });
    return run.run("next", () => "too late");
  });
  const longhaul = open({ url, functions: [slow] });
  await longhaul.start();
  const runId = await longhaul.trigger(slow);
  await started;
  const closing = longhaul.close();
  expect((await longhaul.health()).state).toBe("closing");
  finish();
  await closing;
  await longhaul.close();
  await longhaul[Symbol.asyncDispose]();
  expect(await longhaul.health()).toMatchObject({ ok: false, state: "closed", workers: 0 });
  expect((await longhaul.health()).storeError).toMatch(/closed/);
  await expect(longhaul.start()).rejects.toMatchObject({ code: "STORE_CLOSED" });
  await expect(longhaul.send({ name: "x" })).rejects.toMatchObject({ code: "STORE_CLOSED" });

  const next = open({ url });
  expect(await next.getRun(runId)).toMatchObject({
    state: "queued",
    journal: [{ key: "slow", state: "done" }],
  });
});

test("close gives up on what takes too long", async () => {
  const hangs = define("hangs", (run) => run.run("hangs", () => new Promise(() => {})));
  const closes = { close: () => new Promise(() => {}) };
  const longhaul = open({ url: newUrl(), functions: [hangs], workers: [closes] });
  await longhaul.start();
  await longhaul.trigger(hangs);
  await longhaul.close({ timeoutMs: 20 });
  expect((await longhaul.health()).state).toBe("closed");
});

test("cancel and signal", async () => {
  const waits = define("waits", (run) =>
    run.waitForSignal("go", { signal: "go", timeoutMs: 60_000, onConflict: "fail" }),
  );
  const longhaul = open({ url: newUrl(), functions: [waits] });
  await longhaul.start();
  const first = await longhaul.trigger(waits);
  await vi.waitFor(async () => expect(await longhaul.signal("go", { n: 1 })).toBe(first));
  const second = await longhaul.trigger(waits);
  expect(await longhaul.cancel(second, "no longer wanted")).toBe(true);
  await vi.waitFor(async () =>
    expect((await longhaul.getRun(first))!.output).toBe('{"signal":"go","data":{"n":1}}'),
  );
});

test("workers are made with the store's URL, set going, and closed", async () => {
  const url = newUrl();
  const log: string[] = [];
  const started = { start: () => log.push("start"), close: () => log.push("close started") };
  const idle = {
    run: () => {
      log.push("run");
      return Promise.reject(new Error("the worker broke"));
    },
    isRunning: () => false,
    close: () => log.push("close idle"),
  };
  const running = { run: () => log.push("again"), isRunning: () => true, close: () => {} };
  const errors: unknown[] = [];
  const longhaul = open({
    url,
    onError: (error) => errors.push(error),
    workers: [
      started,
      async ({ connection }) => {
        log.push(connection);
        return idle;
      },
      running,
      { close: () => Promise.reject(new Error("does not close")) },
    ],
  });
  expect(log).toEqual([]);
  await longhaul.start();
  expect(log).toEqual(["start", url, "run"]);
  await vi.waitFor(() => expect(errors).toMatchObject([{ message: "the worker broke" }]));
  expect(await longhaul.health()).toMatchObject({
    workers: 4,
    lastError: { message: "the worker broke" },
  });
  await longhaul.close();
  expect(log.slice(3)).toEqual(["close started", "close idle"]);
  expect(errors).toMatchObject([{}, { message: "does not close" }]);
});

test("a worker that cannot be made closes what was opened before", async () => {
  const close = vi.fn<() => void>();
  const broken = () => {
    throw new Error("no such queue");
  };
  const longhaul = open({ url: ":memory:", workers: [{ close }, broken] });
  await expect(longhaul.start()).rejects.toThrow("no such queue");
  expect(close).toHaveBeenCalledOnce();
  expect((await longhaul.health()).state).toBe("closed");
});

test("refuses what it cannot host", async () => {
  const at = (options: object) => () => createLonghaul({ url: ":memory:", ...options });
  expect(at({ functions: [{ some: "thing" }] })).toThrow(/an object with some/);
  expect(at({ functions: ["name"] })).toThrow(/is none: name/);
  expect(at({ functions: [double, { ...double }] })).toThrow("Two functions have the id double");
  expect(at({ workers: [null] })).toThrow(expect.objectContaining({ code: "RUNTIME_BAD_WORKER" }));
  expect(at({ url: "redis://localhost" })).toThrow(
    expect.objectContaining({ code: "STORE_BAD_URL" }),
  );
  const longhaul = open({ url: ":memory:", workers: [(() => ({})) as never] });
  await expect(longhaul.start()).rejects.toMatchObject({ code: "RUNTIME_BAD_WORKER" });
  const other = open({ url: ":memory:", functions: [double] });
  expect(() => other.trigger(define("stranger", async () => {}))).toThrow(/that was given/);
});

test("an idiom's function attaches itself, and is detached at the end", async () => {
  const detach = vi.fn<() => void>();
  let host: RunHost | undefined;
  const source = {
    [attach](given: RunHost) {
      host = given;
      given.register([double, define("double-failure", async () => {})]);
      return detach;
    },
  };
  const longhaul = open({ url: newUrl(), functions: [source] });
  await longhaul.start();
  expect((await longhaul.health()).functions).toEqual(["double", "double-failure"]);
  expect(await longhaul.invoke(source, { data: { n: 3 } })).toBe(6);
  expect(await host!.send([{ name: "other" }])).toHaveLength(1);
  expect(host!.now()).toBeGreaterThan(0);
  await longhaul.close();
  expect(detach).toHaveBeenCalledOnce();
});

test("failures in the background go to stderr unless somebody takes them", async () => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => print.mockRestore());
  const longhaul = open({
    url: ":memory:",
    workers: [{ close: () => Promise.reject(new Error("no")) }],
  });
  await longhaul.start();
  await longhaul.close();
  expect(print).toHaveBeenCalledExactlyOnceWith(
    "longhaul:",
    expect.objectContaining({ message: "no" }),
  );
});
