import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLive, type LiveClient, type LiveOptions } from "./live-client.ts";

/** One request of the client, and the answer that the test gives. */
interface Request {
  readonly headers: Record<string, string>;
  readonly body: { readonly topics: string[]; readonly tokens: string[] };
  readonly signal: AbortSignal;
  /** Answers with a stream. */
  open(): Stream;
  refuse(status: number, code?: string): void;
  fail(): void;
}

interface Stream {
  send(event: string, data: object, id: string): void;
  end(): void;
}

let requests: Request[];
let waiting: ((request: Request) => void)[];
let live: LiveClient | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  [requests, waiting] = [[], []];
});

afterEach(async () => {
  live?.close();
  await settle();
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error(`${left} timers are left`);
});

const fetch: typeof globalThis.fetch = (_, init) =>
  new Promise((resolve, reject) => {
    const { headers, body, signal } = init as RequestInit & { signal: AbortSignal };
    signal.addEventListener("abort", () => reject(signal.reason as Error));
    const request: Request = {
      headers: headers as Record<string, string>,
      body: JSON.parse(body as string) as Request["body"],
      signal,
      open: () => {
        let controller!: ReadableStreamDefaultController<Uint8Array>;
        resolve(new Response(new ReadableStream({ start: (given) => void (controller = given) })));
        signal.addEventListener("abort", () => controller.error(signal.reason));
        return {
          send: (event, data, id) =>
            controller.enqueue(
              new TextEncoder().encode(
                `event: ${event}\ndata: ${JSON.stringify(data)}\nid: ${id}\n\n`,
              ),
            ),
          end: () => controller.close(),
        };
      },
      refuse: (status, code) => resolve(Response.json({ code, detail: "no" }, { status })),
      fail: () => reject(new TypeError("fetch failed")),
    };
    const next = waiting.shift();
    if (next) next(request);
    else requests.push(request);
  });

/** The next request, which is made within this time. */
async function nextRequest(withinMs: number): Promise<Request> {
  const made = requests.shift();
  if (made) return made;
  const request = new Promise<Request>((resolve) => waiting.push(resolve));
  await vi.advanceTimersByTimeAsync(withinMs);
  expect(waiting).toHaveLength(0);
  return request;
}

const open = (options: LiveOptions = {}): LiveClient => (live = createLive({ ...options, fetch }));

const noop = (): void => {};
/** Lets what was sent be read. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test("topics that are followed together are asked for together, and come again after a break where they stood", async () => {
  const live = open({ token: "lh_1" });
  live.subscribe("job:a:1", noop);
  live.subscribe("counts:a", noop, "lh_pt_2");
  const first = await nextRequest(10);
  expect(first.headers["authorization"]).toBe("Bearer lh_1");
  expect(first.body).toEqual({
    topics: ["job:a:1", "counts:a"],
    tokens: ["lh_pt_2"],
    isPartial: true,
  });
  expect(first.headers["last-event-id"]).toBeUndefined();
  const stream = first.open();
  stream.send("snapshot", { topic: "job:a:1", job: { id: "1", progress: 0 } }, "p1");
  stream.send("snapshot", { topic: "counts:a", counts: { waiting: 1 } }, "p2");
  stream.send("job.progress", { topic: "job:a:1", progress: 5 }, "p3");
  await settle();
  expect(live.connection.status).toBe("open");
  expect(live.get("job:a:1").job).toEqual({ id: "1", progress: 5 });

  stream.end();
  await settle();
  expect(live.connection.status).toBe("connecting");
  const second = await nextRequest(500);
  expect(second.headers["last-event-id"]).toBe("p3");
  second.open().send("job.progress", { topic: "job:a:1", progress: 9 }, "p4");
  await settle();
  expect(live.get("job:a:1").job).toEqual({ id: "1", progress: 9 });
});

test("a topic that never had its snapshot begins anew, with all others", async () => {
  const live = open();
  live.subscribe("job:a:1", noop);
  live.subscribe("job:a:2", noop);
  const stream = (await nextRequest(10)).open();
  stream.send("snapshot", { topic: "job:a:1", job: null }, "p1");
  stream.end();
  await settle();
  const again = await nextRequest(500);
  expect(again.headers["last-event-id"]).toBeUndefined();
});

test("tries again and again, ever later, for as long as nobody answers", async () => {
  const live = open();
  live.subscribe("stats", noop);
  (await nextRequest(10)).fail();
  for (const longestMs of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    await settle();
    await vi.advanceTimersByTimeAsync(longestMs / 2 - 1);
    expect(requests).toHaveLength(0);
    (await nextRequest(longestMs / 2 + 1)).fail();
  }
  await settle();
  expect(live.connection.status).toBe("connecting");
});

test("a stream that says nothing for 40 s is dead", async () => {
  const live = open();
  live.subscribe("stats", noop);
  const first = await nextRequest(10);
  first.open();
  await vi.advanceTimersByTimeAsync(39_000);
  expect(first.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(first.signal.aborted).toBe(true);
  (await nextRequest(500)).open();
});

test("a token that is no longer taken is asked for again", async () => {
  const tokens = ["old", "new"];
  const live = open({ token: () => tokens.shift() });
  live.subscribe("stats", noop);
  const first = await nextRequest(10);
  expect(first.headers["authorization"]).toBe("Bearer old");
  first.refuse(401);
  await settle();
  expect((await nextRequest(500)).headers["authorization"]).toBe("Bearer new");
});

test("a refusal is final until something else is asked for", async () => {
  const live = open({ token: "lh_1" });
  live.subscribe("job:a:1", noop);
  (await nextRequest(10)).refuse(403, "SERVER_FORBIDDEN");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(requests).toHaveLength(0);
  expect(live.connection).toMatchObject({
    status: "closed",
    problem: { status: 403, code: "SERVER_FORBIDDEN" },
  });
  live.subscribe("job:a:2", noop);
  expect((await nextRequest(10)).body.topics).toEqual(["job:a:1", "job:a:2"]);
});

test("what is no longer followed is let go a little later, so that who comes next finds it", async () => {
  const live = open();
  const stop = live.subscribe("job:a:1", noop);
  const request = await nextRequest(10);
  request.open().send("snapshot", { topic: "job:a:1", job: { id: "1" } }, "p1");
  await settle();
  stop();
  await vi.advanceTimersByTimeAsync(1_000);
  const stopAgain = live.subscribe("job:a:1", noop);
  expect(live.get("job:a:1").isKnown).toBe(true);
  expect(request.signal.aborted).toBe(false);
  stopAgain();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(request.signal.aborted).toBe(true);
  expect(live.connection.status).toBe("idle");
});
