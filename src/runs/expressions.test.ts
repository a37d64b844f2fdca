import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isLonghaulError } from "../core/errors.ts";
import { compileExpression, evaluateExpression, eventView, holds } from "./expressions.ts";
import type { RunEvent } from "./types.ts";

const now = Date.UTC(2026, 0, 15, 12);
const eventOf = (data: unknown, more: Partial<RunEvent> = {}): RunEvent => ({
  id: "evt_1",
  name: "shop/order.placed",
  data,
  ts: now,
  ...more,
});
const data = {
  name: "Ada",
  empty: "",
  zero: 0,
  n: 2,
  float: 3.25,
  nothing: null,
  yes: true,
  no: false,
  list: ["a", "b", 3],
  obj: { name: "inngest", num: 1.5 },
  same: { name: "inngest", num: 1.5 },
  tags: [
    { id: "x", hot: true },
    { id: "y", hot: false },
  ],
  at: "2026-01-15T13:00:00Z",
  encoded: Buffer.from('{"nested":{"value":"yea"}}').toString("base64"),
};
const evaluate = (source: string, event = eventOf(data)) =>
  evaluateExpression(source, { event, now });

/** What each expression gives on the event above. */
function table(cases: readonly (readonly [source: string, value: unknown])[]): void {
  it.each(cases)("%s is %j", (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });
}

describe("values", () => {
  table([
    ["event.name", "shop/order.placed"],
    ["event.id", "evt_1"],
    ["event.ts", now],
    ["event.data.name", "Ada"],
    ['event.data["name"]', "Ada"],
    ["event.data.list[2]", 3],
    ["event.data.list[1 + 1]", 3],
    ["event.data.list[9]", false],
    ["event.data.list['0']", false],
    ["event.data[0]", false],
    ["event.data.list", ["a", "b", 3]],
    ["event.data.nothing", null],
    ["event.data.missing.deeper", false],
    ["event.v", false],
    ["[1, 'two', event.data.missing]", [1, "two", null]],
    ["{'a': 1, 2: event.data.missing}", { a: 1, "2": null }],
    ["5u", 5],
    ["b'hi'", "aGk="],
    ["duration('90s')", "90s"],
    ["1.0 / 0.0", null],
  ]);

  it("gives the sender's id of an event where there is one", () => {
    const event = eventOf({}, { externalId: "mine" });
    expect(evaluate("event.id", event)).toBe("mine");
    expect(eventView(event)["id"]).toBe("mine");
  });
});

describe("equality", () => {
  table([
    ["5 == 5.0", true],
    ["event.data.n == 2", true],
    ["2 == event.data.n", true],
    ["5 == '5'", false],
    ["true == 1", false],
    ["event.data.obj == event.data.same", true],
    ["event.data.obj == {'name': 'inngest', 'num': 9}", false],
    ["event.data.obj == {'name': 'inngest', 'other': 1.5}", false],
    ["event.data.obj == {}", false],
    ["event.data.obj == 'inngest'", false],
    ["event.data.list == ['a', 'b', 3]", true],
    ["event.data.list == ['a', 'b', 4]", false],
    ["event.data.list == {'0': 'a', '1': 'b', '2': 3}", false],
    ["date(event.data.at) == date('2026-01-15T13:00:00.000Z')", true],
    ["date(event.data.at) == event.data.obj", false],
    ["duration('60s') == duration('1m')", true],
    ["duration('60s') == event.data.obj", false],
    ["b'hi' == b'hi'", true],
    ["event.data.nothing == null", true],
    ["event.data.name == null", false],
    ["null == event.data.zero", false],
    ["event.data.missing == null", true],
    ["null == event.data.missing", true],
    ["event.data.missing == 'x'", false],
    ["event.data.missing == 0", false],
    ["event.data.missing == event.data.other", false],
    ["event.data.missing != 'x'", true],
    ["event.data.missing != null", false],
    ["event.data.name != 'Bob'", true],
  ]);
});

describe("order", () => {
  table([
    ["event.data.n > 1 && event.data.float <= 4", true],
    ["event.data.n >= 2.5", false],
    ["event.data.n < 2", false],
    ["event.data.name < 'Bob'", true],
    ["event.data.name > 'Ada'", false],
    ["event.data.name >= 'Ada'", true],
    ["false < true", true],
    ["date(event.data.at) > now()", true],
    ["duration('1h') > duration('59m')", true],
    ["0.0 / 0.0 < 1.0", false],
    // null stands for 0 and ""
    ["null > 0", false],
    ["null <= 0", true],
    ["event.data.nothing < 5", true],
    ["event.data.float > null", true],
    ["event.data.name > null", true],
    ["null < null", false],
    ["null < true", false],
    // What is missing is less than anything.
    ["event.data.missing < 5", true],
    ["event.data.missing <= 5", true],
    ["event.data.missing > 5", false],
    ["event.data.missing >= 5", false],
    ["5 < event.data.missing", false],
    ["5 <= event.data.missing", false],
    ["event.data.n > event.data.missing", true],
    ["event.data.n >= event.data.missing", true],
    // What has no order is missing, thus false.
    ["event.data.name > 5", false],
    ["event.data.name <= 5", false],
    ["event.data.list < event.data.list", false],
  ]);
});

describe("arithmetic", () => {
  table([
    ["5 + 4", 9],
    ["5 / 2", 2],
    ["5 % 3", 2],
    ["5 - 7", -2],
    ["3 * 4", 12],
    ["-event.data.n", -2],
    ["-event.data.name", false],
    ["event.data.n / 4", 0.5],
    ["event.data.float * 2 - 1", 5.5],
    ["event.data.n % 2", 0],
    ["1 / 0", false],
    ["1 % 0", false],
    ["event.data.name - 1", false],
    ["event.data.n + 1", 3],
    ["[1] + ['b']", [1, "b"]],
    ["date('2026-01-15T13:00:00Z') - duration('1h')", "2026-01-15T12:00:00.000Z"],
    ["date('2026-01-15T13:00:00Z') + duration('1h')", "2026-01-15T14:00:00.000Z"],
    ["now() + now()", false],
    ["event.data.missing - 1", false],
    // + joins what are not two numbers, and what is missing adds nothing.
    ["event.data.name + '-' + event.data.n + '-' + event.data.yes", "Ada-2-true"],
    ["'at ' + date(event.data.at)", "at 2026-01-15T13:00:00.000Z"],
    [
      "'x' + event.data.list + event.data.obj + event.data.nothing",
      'x["a","b",3]{"name":"inngest","num":1.5}',
    ],
    ["event.data.name + event.data.missing", "Ada"],
    ["event.data.missing + event.data.name", "Ada"],
    ["event.data.missing + event.data.other", false],
  ]);
});

describe("conditions", () => {
  table([
    ["event.data.name || 'nobody'", "Ada"],
    ["event.data.empty || event.data.name", "Ada"],
    ["event.data.missing || event.data.name", "Ada"],
    ["event.data.zero || event.data.nothing || 0", 0],
    ["0 || 0u || false || event.data.no", false],
    ["event.data.a || event.data.b", false],
    ["event.data.name && event.data.n", 2],
    ["event.data.empty && event.data.n", ""],
    ["event.data.list && true", true],
    ["!event.data.missing", true],
    ["!event.data.name", false],
    ["!(event.data.no || event.data.missing)", true],
    ["event.data.name ? 1 : 2", 1],
    ["event.data.missing ? 1 : 'two'", "two"],
    ["event.data.missing.startsWith('a') || event.data.n == 2", true],
    ["'a' in event.data.list", true],
    ["3 in event.data.list", true],
    ["'z' in event.data.list", false],
    ["'name' in event.data.obj", true],
    ["3 in event.data.obj", false],
    ["'toString' in event.data.obj", false],
    ["event.data.missing in ['a']", false],
    ["'item' in event.data.issue.fields", false],
    ["has(event.data.nothing)", true],
    ["has(event.data.missing)", false],
    ["has(event.data.missing.deeper)", false],
  ]);

  it("holds for any value that is true", () => {
    const input = { event: eventOf(data), now };
    expect(holds("event.data.name", input)).toBe(true);
    expect(holds("event.data.list", input)).toBe(true);
    for (const source of ["event.data.missing", "''", "0", "0.0", "null", "false"]) {
      expect(holds(source, input)).toBe(false);
    }
  });
});

describe("functions", () => {
  table([
    ["lowercase(event.data.name)", "ada"],
    ["uppercase(event.data.name) + '!'", "ADA!"],
    ["lowercase(event.data.n)", ""],
    ["lowercase(event.data.missing)", false],
    ["b64decode('aGkgdGhlcmUh')", "hi there!"],
    ["json_parse(b64decode(event.data.encoded)).nested.value", "yea"],
    ["json_parse('[1, 2]')[1]", 2],
    ["json_parse('no json').a == null", true],
    ["now()", "2026-01-15T12:00:00.000Z"],
    ["now_plus('24h')", "2026-01-16T12:00:00.000Z"],
    ["now_plus('1h30m')", "2026-01-15T13:30:00.000Z"],
    ["now_minus('1w2d')", "2026-01-06T12:00:00.000Z"],
    ["now_minus('-500ms')", "2026-01-15T12:00:00.500Z"],
    ["now_plus('soon')", false],
    ["now_plus(event.data.n)", false],
    ["size(event.data.list)", 3],
    ["size(event.data.missing)", 0],
    ["size(event.data.nothing) > 0", false],
    ["event.data.list.size()", 3],
    ["event.data.missing.size()", 0],
    ["event.data.name.startsWith('A')", true],
    ["event.data.n.startsWith('A')", false],
    ["event.data.name.substring(event.data.n)", "a"],
    ["event.data.name.substring(event.data.float)", false],
    ["event.data.name.substring(99)", false],
    ["int('42') + 1", 43],
    ["uint(7)", 7],
    ["double('1.5')", 1.5],
    ["string(event.data.n)", "2"],
    ["timestamp(event.data.at).getHours()", 13],
    ["event.data.name.matches('^A')", true],
  ]);

  it.each([
    ["2026-01-15T13:00:00Z", "2026-01-15T13:00:00.000Z"],
    ["2026-01-15T13:00:00+02:00", "2026-01-15T11:00:00.000Z"],
    ["2026-01-15T13:00:00", "2026-01-15T13:00:00.000Z"],
    ["2026-01-15", "2026-01-15T00:00:00.000Z"],
    ["Thu, 15 Jan 2026 13:00:00 GMT", "2026-01-15T13:00:00.000Z"],
    ["Thu Jan 15 13:00:00 2026", "2026-01-15T13:00:00.000Z"],
    [1_768_482_000, "2026-01-15T13:00:00.000Z"],
    [1_768_482_000_000, "2026-01-15T13:00:00.000Z"],
    [1_768_482_000_000_000_000, "2026-01-15T13:00:00.000Z"],
    [12, false],
    ["tomorrow", false],
    [true, false],
  ])("date(%j) is %j", (value, expected) => {
    expect(evaluate("date(event.data.value)", eventOf({ value }))).toBe(expected);
  });

  it("takes a time that is one already", () => {
    expect(evaluate("date(date('2026-01-15'))")).toBe("2026-01-15T00:00:00.000Z");
  });
});

describe("macros", () => {
  table([
    ["event.data.tags.exists(t, t.id == 'y')", true],
    ["event.data.tags.exists(t, t.id == 'z')", false],
    ["event.data.tags.all(t, t.id != event.data.name)", true],
    ["event.data.tags.all(t, t.hot)", false],
    ["event.data.tags.exists_one(t, t.hot)", true],
    ["event.data.tags.filter(t, t.hot).map(t, t.id)", ["x"]],
    ["event.data.tags.map(t, t.hot, t.id)", ["x"]],
    ["event.data.tags.map(t, t.missing)", [null, null]],
    ["event.data.obj.exists(key, key == 'num')", true],
    ["event.data.missing.exists(t, true)", false],
    ["event.data.n.all(t, true)", false],
    ["event.data.tags.exists(t, t.id in ['y'] && event.data.tags.exists(u, u.id == t.id))", true],
  ]);
});

describe("waits", () => {
  const event = eventOf({ orderId: 17 });
  const awaited = eventOf({ orderId: 17, total: 250 }, { id: "evt_2", name: "shop/order.paid" });

  it("see both events", () => {
    const input = { event, async: awaited, now };
    expect(holds("event.data.orderId == async.data.orderId", input)).toBe(true);
    expect(holds("async.data.total > 300", input)).toBe(false);
  });

  it("take what the first event lacks for null", () => {
    const input = { event, async: awaited, now };
    expect(holds("event.data.userId == async.data.userId", input)).toBe(true);
    expect(holds("event['data']['userId'] == null", input)).toBe(true);
    expect(holds("async.data.userId == async.data.other", input)).toBe(false);
  });
});

describe("a bad expression", () => {
  test.each([
    ["event.data.", "event"],
    ["1 +", "event"],
    ["'open", "event"],
    ["evnt.data.x", "event"],
    ["async.data.x", "event"],
    ["vars.a", "wait"],
    ["frobnicate(event.data.x)", "event"],
    ["event.data.x.frobnicate()", "event"],
    ["lowercase('a', 'b')", "event"],
    ["size()", "event"],
    ["size(1, 2, 3, 4, 5, 6, 7, 8, 9)", "event"],
    ["has(event)", "event"],
    ["has(event.data.x, event.data.y)", "event"],
    ["event.data.list.exists(1, true)", "event"],
    ["event.data.list.exists(t)", "event"],
    ["event.data.list.exists(t, u)", "event"],
    ["event.?data", "event"],
    ["event[?'data']", "event"],
    ["", "event"],
  ] as const)("%s is refused", (source, kind) => {
    let thrown: unknown;
    try {
      compileExpression(source, kind, "a trigger of send-mail");
    } catch (error) {
      thrown = error;
    }
    expect(isLonghaulError(thrown, "RUNS_BAD_EXPRESSION")).toBe(true);
    const { message } = thrown as Error;
    expect(message).toContain(source);
    expect(message).toContain("a trigger of send-mail");
    expect(message).not.toContain("\n");
  });

  it("says what is unknown, and what there is", () => {
    expect(() => compileExpression("evnt.data.x", "wait")).toThrow(
      "evnt is unknown here; there is event and async",
    );
    expect(() => compileExpression("shout(event.name)")).toThrow(
      "there is no function shout() with 1 argument",
    );
    expect(() => compileExpression("event.name.shout(1, 2)")).toThrow(
      "there is no method shout() with 2 arguments",
    );
  });
});

it("compiles an expression once, and does not remember without end", () => {
  const first = compileExpression("event.data.once");
  expect(compileExpression("event.data.once")).toBe(first);
  expect(compileExpression("event.data.once", "wait")).not.toBe(first);
  for (let i = 0; i < 10_001; i++) compileExpression(`${i}`);
  expect(compileExpression("event.data.once")).not.toBe(first);
});

it("never fails on an event's data, and gives JSON", () => {
  const sources = [
    "event.data.a + event.data.b",
    "event.data.a == event.data.b || event.data.a < event.data.b",
    "event.data.a.b.c[0] in event.data",
    "size(event.data.a) + size(event.data)",
    "lowercase(event.data.a) + uppercase(event.data.b) + string(event.data.a)",
    "event.data.a.startsWith(event.data.b) ? date(event.data.a) : now_plus(event.data.b)",
    "event.data.a.exists(x, x == event.data.b) && json_parse(event.data.b)",
    "-event.data.a * event.data.b / 3 % event.data.a",
    "[event.data.a, {'k': event.data.b}]",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...sources), fc.jsonValue(), fc.jsonValue(), (source, a, b) => {
      const value = evaluate(source, eventOf({ a, b }));
      expect(JSON.parse(JSON.stringify(value))).toEqual(
        typeof value === "number" && Object.is(value, -0) ? 0 : value,
      );
    }),
  );
});
