import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FunctionDefinition, Trigger } from "./definition.ts";
import {
  conditionOf,
  equalityText,
  fitsEqualities,
  matchesWait,
  planWait,
  TriggerIndex,
  type WaitRequest,
} from "./matching.ts";
import type { RunEvent } from "./types.ts";

const now = Date.UTC(2026, 0, 15, 12);
const until = now + 60_000;
const eventOf = (name: string, data: unknown, more: Partial<RunEvent> = {}): RunEvent => ({
  id: "evt_1",
  name,
  data,
  ts: now,
  ...more,
});
const functionOf = (id: string, ...triggers: Trigger[]): FunctionDefinition => ({
  id,
  triggers,
  retries: 4,
  backoff: () => 1000,
  handler: () => Promise.resolve(),
});

describe("the functions that an event starts", () => {
  const index = new TriggerIndex([
    functionOf("exact", { event: "shop/order.placed" }),
    functionOf("wild", { event: "shop/*" }),
    functionOf("dotted", { event: "shop/order.*" }),
    functionOf("conditional", { event: "shop/order.placed", if: "event.data.total > 100" }),
    functionOf(
      "several",
      { cron: "0 0 * * *" },
      { event: "shop/order.placed", if: "event.data.total > 100" },
      { event: "shop/order.placed", if: "event.data.vip" },
      { event: "shop/*" },
    ),
    functionOf("other", { event: "crm/user.created" }),
    functionOf("scheduled", { cron: "0 0 * * *" }),
  ]);
  const started = (event: RunEvent) => index.match(event, now).map(({ id }) => id);

  it("are those whose name or pattern fits and whose condition holds, once each", () => {
    expect(started(eventOf("shop/order.placed", { total: 250, vip: true }))).toEqual([
      ...["exact", "conditional", "several", "wild", "dotted"],
    ]);
    expect(started(eventOf("shop/order.placed", { total: 50 }))).toEqual([
      ...["exact", "wild", "several", "dotted"],
    ]);
    expect(started(eventOf("shop/cart", {}))).toEqual(["wild", "several"]);
  });

  it("are none for a name that nobody knows", () => {
    expect(started(eventOf("unknown", {}))).toEqual([]);
    expect(started(eventOf("shop/", {}))).toEqual([]);
  });
});

describe("a wait", () => {
  const original = eventOf("shop/order.placed", {
    orderId: "o-17",
    count: 3,
    nested: { key: true },
    list: [1],
    long: "x".repeat(300),
  });
  const plan = (request: Omit<WaitRequest, "event">) => {
    const { equals, expression } = planWait({ event: "paid", ...request }, original, until, now);
    return { equals, expression };
  };

  it("for any event of a name has no parts", () => {
    expect(planWait({ event: "paid" }, original, until, now)).toEqual({
      event: "paid",
      equals: [],
      until,
    });
    expect(plan({ if: "", match: "" })).toEqual({ equals: [], expression: undefined });
  });

  it("match is one equality part", () => {
    expect(plan({ match: "data.orderId" })).toEqual({
      equals: [{ path: "data.orderId", value: '"o-17"' }],
      expression: undefined,
    });
  });

  it.each<[string, [string, string][]]>([
    ["async.data.orderId == event.data.orderId", [["data.orderId", '"o-17"']]],
    ["event.data.orderId == async.data.orderId", [["data.orderId", '"o-17"']]],
    ["async.data['orderId'] == 'o-17'", [["data.orderId", '"o-17"']]],
    ["async.data.n == event.data.count", [["data.n", "3"]]],
    ["async.data.n == 3", [["data.n", "3"]]],
    ["async.data.n == 3.0", [["data.n", "3"]]],
    ["async.data.ok == event.data.nested.key", [["data.ok", "true"]]],
    ["async.data.first == event.data.list[0]", [["data.first", "1"]]],
    ["async.data.gone == event.data.missing", [["data.gone", "null"]]],
    ["async.data.gone == null", [["data.gone", "null"]]],
    ["async.name == 'paid'", [["name", '"paid"']]],
    ["async.data.key == 'order-' + event.data.orderId", [["data.key", '"order-o-17"']]],
    ["async.data.key == uppercase(event.data.orderId)", [["data.key", '"O-17"']]],
    [
      "(async.data.type == 'card' && async.data.id == event.data.orderId) && async.data.ok == true",
      [
        ["data.id", '"o-17"'],
        ["data.type", '"card"'],
        ["data.ok", "true"],
      ],
    ],
  ])("%s is all equality", (source, parts) => {
    expect(plan({ if: source })).toEqual({
      equals: parts.map(([path, value]) => ({ path, value })),
      expression: undefined,
    });
  });

  it.each<[string, number]>([
    ["async.data.total > 100", 0],
    ["async.data.orderId == event.data.orderId && async.data.total > 100", 1],
    ["async.data.orderId == event.data.orderId || async.data.all == true", 0],
    ["!(async.data.orderId == event.data.orderId)", 0],
    ["async.data.orderId != event.data.orderId", 0],
    ["async.data.ok", 0],
    ["async.data.a == async.data.b", 0],
    ["async.data.list == event.data.list", 0],
    ["async.data.long == event.data.long", 0],
    ["async == event", 0],
    ["async.data.at == now()", 0],
    ["async.data.key == (event.data.count > 1)", 0],
    ["async.data.key == has(event.data.count)", 0],
    ["async.data['a.b'] == 1", 0],
    ["async.data[''] == 1", 0],
    ["async.data.list[0] == 1", 0],
    ["async.data[event.data.orderId] == 1", 0],
    ["lowercase(async.data.name).x == 1", 0],
    ["event.data.count == 3", 0],
  ])("%s is not", (source, parts) => {
    const { equals, expression } = plan({ if: source });
    expect(equals).toHaveLength(parts);
    expect(expression).toBe(source);
  });

  it("match and if together must both hold", () => {
    expect(conditionOf({ event: "paid", match: "data.id", if: "async.data.a || true" })).toBe(
      "(event.data.id == async.data.id) && (async.data.a || true)",
    );
  });

  it("is refused if its condition is none", () => {
    expect(() => plan({ if: "async.data." })).toThrow("a wait");
    expect(() => plan({ match: "data-orderId and so on" })).toThrow("cannot be used");
  });

  it("what is left is decided on both events", () => {
    const expression = "async.data.total > event.data.count";
    const fits = (total: number) =>
      matchesWait({ expression, originalEvent: original }, eventOf("paid", { total }), now);
    expect([fits(4), fits(3)]).toEqual([true, false]);
  });
});

describe("the text for a path", () => {
  const event = eventOf(
    "paid",
    { n: 5, s: "x", no: false, list: ["a"], deep: { id: 1 } },
    { externalId: "mine" },
  );

  it.each([
    ["data.n", "5"],
    ["data.s", '"x"'],
    ["data.no", "false"],
    ["data.deep.id", "1"],
    ["data.missing", "null"],
    ["data.s.length", "null"],
    ["data.list.0", "null"],
    ["data.constructor", "null"],
    ["id", '"mine"'],
    ["name", '"paid"'],
    ["v", "null"],
    ["data.list", undefined],
    ["data.deep", undefined],
  ])("%s is %s", (path, text) => {
    expect(equalityText(event, path)).toBe(text);
  });
});

it("equality parts and the expression they come from always agree", () => {
  const scalar = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, true, false, 0, 1, "", "1", "a", -0, 1.5, 1e21),
    fc.jsonValue(),
    fc.constantFrom("y".repeat(256), "y".repeat(257)),
  );
  const record = fc.record({ a: scalar, b: scalar });
  const sources = [
    "async.data.a == event.data.a",
    "async.data.a == event.data.a && event.data.b == async.data.b",
    "async.data.a == 1 && async.data.b == event.data.a + event.data.b",
    "async.data.a == event.data.a && async.data.b > 0",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...sources), record, record, (source, mine, theirs) => {
      const original = eventOf("placed", mine);
      const awaited = eventOf("paid", theirs);
      const wait = planWait({ event: "paid", if: source }, original, until, now);
      const found =
        fitsEqualities(awaited, wait.equals) &&
        (wait.expression === undefined ||
          matchesWait({ expression: wait.expression, originalEvent: original }, awaited, now));
      expect(found).toBe(
        matchesWait({ expression: source, originalEvent: original }, awaited, now),
      );
    }),
    { numRuns: 1000 },
  );
});
