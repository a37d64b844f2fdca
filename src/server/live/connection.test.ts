import { expect, onTestFinished, test } from "vitest";
import { openServer, type ServerKit } from "../../../test/server/kit.ts";
import { define } from "../../../test/support/engine-kit.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import {
  type EventBatch,
  readEventStream,
  type ServerSentEvent,
} from "../../client/live/event-stream.ts";
import { QueueEngine } from "../../queue/engine.ts";
import { StoreWatch } from "../../runs/store/sqlite/watch.ts";
import { partsOf } from "../../runtime/parts.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { ServerOptions } from "../create-server.ts";
import { createPublicToken } from "../index.ts";

interface Message {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A stream that is read when it is asked for its next message. */
class Stream {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #batches: AsyncIterator<EventBatch, void>;
  #events: ServerSentEvent[] = [];

  constructor(response: Response) {
    this.#body = response.body!;
    this.#batches = readEventStream(this.#body);
  }

  /** Undefined at the end. */
  async next(): Promise<Message | undefined> {
    while (this.#events.length === 0) {
      const { done, value } = await this.#batches.next();
      if (done) return undefined;
      this.#events = [...value.events];
    }
    const { event, data } = this.#events.shift()!;
    return { event, data: JSON.parse(data) as Message["data"] };
  }

  async until(fits: (message: Message) => boolean): Promise<Message[]> {
    const all: Message[] = [];
    for (;;) {
      const message = await this.next();
      if (message === undefined) throw new Error(`it ended after ${JSON.stringify(all)}`);
      all.push(message);
      if (fits(message)) return all;
    }
  }

  async close(): Promise<void> {
    // A generator that was never asked has nothing to clean up.
    const isRead = this.#body.locked;
    await (isRead ? this.#batches.return?.() : this.#body.cancel());
  }
}

/** A server in memory whose clock stands still, and a queue there. */
function serve(options: ServerOptions = {}) {
  const clock = new VirtualClock();
  const kit = openServer(options, { clock });
  const queue = new Queue("mail", { connection: ":memory:" });
  onTestFinished(() => queue.close());
  const open = async (topics: string, as = "the-admin", query = ""): Promise<Stream> =>
    new Stream(await kit.call(`/stream?topics=${topics}${query}`, { as }));
  return { ...kit, clock, queue, open };
}

const isSnapshot = ({ event }: Message): boolean => event === "snapshot";
const progressOf = ({ data }: Message): unknown => data["progress"];

async function codeOf(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  return [response.status, ((await response.json()) as { code: string }).code];
}

test("progress is told at most once in the throttle, and what follows it comes after it", async () => {
  const { clock, queue, open } = serve();
  const worker = new Worker("mail", null, { connection: ":memory:", autorun: false });
  onTestFinished(() => worker.close());
  await queue.add("job", {});
  const job = await worker.getNextJob("token");
  const [all, throttled] = [
    await open("job:mail:1", undefined, "&throttleMs=0"),
    await open("job:mail:1"),
  ];
  for (const stream of [all, throttled]) await stream.until(isSnapshot);
  for (let n = 1; n <= 5; n++) await job.updateProgress(n);
  expect((await all.until(({ data }) => data["progress"] === 5)).map(progressOf)).toContain(5);
  expect(progressOf((await throttled.next())!)).not.toBe(5);
  const next = throttled.next();
  await clock.advance(100);
  expect(progressOf((await next)!)).toBe(5);
  await job.updateProgress(6);
  await job.updateProgress(7);
  await job.moveToCompleted("sent", "token", false);
  const last = await throttled.until(({ data }) => data["state"] === "completed");
  expect(last.map(({ event }) => event)).toEqual(["job.progress", "job.state"]);
  expect(progressOf(last[0]!)).toBe(7);
});

test("who reads too slowly misses no event, and begins anew only where nothing is kept", async () => {
  const { queue, open, clock } = serve();
  const job = await queue.add("job", {});
  const stream = await open("queue:mail,function:long", undefined, "&throttleMs=0");
  const start = [await stream.next(), await stream.next()];
  expect(start.map((message) => message!.event)).toEqual(["snapshot", "snapshot"]);
  const text = "x".repeat(10_000);
  const count = 300;
  // Three megabytes that nobody reads.
  for (let n = 0; n < count; n++) await job.updateProgress({ n, text });
  await clock.advance(1_000);
  const numbers: unknown[] = [];
  const other: string[] = [];
  while (numbers.length < count) {
    const { event, data } = (await stream.next())!;
    if (event !== "queue.events") other.push(`${event} ${String(data["topic"])}`);
    for (const { data: progress } of (data["events"] ?? []) as { data: { n: number } }[])
      numbers.push(progress.n);
  }
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index));
  expect(other).toContain("reset function:long");
  expect(other).not.toContain("reset queue:mail");
});

test("silent connections are kept alive, and told where they stand", async () => {
  const { clock, queue, call } = serve();
  const response = await call("/stream?topics=job:mail:1");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (pattern: RegExp): Promise<string> => {
    for (let text = ""; ; text += (await reader.read()).value ?? "")
      if (pattern.test(text)) return text;
  };
  expect(await read(/snapshot[^]*\n\n$/)).toMatch(/^retry: \d+\n\n/);
  // Another job: nothing is said about it, but one need not look there again.
  await queue.add("job", {}, { jobId: "other" });
  const first = read(/^:\nid: .*\n\n$/);
  await clock.advance(15_000);
  expect(await first).toMatch(/^:\nid: \S+\n\n$/);
  await reader.cancel();
});

test("a token that expires ends its connection", async () => {
  const { clock, longhaul, open } = serve();
  const token = await createPublicToken(longhaul, {
    scopes: ["read:job:mail:1"],
    expiresInMs: 60_000,
  });
  const stream = await open("job:mail:1", token);
  await stream.until(isSnapshot);
  await clock.advance(60_000);
  expect(await stream.next()).toEqual({ event: "end", data: { reason: "expired" } });
  expect(await stream.next()).toBeUndefined();
});

test("a stream ends soon after its API token is revoked", async () => {
  const { call, clock, open } = serve();
  const made = await call("/tokens", { method: "POST", body: { name: "ci", role: "viewer" } });
  const { id, secret } = (await made.json()) as { id: string; secret: string };
  const stream = await open("job:mail:1", secret);
  const other = await open("job:mail:1");
  await stream.until(isSnapshot);
  await other.until(isSnapshot);
  expect((await call(`/tokens/${id}/revoke`, { method: "POST" })).status).toBe(200);
  await clock.advance(15_000);
  expect(await stream.next()).toEqual({ event: "end", data: { reason: "expired" } });
  expect(await stream.next()).toBeUndefined();
  await other.close();
});

test("a server that closes says so and ends its connections", async () => {
  const { server, open, call } = serve();
  const streams = [await open("job:mail:1"), await open("stats")];
  for (const stream of streams) await stream.until(isSnapshot);
  await server.close();
  for (const stream of streams) {
    expect(await stream.next()).toEqual({ event: "end", data: { reason: "closing" } });
    expect(await stream.next()).toBeUndefined();
  }
  expect(await codeOf(call("/stream?topics=stats"))).toEqual([503, "SERVER_CLOSING"]);
});

test("who has gone leaves nothing behind", async () => {
  const { clock, longhaul, open } = serve({ live: { maxConnections: 1 } });
  const { store } = partsOf(longhaul);
  const timers = clock.pendingTimers;
  const topics = "job:mail:1,queue:mail,run:x,stream:x:y,function:f,tag:t,batch:b,stats";
  for (let round = 0; round < 3; round++) {
    const stream = await open(topics);
    for (let snapshots = 0; snapshots < 8; snapshots++) await stream.until(isSnapshot);
    expect(StoreWatch.of(store).tx.watched).toBeDefined();
    await stream.close();
    expect(clock.pendingTimers).toBe(timers);
    expect(QueueEngine.of(store).waiters.isIdle).toBe(true);
    expect(StoreWatch.of(store).tx.watched).toBeUndefined();
  }
});

test("there are only so many connections, of all and of one", async () => {
  const { call, open } = serve({ live: { maxConnections: 3, maxConnectionsPerPrincipal: 2 } });
  const streams = [await open("stats"), await open("stats")];
  const path = "/stream?topics=stats";
  // Whoever only asks for the headers is not counted.
  expect((await call(path, { method: "HEAD" })).headers.get("content-type")).toBe(
    "text/event-stream",
  );
  expect(await codeOf(call(path))).toEqual([429, "LIVE_TOO_MANY_CONNECTIONS"]);
  await open("stats", "the-viewer");
  expect(await codeOf(call(path, { as: "the-operator" }))).toEqual([503, "LIVE_TOO_MANY_CLIENTS"]);
  await streams[0]!.close();
  expect((await call(path)).status).toBe(200);
});

test("topics are for those who may see them", async () => {
  const work = define("work", async () => 1);
  const { call, longhaul }: ServerKit = openServer({}, { functions: [work] });
  const call2 = { functionId: "work", details: { tags: ["red"] } };
  const [{ runId } = { runId: "" }] = await partsOf(longhaul).engine.startRuns([call2]);
  const status = async (topics: string, scopes?: string[]): Promise<number> => {
    const as = scopes ? await createPublicToken(longhaul, { scopes }) : null;
    const { status, body } = await call(`/stream?topics=${topics}`, { as });
    await body?.cancel();
    return status;
  };
  expect(await status("stats")).toBe(401);
  for (const [topic, scope] of [
    ["job:mail:1", "read:job:mail:1"],
    ["job:mail:1", "read:queue:mail"],
    ["counts:mail", "read:queue:mail"],
    [`run:${runId}`, `read:run:${runId}`],
    [`run:${runId}`, "read:tag:red"],
    [`stream:${runId}:text`, "read:function:work"],
    ["tag:red", "read:tag:red"],
    ["task:work", "read:function:work"],
    ["batch:b", "read:batch:b"],
  ] as const) {
    expect(await status(topic, [scope])).toBe(200);
    expect(await status(topic, [`${scope}x`])).toBe(403);
    // One that it may see opens no door to another.
    expect(await status(`${topic},run:other`, [scope])).toBe(403);
  }
  expect(await status("stats", ["read:queue:mail"])).toBe(403);
  expect(await codeOf(call("/stream?topics=job:mail"))).toEqual([400, "LIVE_BAD_TOPIC"]);
  const many = Array.from({ length: 101 }, (_, index) => `run:${index}`);
  expect(await codeOf(call(`/stream?topics=${many.join(",")}`))).toEqual([
    ...[400, "LIVE_TOO_MANY_TOPICS"],
  ]);
});
