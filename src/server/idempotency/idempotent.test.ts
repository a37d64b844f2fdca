import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openRouter } from "../../../test/server/one-route.ts";
import type { Call } from "../../../test/server/kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { LonghaulError } from "../../core/errors.ts";
import type { Route, RouteInput } from "../route.ts";

type Input = RouteInput<unknown, unknown, unknown>;

/** A route that counts how often it was called. */
function openCounter(one: Partial<Route> = {}) {
  const clock = new VirtualClock();
  const keys: (string | undefined)[] = [];
  const handler = async ({ idempotencyKey }: Input) => {
    keys.push(idempotencyKey);
    await Promise.resolve();
    return { count: keys.length };
  };
  const { fetch, errors } = openRouter(
    { ...{ method: "POST", role: "viewer", status: 201, body: z.unknown(), handler }, ...one },
    { clock },
  );
  const send = (key: string | undefined, call: Call = {}, url?: string) =>
    fetch(
      {
        body: { a: 1 },
        ...call,
        headers: { ...(key !== undefined && { "idempotency-key": key }) },
      },
      url,
    );
  return { clock, keys, send, errors };
}

const codeOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { code: string }).code;

test("a request that is repeated is done once, and answered alike", async () => {
  const { send, keys } = openCounter();
  const first = await send("key-1");
  expect([first.status, await first.json()]).toEqual([201, { count: 1 }]);
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  const again = await send('"key-1"');
  expect([again.status, await again.json()]).toEqual([201, { count: 1 }]);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.headers.get("content-type")).toBe("application/json");
  expect(keys).toHaveLength(1);
  await send("key-2");
  await send(undefined);
  expect(keys).toEqual([expect.stringMatching(/^idem_.{32}$/), expect.any(String), undefined]);
});

test("a key belongs to who sends it, and to one request", async () => {
  const { send, keys } = openCounter();
  await send("key");
  expect((await send("key", { as: "the-viewer" })).status).toBe(201);
  expect(keys[0]).not.toBe(keys[1]);
  const otherBody = await send("key", { body: { a: 2 } });
  expect([otherBody.status, await codeOf(otherBody)]).toEqual([422, "SERVER_IDEMPOTENCY_REUSED"]);
  expect((await send("key", {}, "http://localhost/things/2")).status).toBe(422);
  expect(keys).toHaveLength(2);
});

test("while the first is being answered, another is told to come back", async () => {
  const gate = new Gate();
  const { send, clock } = openCounter({
    handler: async () => {
      await gate.pass();
      return { done: true };
    },
  });
  const first = send("key");
  await gate.reached;
  // As long as it takes: its lease is renewed.
  await clock.advance(60_000);
  const second = await send("key");
  expect([second.status, await codeOf(second)]).toEqual([409, "SERVER_IDEMPOTENCY_BUSY"]);
  expect(second.headers.get("retry-after")).toBe("1");
  gate.open();
  expect((await first).status).toBe(201);
  expect((await send("key")).headers.get("idempotency-replayed")).toBe("true");
  expect(clock.nextDue).toBeGreaterThan(clock.now() + 10_000);
});

test("what failed may be sent again", async () => {
  let calls = 0;
  const { send } = openCounter({
    handler: () => {
      if (++calls === 1) throw new LonghaulError("STORE_BUSY_TIMEOUT");
      if (calls === 2) return Response.json({}, { status: 409 });
      return { calls };
    },
  });
  expect((await send("key")).status).toBe(503);
  expect((await send("key")).status).toBe(409);
  expect(await (await send("key")).json()).toEqual({ calls: 3 });
  expect(await (await send("key")).json()).toEqual({ calls: 3 });
});

test("a request that was refused before it was done used no key up", async () => {
  const { send, keys } = openCounter({ body: z.strictObject({ a: z.literal(1) }) });
  expect((await send("key", { body: { a: 2 } })).status).toBe(422);
  expect((await send("key")).status).toBe(201);
  expect(keys).toHaveLength(1);
});

test("after 24 hours a key is forgotten", async () => {
  const { send, keys, clock } = openCounter();
  await send("key");
  await clock.advance(24 * 3_600_000 - 1);
  await send("key");
  expect(keys).toHaveLength(1);
  await clock.advance(1);
  await send("key");
  expect(keys).toHaveLength(2);
});

describe("an answer", () => {
  test("that holds a secret is not kept", async () => {
    const { send, keys } = openCounter({ isSecret: true });
    expect((await send("key")).status).toBe(201);
    const again = await send("key");
    expect([again.status, await codeOf(again)]).toEqual([409, "SERVER_IDEMPOTENCY_SPENT"]);
    expect(keys).toHaveLength(1);
  });

  test("without a body is given again as it was", async () => {
    const { send } = openCounter({ status: 204 });
    await send("key");
    const again = await send("key");
    expect([again.status, again.body]).toEqual([204, null]);
  });
});

test.each(["", " ", "a b", "ü", "x".repeat(256)])("%j is no key", async (key) => {
  const { send, keys } = openCounter();
  const answer = await send(key);
  expect([answer.status, await codeOf(answer)]).toEqual([400, "SERVER_IDEMPOTENCY_BAD_KEY"]);
  expect(keys).toEqual([]);
});

test("other methods are repeated as they are", async () => {
  const { send, keys } = openCounter({ method: "PUT" } as Partial<Route>);
  await send("key");
  await send("key");
  expect(keys).toEqual([undefined, undefined]);
});
