import { expect, test } from "vitest";
import { z } from "zod";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { eventType, Inngest, invoke, Middleware } from "./index.ts";

const HOUR = 3_600_000;

test("v4: what middleware is told of each kind of step", async () => {
  const seen: Record<string, unknown> = {};
  class Look extends Middleware.BaseMiddleware {
    readonly id = "look";
    override transformStepInput(args: Middleware.TransformStepInputArgs) {
      const { stepInfo, stepOptions, input } = args;
      seen[stepOptions.id] = [stepInfo.stepType, stepOptions.name, input];
      return args;
    }
  }
  const inngest = new Inngest({ id: "app", logger: silent });
  const child = inngest.createFunction({ id: "child" }, [], () => 1);
  const answered = eventType("answered");
  const fn = inngest.createFunction(
    { id: "f", middleware: [Look] },
    { event: "go" },
    async ({ step }) => {
      await step.run("run", (n: number) => n, 1);
      await step.run({ id: "named", name: "With a name" }, () => 1);
      await step.sleep("sleep", "1h");
      await step.invoke("invoke", { function: child, data: { n: 1 }, v: "2", timeout: "1h" });
      await step.waitForEvent("wait", { event: answered, match: "data.id", timeout: "1h" });
    },
  );
  await using kit = await InngestKit.start([fn, child]);
  await inngest.send({ name: "go" });
  await kit.advance(2 * HOUR);
  expect(await kit.output("app-f")).toBe(null);
  expect(seen).toEqual({
    run: ["run", "run", [1]],
    named: ["run", "With a name", []],
    sleep: ["sleep", "sleep", []],
    invoke: [
      "invoke",
      "invoke",
      [{ function_id: "app-child", payload: { data: { n: 1 }, v: "2" }, timeout: "1h" }],
    ],
    wait: ["waitForEvent", "wait", [{ event: "answered", match: "data.id", timeout: "1h" }]],
  });
});

test("v4: middleware changes what each kind of step is given", async () => {
  class Change extends Middleware.BaseMiddleware {
    readonly id = "change";
    override transformStepInput(args: Middleware.TransformStepInputArgs) {
      const [first] = args.input as [{ payload?: object } | undefined];
      switch (args.stepInfo.stepType) {
        case "run":
          return { ...args, input: [2] };
        case "sleep":
          return { ...args, input: ["1h"] };
        case "waitForEvent":
          return { ...args, input: [{ ...first, event: "other", timeout: "1h" }] };
        case "invoke":
          return { ...args, input: [{ ...first, payload: { data: { n: 3 } } }] };
        default:
          return args;
      }
    }
  }
  const inngest = new Inngest({ id: "app", logger: silent });
  const child = inngest.createFunction(
    { id: "child", triggers: [invoke(z.object({ n: z.number() }))] },
    ({ event }) => event.data.n,
  );
  const fn = inngest.createFunction(
    { id: "f", middleware: [Change] },
    { event: "go" },
    async ({ step }) => {
      const ran = await step.run("run", (n: number) => n, 1);
      await step.sleep("sleep", "7d");
      await step.sleepUntil("until", "2999-01-01T00:00:00Z");
      const waited = await step.waitForEvent("wait", { event: "never", timeout: "7d" });
      const invoked = await step.invoke("invoke", { function: child, data: { n: 1 } });
      return [ran, waited?.name, invoked];
    },
  );
  await using kit = await InngestKit.start([fn, child]);
  await inngest.send({ name: "go" });
  await kit.advance(2 * HOUR);
  await inngest.send({ name: "other" });
  expect(await kit.output("app-f")).toEqual([2, "other", 3]);
});

test("v4: steps that middleware takes in wrapStep pass through the others, not through itself", async () => {
  const wrapped: string[] = [];
  const named = (name: string) =>
    class extends Middleware.BaseMiddleware {
      readonly id = name;
      override async wrapStep({ ctx, next, stepInfo }: Middleware.WrapStepArgs): Promise<unknown> {
        wrapped.push(`${name} ${stepInfo.options.id}`);
        if (name === "audit") await ctx.step.run("audit", () => "written");
        return next();
      }
    };
  const inngest = new Inngest({
    id: "app",
    logger: silent,
    middleware: [named("outer"), named("audit"), named("inner")],
  });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) =>
    Promise.all([step.run("a", () => "a"), step.run("b", () => "b")]),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toEqual(["a", "b"]);
  const { journal } = await kit.run("app-f");
  expect(journal.map(({ key }) => key).toSorted()).toEqual(["a", "audit", "audit:1", "b"]);
  expect(wrapped.filter((line) => line === "audit a" || line === "audit b")).toHaveLength(2);
  expect(wrapped.filter((line) => line === "audit audit")).toEqual([]);
  expect(wrapped.filter((line) => line === "outer audit")).toHaveLength(2);
  expect(wrapped.filter((line) => line === "inner audit")).toHaveLength(2);
});

test("v4: encryption round trip with schemas; they see what handlers see", async () => {
  const hide = (value: unknown) => ({ hidden: JSON.stringify(value) });
  const show = (value: unknown): unknown =>
    value !== null && typeof value === "object" && "hidden" in value
      ? JSON.parse(String(value.hidden))
      : value;
  class Encryption extends Middleware.BaseMiddleware {
    readonly id = "encryption";
    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      const events = args.ctx.events.map((event) => ({ ...event, data: show(event.data) }));
      return {
        ...args,
        ctx: { ...args.ctx, event: events[0]!, events: events as typeof args.ctx.events },
      };
    }
    override transformStepInput(args: Middleware.TransformStepInputArgs) {
      if (args.stepInfo.stepType !== "invoke") return args;
      const [call] = args.input as [{ payload: { data: unknown } }];
      return { ...args, input: [{ ...call, payload: { data: hide(call.payload.data) } }] };
    }
    override async wrapFunctionHandler({ next }: Middleware.WrapFunctionHandlerArgs) {
      return hide(await next());
    }
    override async wrapStepHandler({ next, stepInfo }: Middleware.WrapStepHandlerArgs) {
      const output = await next();
      return stepInfo.stepType === "sendEvent" ? output : hide(output);
    }
    override async wrapStep({ next }: Middleware.WrapStepArgs) {
      return show(await next());
    }
    override transformSendEvent(args: Middleware.TransformSendEventArgs) {
      return { ...args, events: args.events.map((one) => ({ ...one, data: hide(one.data) })) };
    }
  }
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [Encryption] });
  const paid = eventType("paid", { schema: z.object({ card: z.string() }) });
  const charge = inngest.createFunction(
    { id: "charge", triggers: [invoke(z.object({ card: z.string() }))] },
    async ({ event, step }) => step.run("charge", () => `charged ${event.data.card}`),
  );
  const fn = inngest.createFunction({ id: "f", triggers: [paid] }, async ({ event, step }) => {
    const card = await step.run("read", () => event.data.card);
    await step.sleep("s", "1h");
    return step.invoke("charge", { function: charge, data: { card } });
  });
  await using kit = await InngestKit.start([fn, charge]);
  await inngest.send(paid.create({ card: "4242" }));
  await kit.advance(HOUR);
  expect(show(await kit.output("app-f"))).toBe("charged 4242");
  for (const id of ["app-f", "app-charge"]) {
    const { events, journal, output } = await kit.run(id);
    const stored = [
      ...events.map(({ data }) => JSON.stringify(data)),
      ...journal.flatMap(({ data }) => data ?? []),
      output!,
    ];
    for (const text of stored) expect(text).toMatch(/^\{"hidden":/);
  }
});

test("middleware of other packages, which extend another copy of the base class", async () => {
  const hooks: string[] = [];
  class BaseMiddleware {
    readonly client: unknown;
    constructor({ client }: { client: unknown }) {
      this.client = client;
    }
  }
  class Foreign extends BaseMiddleware {
    readonly id = "foreign";
    async wrapStep({ next }: { next: () => Promise<unknown> }) {
      hooks.push("v4");
      return next();
    }
  }
  const legacy = {
    name: "foreign",
    init: () => ({ onFunctionRun: () => ({ beforeExecution: () => void hooks.push("v3") }) }),
  };
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [Foreign, legacy] });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) =>
    step.run("a", () => "a"),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toBe("a");
  expect(hooks).toEqual(["v3", "v4"]);
});
