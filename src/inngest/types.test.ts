import { expectTypeOf, test } from "vitest";
import {
  cron,
  dependencyInjectionMiddleware,
  EventSchemas,
  eventType,
  type GetEvents,
  type GetFunctionInput,
  type GetFunctionOutput,
  type GetStepTools,
  Inngest,
  InngestMiddleware,
  invoke,
  type Logger,
  Middleware,
  referenceFunction,
  type StandardSchemaV1,
  staticSchema,
} from "./index.ts";
import type { Untyped } from "./types/json.ts";

interface Order {
  id: string;
  total: number;
}
interface OrderEvents {
  "order/placed": { data: Order };
  "order/paid": { data: { id: string; at: Date }; user: { email: string } };
  "app/user.created": { data: { name: string } };
}

const untyped = new Inngest({ id: "untyped" });
const typed = new Inngest({ id: "typed", schemas: new EventSchemas().fromRecord<OrderEvents>() });
const placed = eventType("order/placed", { schema: staticSchema<{ id: string; total: number }>() });
const anything = eventType("anything");

/** Code that is compiled and never run. */
const compiled = (_code: () => unknown): void => {};

test("without schemas: any event, any data", () => {
  compiled(() =>
    untyped.createFunction(
      { id: "a" },
      { event: "user/created" },
      async ({ event, events, step }) => {
        expectTypeOf(event.data).toEqualTypeOf<Untyped>();
        expectTypeOf(event.name).toEqualTypeOf<"user/created" | "inngest/function.invoked">();
        expectTypeOf(event.id).toEqualTypeOf<string>();
        expectTypeOf(event.ts).toEqualTypeOf<number>();
        expectTypeOf(events[0].name).toEqualTypeOf<"user/created">();
        const order: Order = event.data;
        const waited = await step.waitForEvent("w", {
          event: "x",
          timeout: "1h",
          match: "data.id",
        });
        expectTypeOf(waited).toEqualTypeOf<null | {
          id: string;
          name: "x";
          data: Untyped;
          ts: number;
          v?: string;
          user?: Untyped;
          meta?: { sessions?: Record<string, string> };
        }>();
        return order.total;
      },
    ),
  );
  compiled(async () => {
    await untyped.send({ name: "x" });
    await untyped.send([{ name: "x", data: { a: 1 }, id: "1", ts: 5 }, { name: "y" }]);
    // @ts-expect-error -- an event has a name
    await untyped.send({ data: {} });
  });
});

test("steps give JSON", () => {
  compiled(() =>
    untyped.createFunction({ id: "a" }, { event: "x" }, async ({ step }) => {
      const result = await step.run("s", () => ({ at: new Date(), n: 1, f: () => 1 }));
      expectTypeOf(result).toEqualTypeOf<{ at: string; n: number }>();
      expectTypeOf(await step.run("s", async () => {})).toEqualTypeOf<null>();
      expectTypeOf(await step.run("s", async () => "text" as const)).toEqualTypeOf<"text">();
      expectTypeOf(
        await step.run("s", (a: number, b: Date) => [a, b], 1, new Date()),
      ).toEqualTypeOf<(string | number)[]>();
      // @ts-expect-error -- the body wants a number
      await step.run("s", (a: number) => a, "1");
      expectTypeOf(
        await step.run({ id: "s", retries: 2, backoff: ["1s", "5s"] }, () => 1),
      ).toEqualTypeOf<number>();
      expectTypeOf(await step.sleep("s", "1h30m")).toEqualTypeOf<void>();
      expectTypeOf(await step.sendEvent("s", { name: "x" })).toEqualTypeOf<{ ids: string[] }>();
      const parallel = await Promise.all([step.run("a", () => 1), step.run("b", () => "b")]);
      expectTypeOf(parallel).toEqualTypeOf<[number, string]>();
      const signal = await step.waitForSignal<{ ok: boolean }>("s", {
        signal: "x",
        timeout: 1_000,
        onConflict: "fail",
      });
      expectTypeOf(signal).toEqualTypeOf<{ signal: string; data: { ok: boolean } } | null>();
    }),
  );
});

test("v3 schemas type triggers, waits and sends", () => {
  compiled(() =>
    typed.createFunction({ id: "a" }, { event: "order/placed" }, async ({ event, step }) => {
      expectTypeOf(event.data).toEqualTypeOf<Order>();
      const paid = await step.waitForEvent("paid", {
        event: "order/paid",
        timeout: "7d",
        if: "event.data.id == async.data.id",
      });
      expectTypeOf(paid?.data).toEqualTypeOf<{ id: string; at: Date } | undefined>();
      expectTypeOf(paid?.user).toEqualTypeOf<{ email: string } | undefined>();
      // @ts-expect-error -- no such event
      await step.waitForEvent("paid", { event: "order/lost", timeout: "7d" });
      await step.sendEvent("s", { name: "app/user.created", data: { name: "Ada" } });
      // @ts-expect-error -- the data is another
      await step.sendEvent("s", { name: "app/user.created", data: { id: 1 } });
    }),
  );
  compiled(() =>
    typed.createFunction(
      { id: "a" },
      [{ event: "order/placed" }, { event: "order/paid" }, { cron: "0 9 * * *" }],
      ({ event }) => {
        if (event.name === "order/placed") expectTypeOf(event.data).toEqualTypeOf<Order>();
        if (event.name === "order/paid") expectTypeOf(event.data.at).toEqualTypeOf<Date>();
        if (event.name === "inngest/scheduled.timer")
          expectTypeOf(event.data.cron).toEqualTypeOf<string>();
      },
    ),
  );
  compiled(() => {
    // @ts-expect-error -- no such event
    typed.createFunction({ id: "a" }, { event: "order/lost" }, () => {});
    typed.createFunction(
      { id: "a", cancelOn: [{ event: "order/paid", match: "data.id" }] },
      { event: "order/*" },
      ({ event }) => {
        if (event.name === "order/paid") expectTypeOf(event.data.at).toEqualTypeOf<Date>();
      },
    );
    typed.createFunction({ id: "a" }, { event: "inngest/function.failed" }, ({ event }) => {
      if (event.name === "inngest/function.failed")
        expectTypeOf(event.data.run_id).toEqualTypeOf<string>();
    });
  });
  compiled(async () => {
    await typed.send({ name: "order/placed", data: { id: "1", total: 5 } });
    await typed.send([
      { name: "order/placed", data: { id: "1", total: 5 } },
      { name: "app/user.created", data: { name: "Ada" } },
    ]);
    // @ts-expect-error -- no such event
    await typed.send({ name: "order/lost", data: {} });
    // @ts-expect-error -- the data is another
    await typed.send({ name: "order/placed", data: { id: 1 } });
  });
  expectTypeOf<GetEvents<typeof typed>["order/placed"]["data"]>().toEqualTypeOf<Order>();
  expectTypeOf<
    GetEvents<typeof typed, true>["inngest/function.failed"]["data"]["run_id"]
  >().toEqualTypeOf<string>();
  // What a fan-out maps to can be sent as it is.
  compiled(() => {
    const placed = [{ id: "o", total: 1 }].map<GetEvents<typeof typed>["order/placed"]>((data) => ({
      name: "order/placed",
      data,
    }));
    return typed.send(placed);
  });
});

test("v3: a pattern among the schemas, with the events that it stands for", () => {
  interface Placed {
    name: "order/placed";
    data: { total: number };
  }
  interface Paid {
    name: "order/paid";
    data: { card: string };
  }
  const schemas = new EventSchemas().fromRecord<{
    "order/*": Placed | Paid;
    "any/*": { data: { n: number } };
  }>();
  const inngest = new Inngest({ id: "x", schemas });
  compiled(() =>
    inngest.createFunction({ id: "a" }, { event: "order/*" }, ({ event }) => {
      if (event.name === "order/placed") expectTypeOf(event.data).toEqualTypeOf<Placed["data"]>();
      if (event.name === "order/paid") expectTypeOf(event.data).toEqualTypeOf<Paid["data"]>();
      // @ts-expect-error -- not all of them have a card
      return event.data.card;
    }),
  );
  expectTypeOf<GetEvents<typeof inngest>["order/*"]["name"]>().toEqualTypeOf<
    "order/placed" | "order/paid"
  >();
  compiled(() => inngest.send({ name: "order/paid", data: { card: "4242" } }));
  compiled(() => inngest.send({ name: "any/thing", data: { n: 1 } }));
  // @ts-expect-error -- the data is another's
  compiled(() => inngest.send({ name: "order/paid", data: { total: 1 } }));
});

test("fromUnion, fromZod and fromSchema", () => {
  type Both = { name: "a"; data: { x: number } } | { name: "b"; data: { y: string } };
  interface ZodLike<T> {
    _output: T;
  }
  const zod = <T>(): ZodLike<T> => ({}) as ZodLike<T>;
  const schemas = new EventSchemas()
    .fromUnion<Both>()
    .fromZod({ c: { data: zod<{ z: boolean }>() } })
    .fromZod([{ shape: { name: zod<"d">(), data: zod<{ w: null }>() } }])
    .fromSchema({ e: staticSchema<{ v: number[] }>() });
  const inngest = new Inngest({ id: "x", schemas });
  type Events = GetEvents<typeof inngest>;
  expectTypeOf<keyof Events>().toEqualTypeOf<"a" | "b" | "c" | "d" | "e">();
  expectTypeOf<Events["a"]["data"]>().toEqualTypeOf<{ x: number }>();
  expectTypeOf<Events["c"]["data"]>().toEqualTypeOf<{ z: boolean }>();
  expectTypeOf<Events["d"]["data"]>().toEqualTypeOf<{ w: null }>();
  expectTypeOf<Events["e"]["data"]>().toEqualTypeOf<{ v: number[] }>();
});

test("v4: triggers in the options, event types", () => {
  compiled(() =>
    untyped.createFunction({ id: "a", triggers: placed }, ({ event }) => {
      if (event.name === "order/placed") expectTypeOf(event.data).toEqualTypeOf<Order>();
      expectTypeOf(event.data).toEqualTypeOf<Order>();
    }),
  );
  compiled(() =>
    untyped.createFunction(
      {
        id: "a",
        triggers: [{ event: placed, if: "event.data.total > 5" }, anything, cron("* * * * *")],
      },
      async ({ event, step, group, logger, attempt, maxAttempts, runId }) => {
        if (event.name === "order/placed") expectTypeOf(event.data).toEqualTypeOf<Order>();
        expectTypeOf(logger).toEqualTypeOf<Logger>();
        expectTypeOf([attempt, maxAttempts, runId]).toEqualTypeOf<
          (number | string | undefined)[]
        >();
        const waited = await step.waitForEvent("w", { event: placed, timeout: "1d" });
        expectTypeOf(waited?.data).toEqualTypeOf<Order | undefined>();
        const raced = await group.parallel({ mode: "race" }, () =>
          Promise.race([step.run("a", () => 1), step.run("b", () => "b")]),
        );
        expectTypeOf(raced).toEqualTypeOf<number | string>();
      },
    ),
  );
  compiled(() => {
    // @ts-expect-error -- the schema says what the data is
    placed.create({ id: 5 });
    return anything.create();
  });
  compiled(() => {
    const coerces = {} as StandardSchemaV1<{ n: string }, { n: number }>;
    // @ts-expect-error -- what is stored is the input, so a transform would lie
    return eventType("x", { schema: coerces });
  });
});

test("invoke: data where the function describes it, and its output as JSON", () => {
  const pay = untyped.createFunction({ id: "pay", triggers: placed }, () => ({ at: new Date() }));
  const demanding = untyped.createFunction(
    { id: "d", triggers: [placed, invoke(staticSchema<{ force: boolean }>())] },
    ({ event }) => {
      if (event.name === "inngest/function.invoked")
        expectTypeOf(event.data).toEqualTypeOf<{ force: boolean }>();
    },
  );
  const nightly = typed.createFunction({ id: "n" }, { cron: "0 0 * * *" }, () => 5);
  const loose = untyped.createFunction({ id: "l" }, { event: "x" }, async () => undefined);
  expectTypeOf<GetFunctionOutput<typeof pay>>().toEqualTypeOf<{ at: string }>();
  compiled(() =>
    untyped.createFunction({ id: "a" }, { event: "x" }, async ({ step }) => {
      const paid = await step.invoke("p", { function: pay, data: { id: "1", total: 1 } });
      expectTypeOf(paid).toEqualTypeOf<{ at: string }>();
      // @ts-expect-error -- data is missing
      await step.invoke("p", { function: pay });
      await step.invoke("d", { function: demanding, data: { force: true }, timeout: "5m" });
      // @ts-expect-error -- that is the data of the event
      await step.invoke("d", { function: demanding, data: { id: "1", total: 1 } });
      expectTypeOf(await step.invoke("n", { function: nightly })).toEqualTypeOf<number>();
      expectTypeOf(
        await step.invoke("l", { function: loose, data: { any: 1 } }),
      ).toEqualTypeOf<null>();
      const reference = referenceFunction<typeof pay>({ functionId: "pay", appId: "untyped" });
      expectTypeOf(
        await step.invoke("r", { function: reference, data: { id: "1", total: 1 } }),
      ).toEqualTypeOf<{ at: string }>();
      const described = referenceFunction({
        functionId: "x",
        schemas: { data: staticSchema<{ q: string }>(), return: staticSchema<{ a: Date }>() },
      });
      expectTypeOf(await step.invoke("x", { function: described, data: { q: "" } })).toEqualTypeOf<{
        a: string;
      }>();
      const unknown = referenceFunction({ functionId: "y" });
      expectTypeOf(await step.invoke("y", { function: unknown })).toEqualTypeOf<Untyped>();
    }),
  );
});

test("onFailure gets the error and the event that failed", () => {
  compiled(() =>
    typed.createFunction(
      {
        id: "a",
        onFailure: async ({ error, event, step, logger }) => {
          expectTypeOf(error).toEqualTypeOf<Error>();
          expectTypeOf(event.data.run_id).toEqualTypeOf<string>();
          const original = event.data.event;
          if (original.name === "order/placed") expectTypeOf(original.data).toEqualTypeOf<Order>();
          logger.error(await step.run("x", () => error.message));
        },
      },
      { event: "order/placed" },
      () => {},
    ),
  );
  compiled(() =>
    untyped.createFunction(
      {
        id: "a",
        triggers: [placed],
        onFailure: ({ event }) => expectTypeOf(event.data.event.data).toEqualTypeOf<Order>(),
      },
      () => {},
    ),
  );
});

test("middleware adds to the context and changes outputs", () => {
  interface KeepDates extends Middleware.StaticTransform {
    Out: this["In"];
  }
  class Dates extends Middleware.BaseMiddleware {
    readonly id = "dates";
    declare stepOutputTransform: KeepDates;
  }
  class User extends Middleware.BaseMiddleware {
    readonly id = "user";
    override async transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      return {
        ...args,
        ctx: {
          ...args.ctx,
          user: { name: "Ada" },
          step: { ...args.ctx.step, twice: (n: number) => n * 2 },
        },
      };
    }
  }
  const legacy = new InngestMiddleware({
    name: "db",
    init: () => ({
      onFunctionRun: () => ({ transformInput: () => ({ ctx: { db: { query: () => [1] } } }) }),
    }),
  });
  const client = new Inngest({
    id: "m",
    middleware: [User, legacy, dependencyInjectionMiddleware({ clock: 5 })],
  });
  compiled(() =>
    client.createFunction(
      { id: "a", middleware: [Dates] },
      { event: "x" },
      async ({ user, db, clock, event, step }) => {
        expectTypeOf(user).toEqualTypeOf<{ name: string }>();
        expectTypeOf(db.query()).toEqualTypeOf<number[]>();
        expectTypeOf(clock).toEqualTypeOf<number>();
        expectTypeOf(event.data).toEqualTypeOf<Untyped>();
        expectTypeOf(step.twice(2)).toEqualTypeOf<number>();
        expectTypeOf(await step.run("s", () => new Date())).toEqualTypeOf<Date>();
      },
    ),
  );
  compiled(() =>
    client.createFunction({ id: "a", triggers: [{ event: "x" }] }, async ({ user, db, step }) => {
      expectTypeOf(user.name).toEqualTypeOf<string>();
      expectTypeOf(db.query()).toEqualTypeOf<number[]>();
      expectTypeOf(await step.run("s", () => new Date())).toEqualTypeOf<string>();
    }),
  );
});

test("helpers that take step tools or a context", () => {
  const helper = async (step: GetStepTools<typeof typed>): Promise<number> =>
    step.run("x", () => 1);
  const handle = async ({ event, step }: GetFunctionInput<typeof typed, "order/placed">) => {
    expectTypeOf(event.data).toEqualTypeOf<Order>();
    return helper(step);
  };
  compiled(() => typed.createFunction({ id: "a" }, { event: "order/placed" }, handle));
  const anyClient = (client: Inngest.Any): string => client.id;
  expectTypeOf(anyClient(typed)).toEqualTypeOf<string>();
  const list = [
    typed.createFunction({ id: "a" }, { event: "order/placed" }, () => 1),
    untyped.createFunction({ id: "b", triggers: placed }, () => "b"),
  ];
  expectTypeOf(list.map((fn) => fn.id())).toEqualTypeOf<string[]>();
});
