import { expect, onTestFinished, test, vi } from "vitest";
import { act, connectFetch, renderHook } from "../../test/support/react-kit.ts";
import { Queue } from "../bullmq/index.ts";
import { Inngest } from "../inngest/index.ts";
import { createLonghaul, type Longhaul } from "../runtime/longhaul.ts";
import { partsOf } from "../runtime/parts.ts";
import { createServer } from "../server/index.ts";
import {
  useEvents,
  useJob,
  useQueueStats,
  useRun,
  useRuns,
  useStream,
  useTask,
  useTrigger,
} from "./index.ts";

/** A server with functions that double, fail, and wait. `scopes`: what everybody may; none: everything. */
async function openServer(scopes?: readonly string[]): Promise<Longhaul> {
  const silent = (): void => {};
  const logger = { info: silent, warn: silent, error: silent, debug: silent };
  const inngest = new Inngest({ id: "shop", logger });
  const double = inngest.createFunction(
    { id: "double", triggers: [] },
    async ({ event, step }) =>
      await step.run("multiply", () => ({ value: (event.data as { value: number }).value * 2 })),
  );
  const fail = inngest.createFunction({ id: "fail", triggers: [], retries: 0 }, () => {
    throw new Error("out of paper");
  });
  const wait = inngest.createFunction({ id: "wait", triggers: [] }, ({ step }) =>
    step.sleep("a while", "1h"),
  );
  const longhaul = createLonghaul({ url: ":memory:", functions: [double, fail, wait] });
  await longhaul.start();
  const server = createServer(longhaul, {
    auth: {
      authorize: () => (scopes ? { name: "guest", scopes } : { name: "ada", role: "admin" }),
    },
  });
  connectFetch(server);
  onTestFinished(async () => {
    await server.close();
    await longhaul.close();
  });
  return longhaul;
}

test("useTask starts a function, follows it, and tells its end once", async () => {
  await openServer();
  const [onComplete, onError] = [
    vi.fn<(value: unknown) => void>(),
    vi.fn<(error: Error) => void>(),
  ];
  const hook = await renderHook(() => useTask({ onComplete, onError }));
  expect(hook.current).toMatchObject({ status: "idle", progress: undefined, result: undefined });
  await act(() => hook.current.startTask("shop-double", { value: 21 }));
  const { result, error } = await hook.until(({ status }) => status === "completed");
  expect(result).toEqual({ value: 42 });
  expect(error).toBeUndefined();
  expect(onComplete.mock.calls).toEqual([[{ value: 42 }]]);
  expect(onError).not.toHaveBeenCalled();

  await act(async () => hook.current.reset());
  expect(hook.current.status).toBe("idle");
});

test("useTask tells why a task failed, and why another could not be started", async () => {
  await openServer();
  const onError = vi.fn<(error: Error) => void>();
  const hook = await renderHook(() => useTask({ onError }));
  await act(() => hook.current.startTask("shop-fail"));
  const { error } = await hook.until(({ status }) => status === "failed");
  expect(error?.message).toBe("out of paper");
  expect(onError).toHaveBeenCalledTimes(1);

  await act(async () => expect(await hook.current.startTask("nowhere")).toBeUndefined());
  expect(hook.current).toMatchObject({ status: "failed", error: { code: "SERVER_UNKNOWN_TASK" } });
  expect(onError).toHaveBeenCalledTimes(2);
});

test("useTask follows with the token of its task where its own scopes do not reach", async () => {
  await openServer(["trigger:task:shop-double"]);
  const hook = await renderHook(() => useTask());
  await act(() => hook.current.startTask("shop-double", { value: 1 }));
  expect((await hook.until(({ status }) => status === "completed")).result).toEqual({ value: 2 });
  await act(() => hook.current.startTask("shop-fail"));
  expect(hook.current.error).toMatchObject({ code: "SERVER_FORBIDDEN" });
});

test("a topic that is refused disturbs no other", async () => {
  const longhaul = await openServer(["read:queue:mine"]);
  const queue = new Queue("mine", { connection: partsOf(longhaul).connection });
  onTestFinished(() => queue.close());
  await queue.add("job", {});
  const hook = await renderHook(() => ({
    mine: useQueueStats("mine"),
    theirs: useQueueStats("theirs"),
  }));
  const { mine, theirs } = await hook.until(
    ({ mine, theirs }) => mine.status === "success" && theirs.status === "error",
  );
  expect(mine.data).toMatchObject({ waiting: 1 });
  expect(theirs.error).toMatchObject({ code: "SERVER_FORBIDDEN", status: 403 });
});

test("useTrigger and useRun show a run with its steps, and useRuns finds it", async () => {
  await openServer();
  const onComplete = vi.fn<() => void>();
  const hook = await renderHook(() => ({
    one: useTrigger<{ value: number }, { value: number }>("shop-double", { onComplete }),
    all: useRuns({ functionId: "shop-double" }),
  }));
  await hook.until(({ all }) => all.status === "success");
  expect(hook.current.all.data).toEqual([]);
  let runId = "";
  await act(async () => {
    runId = await hook.current.one.trigger({ value: 4 });
  });
  const { one } = await hook.until(
    ({ one, all }) => one.data?.state === "completed" && all.data?.[0]?.state === "completed",
  );
  expect(one.data).toMatchObject({ id: runId, output: { value: 8 } });
  expect(one.data?.steps).toMatchObject([{ key: "multiply", state: "done" }]);
  expect(onComplete).toHaveBeenCalledTimes(1);
  expect(hook.current.all.data).toHaveLength(1);
});

test("a run that is not there is an error, and following may wait for an id", async () => {
  await openServer();
  const hook = await renderHook(() => ({ none: useRun(undefined), gone: useRun("run_nowhere") }));
  const { none, gone } = await hook.until(({ gone }) => gone.status !== "pending");
  expect(gone.error).toMatchObject({ code: "SERVER_NOT_FOUND" });
  expect(none).toMatchObject({ status: "pending", data: undefined, connection: "idle" });
});

test("useJob, useQueueStats and useEvents follow a queue", async () => {
  const longhaul = await openServer();
  const queue = new Queue("mail", { connection: partsOf(longhaul).connection });
  onTestFinished(() => queue.close());
  const job = await queue.add("letter", { to: "ada" });
  const onEvent = vi.fn<() => void>();
  const hook = await renderHook(() => ({
    job: useJob("mail", job.id),
    stats: useQueueStats("mail"),
    events: useEvents("mail", { onEvent }),
  }));
  await hook.until(
    ({ job, stats, events }) =>
      job.data !== undefined && stats.data !== undefined && events.status === "success",
  );
  expect(hook.current.job.data).toMatchObject({ name: "letter", state: "waiting" });
  expect(onEvent).not.toHaveBeenCalled();

  await act(() => job.updateProgress({ percentage: 30 }));
  await act(() => queue.add("letter", { to: "bob" }));
  await hook.until(({ job, stats }) => job.data?.progress !== 0 && stats.data?.waiting === 2);
  expect(hook.current.job.data?.progress).toEqual({ percentage: 30 });
  await hook.until(({ events }) => events.data!.length >= 3);
  expect(hook.current.events.data).toMatchObject([
    { event: "progress", queue: "mail", jobId: job.id, data: { percentage: 30 } },
    { event: "added" },
    { event: "waiting" },
  ]);
  expect(onEvent).toHaveBeenCalledTimes(3);

  await act(() => job.remove());
  await hook.until(({ job }) => job.data?.state === "removed");
});

test("useStream hands out each chunk once, in order, until the stream is closed", async () => {
  const longhaul = await openServer();
  const { streams } = partsOf(longhaul).runs.stores;
  const runId = await longhaul.trigger("shop-wait");
  const place = { now: Date.now(), runId, stream: "words" };
  const [onData, words] = [
    vi.fn<(word: string) => void>(),
    Array.from({ length: 50 }, (_, index) => `word ${index}`),
  ];
  const append = (some: readonly string[]): Promise<unknown> =>
    streams.append({ ...place, chunks: some.map((word) => JSON.stringify(word)) });
  await append(words.slice(0, 10));
  const hook = await renderHook(() => useStream<string>(runId, "words", { onData }));
  await hook.until(({ data }) => data?.length === 10);
  for (let from = 10; from < 50; from += 8) await append(words.slice(from, from + 8));
  await streams.close(place);
  await hook.until(({ data, connection }) => data?.length === 50 && connection === "idle");
  expect(hook.current.data).toEqual(words);
  expect(onData.mock.calls.flat()).toEqual(words);
});
