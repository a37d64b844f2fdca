import { expect, test } from "vitest";
import { InngestKit, MemoryLogger, silent } from "../../test/support/inngest-kit.ts";
import {
  dependencyInjectionMiddleware,
  EventSchemas,
  Inngest,
  InngestMiddleware,
  Middleware,
  type StandardSchemaV1,
  validationMiddleware,
} from "./index.ts";

const HOUR = 3_600_000;

/** Everything a class of middleware is asked, in order. */
function recorder(log: string[], label = "") {
  const note = (hook: string, detail: unknown = ""): void => {
    log.push(`${label}${hook}${detail === "" ? "" : ` ${String(detail)}`}`);
  };
  return class extends Middleware.BaseMiddleware {
    readonly id = `recorder${label}`;
    override onMemoizationEnd(): void {
      note("memoizationEnd");
    }
    override onRunStart(): void {
      note("runStart");
    }
    override onRunComplete({ output }: Middleware.OnRunCompleteArgs): void {
      note("runComplete", JSON.stringify(output));
    }
    override onRunError({ error, isFinalAttempt }: Middleware.OnRunErrorArgs): void {
      note("runError", `${error.message} ${isFinalAttempt}`);
    }
    override onStepStart({ stepInfo }: Middleware.OnStepStartArgs): void {
      note("stepStart", stepInfo.options.id);
    }
    override onStepComplete({ stepInfo, output }: Middleware.OnStepCompleteArgs): void {
      note("stepComplete", `${stepInfo.options.id} ${JSON.stringify(output)}`);
    }
    override onStepError({ stepInfo, error, isFinalAttempt }: Middleware.OnStepErrorArgs): void {
      note("stepError", `${stepInfo.options.id} ${error.message} ${isFinalAttempt}`);
    }
    override async wrapRequest({ next, runId }: Middleware.WrapRequestArgs) {
      note("request", runId === "" ? "without a run" : "");
      const response = await next();
      note("response", response.status);
      return response;
    }
    override async wrapFunctionHandler({ next }: Middleware.WrapFunctionHandlerArgs) {
      note("handler");
      return next();
    }
    override async wrapStep({ next, stepInfo }: Middleware.WrapStepArgs) {
      note("step", `${stepInfo.options.id} ${stepInfo.stepType} ${stepInfo.memoized}`);
      return next();
    }
    override async wrapStepHandler({ next, stepInfo }: Middleware.WrapStepHandlerArgs) {
      note("body", stepInfo.options.id);
      return next();
    }
    override transformSendEvent(args: Middleware.TransformSendEventArgs) {
      note("send", args.events.map(({ name }) => name).join());
      return args;
    }
    override async wrapSendEvent({ next }: Middleware.WrapSendEventArgs) {
      note("sending");
      return next();
    }
  };
}

test("v4: hooks of two executions, in order", async () => {
  const log: string[] = [];
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [recorder(log)] });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) => {
    const a = await step.run("a", () => 1);
    await step.sleep("pause", "1h");
    return a;
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.engine.whenQuiet();
  expect(log).toEqual([
    "send go",
    "sending",
    "request",
    "memoizationEnd",
    "runStart",
    "handler",
    "step a run false",
    "stepStart a",
    "body a",
    "stepComplete a 1",
    "step pause sleep false",
    "response 206",
  ]);
  log.length = 0;
  await kit.advance(HOUR);
  expect(await kit.output("app-f")).toBe(1);
  expect(log).toEqual([
    "request",
    "handler",
    "step a run true",
    "step pause sleep true",
    "memoizationEnd",
    "runComplete 1",
    "response 200",
  ]);
});

test("v4: errors of steps and runs, and whether they are final", async () => {
  const log: string[] = [];
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [recorder(log)] });
  const fn = inngest.createFunction(
    { id: "f", retries: 1, backoff: ["1s"] },
    { event: "go" },
    async ({ step }) => {
      await step.run("a", () => {
        throw new Error("no");
      });
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(1_000);
  expect((await kit.run("app-f")).state).toBe("failed");
  expect(log.filter((line) => line.includes("rror") || line.includes("response"))).toEqual([
    "stepError a no false",
    "response 206",
    "stepError a no true",
    "runError no true",
    "response 500",
  ]);
});

test("v4: transforms of inputs and outputs; what is stored and what the handler sees", async () => {
  class Wrap extends Middleware.BaseMiddleware {
    readonly id = "wrap";
    override transformStepInput(args: Middleware.TransformStepInputArgs) {
      return {
        ...args,
        stepOptions: { ...args.stepOptions, id: `${args.stepOptions.id}!` },
        input: args.input.map((value) => (typeof value === "number" ? value * 10 : value)),
      };
    }
    override async wrapStepHandler({ next }: Middleware.WrapStepHandlerArgs) {
      return { secret: await next() };
    }
    override async wrapStep({ next }: Middleware.WrapStepArgs) {
      const value = (await next()) as { secret?: unknown } | null;
      return value !== null && typeof value === "object" && "secret" in value
        ? value.secret
        : value;
    }
  }
  const inngest = new Inngest({ id: "app", logger: silent });
  const fn = inngest.createFunction(
    { id: "f", middleware: [Wrap] },
    { event: "go" },
    async ({ step }) => {
      const first = await step.run("a", (n: number) => n + 1, 4);
      await step.sleep("s", "1h");
      return [first, await step.run("b", () => "b")];
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(HOUR);
  expect(await kit.output("app-f")).toEqual([41, "b"]);
  const { journal } = await kit.run("app-f");
  expect(journal.map(({ key, data }) => [key, data])).toEqual([
    ["a!", '{"secret":41}'],
    ["s!", undefined],
    ["b!", '{"secret":"b"}'],
  ]);
});

test("v4: the context is changed, and known steps are", async () => {
  class Change extends Middleware.BaseMiddleware {
    readonly id = "change";
    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      const steps = Object.fromEntries(
        Object.entries(args.steps).map(([id, step]) => [
          id,
          step.type === "data" && step.data === "a"
            ? { type: "data" as const, data: "changed" }
            : step,
        ]),
      );
      return { ...args, steps, ctx: { ...args.ctx, user: "Ada" } };
    }
  }
  const inngest = new Inngest({
    id: "app",
    logger: silent,
    middleware: [Change, dependencyInjectionMiddleware({ db: { url: "x" } })],
  });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step, user, db }) => {
    const a = await step.run("a", () => "a");
    await step.sleep("s", "1h");
    return [a, user, db.url];
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(HOUR);
  expect(await kit.output("app-f")).toEqual(["changed", "Ada", "x"]);
});

test("v4: onions have the first outermost; observers that throw are logged and change nothing", async () => {
  const log: string[] = [];
  const logger = new MemoryLogger();
  class Throws extends Middleware.BaseMiddleware {
    readonly id = "throws";
    override onStepStart(): void {
      throw new Error("observer");
    }
  }
  const inngest = new Inngest({
    id: "app",
    logger,
    middleware: [recorder(log, "1:"), Throws, recorder(log, "2:")],
  });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) =>
    step.run("a", () => 1),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toBe(1);
  expect(log.filter((line) => /request|body|send/.test(line))).toEqual([
    "1:send go",
    "2:send go",
    "1:sending",
    "2:sending",
    "1:request",
    "2:request",
    "1:body a",
    "2:body a",
  ]);
  expect(logger.lines).toContainEqual([
    "error",
    expect.objectContaining({ hook: "onStepStart", middleware: "throws" }),
    "middleware failed",
  ]);
});

test("v4: a request that is refused fails the execution, and the handler is not called", async () => {
  class Refuse extends Middleware.BaseMiddleware {
    readonly id = "refuse";
    override async wrapRequest(): Promise<Middleware.Response> {
      throw new Error("not you");
    }
  }
  let called = false;
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [Refuse] });
  const fn = inngest.createFunction({ id: "f", retries: 0 }, { event: "go" }, () => {
    called = true;
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect((await kit.run("app-f")).error?.message).toBe("not you");
  expect(called).toBe(false);
});

test("v4: onRegister is told once a client or function", () => {
  const told: unknown[] = [];
  class Registers extends Middleware.BaseMiddleware {
    readonly id = "registers";
    static override onRegister({ fn }: Middleware.OnRegisterArgs): void {
      told.push(fn?.id() ?? null);
    }
  }
  const inngest = new Inngest({ id: "app", middleware: [Registers] });
  inngest.createFunction({ id: "f", middleware: [Registers] }, { event: "go" }, () => 1);
  inngest.createFunction({ id: "g" }, { event: "go" }, () => 1);
  expect(told).toEqual([null, "f"]);
});

test("v4: a step that sends goes through the hooks once, and not again in a replay", async () => {
  const log: string[] = [];
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [recorder(log)] });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) => {
    const { ids } = await step.sendEvent("tell", { name: "told" });
    await step.sleep("s", "1h");
    return ids.length;
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(HOUR);
  expect(await kit.output("app-f")).toBe(1);
  expect(log.filter((line) => line.startsWith("send"))).toEqual([
    "send go",
    "sending",
    "send told",
    "sending",
  ]);
  expect(log.filter((line) => line.startsWith("stepComplete tell"))).toHaveLength(1);
});

/** Every hook of an older middleware, in order. */
function legacyRecorder(log: string[], label = ""): InngestMiddleware.Any {
  const note = (hook: string) => (): void => void log.push(label + hook);
  return new InngestMiddleware({
    name: "recorder",
    init: () => {
      log.push(`${label}init`);
      return {
        onFunctionRun: () => {
          log.push(`${label}run`);
          return {
            transformInput: note("transformInput"),
            beforeMemoization: note("beforeMemoization"),
            afterMemoization: note("afterMemoization"),
            beforeExecution: note("beforeExecution"),
            afterExecution: note("afterExecution"),
            transformOutput: ({ step }: { step?: { name: string } | undefined }) =>
              void log.push(`${label}transformOutput ${step?.name ?? "run"}`),
            finished: note("finished"),
            beforeResponse: note("beforeResponse"),
          };
        },
        onSendEvent: () => ({
          transformInput: note("send"),
          transformOutput: note("sent"),
        }),
      };
    },
  });
}

test("v3: hooks of two executions, in order", async () => {
  const log: string[] = [];
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [legacyRecorder(log)] });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) => {
    await step.run("a", () => 1);
    await step.sleep("s", "1h");
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.engine.whenQuiet();
  // The run begins in the commit that stored the event, so `sent` may come after it.
  expect(log.filter((hook) => hook !== "sent")).toEqual([
    "init",
    "send",
    "run",
    "transformInput",
    "beforeMemoization",
    "afterMemoization",
    "beforeExecution",
    "transformOutput a",
    "afterExecution",
    "beforeResponse",
  ]);
  log.length = 0;
  await kit.advance(HOUR);
  expect((await kit.run("app-f")).state).toBe("completed");
  expect(log).toEqual([
    "run",
    "transformInput",
    "beforeMemoization",
    "afterMemoization",
    "beforeExecution",
    "afterExecution",
    "transformOutput run",
    "finished",
    "beforeResponse",
  ]);
});

test("v3: encryption round trip; the store has the secret, handlers see the value", async () => {
  const hide = (value: unknown): unknown => ({ hidden: JSON.stringify(value) });
  const show = (value: unknown): unknown =>
    value !== null && typeof value === "object" && "hidden" in value
      ? JSON.parse(String(value.hidden))
      : value;
  const encryption = new InngestMiddleware({
    name: "encryption",
    init: async () => ({
      onFunctionRun: () => ({
        transformInput: ({ ctx, steps }) => ({
          ctx: { event: { ...ctx.event, data: show(ctx.event.data) } },
          steps: steps.map((step) => ({ ...step, data: show(step.data) })),
        }),
        transformOutput: ({ result, step }) =>
          step && "data" in result ? { result: { data: hide(result.data) } } : undefined,
      }),
      onSendEvent: () => ({
        transformInput: ({ payloads }) => ({
          payloads: payloads.map((payload) => ({ ...payload, data: hide(payload.data) })),
        }),
        transformOutput: ({ result }) => ({ result: { ...result, encrypted: true } }),
      }),
    }),
  });
  const inngest = new Inngest({ id: "app", logger: silent, middleware: [encryption] });
  const seen: unknown[] = [];
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ event, step }) => {
    const secret = await step.run("secret", () => ({ pin: event.data.pin * 2, at: new Date(0) }));
    seen.push(secret);
    await step.sleep("s", "1h");
    return secret;
  });
  await using kit = await InngestKit.start([fn]);
  expect(await inngest.send({ name: "go", data: { pin: 21 } })).toMatchObject({ encrypted: true });
  await kit.advance(HOUR);
  const value = { pin: 42, at: "1970-01-01T00:00:00.000Z" };
  expect(await kit.output("app-f")).toEqual(value);
  expect(seen).toEqual([value, value]);
  const { journal, events } = await kit.run("app-f");
  expect(journal[0]?.data).toContain("hidden");
  expect(events[0]?.data).toEqual({ hidden: '{"pin":21}' });
});

test("v3: hooks that come after something run in reverse; errors can be exchanged", async () => {
  const log: string[] = [];
  const exchanging = new InngestMiddleware({
    name: "exchange",
    init: () => ({
      onFunctionRun: () => ({
        transformOutput: ({ result }) =>
          result.error ? { result: { error: new Error("another") } } : undefined,
      }),
    }),
  });
  const inngest = new Inngest({
    id: "app",
    logger: silent,
    middleware: [legacyRecorder(log, "1:"), legacyRecorder(log, "2:"), exchanging],
  });
  const fn = inngest.createFunction({ id: "f", retries: 0 }, { event: "go" }, () => {
    throw new Error("one");
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect((await kit.run("app-f")).error?.message).toBe("another");
  const order = (hook: string) => log.filter((line) => line.endsWith(hook)).map((line) => line[0]);
  expect(order("transformInput")).toEqual(["1", "2"]);
  expect(order("transformOutput run")).toEqual(["2", "1"]);
  expect(order("afterMemoization")).toEqual(["2", "1"]);
  expect(order("beforeExecution")).toEqual(["1", "2"]);
});

test("middleware of a function comes after the client's", async () => {
  const log: string[] = [];
  const inngest = new Inngest({
    id: "app",
    logger: silent,
    middleware: [legacyRecorder(log, "client ")],
  });
  const fn = inngest.createFunction(
    { id: "f", middleware: [recorder(log, "function ")] },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toBe(1);
  expect(log.indexOf("client transformInput")).toBeLessThan(log.indexOf("function handler"));
  expect(log).not.toContain("function send go");
});

test("an init that fails is told to whoever sends", async () => {
  const inngest = new Inngest({
    id: "app",
    logger: silent,
    middleware: [
      new InngestMiddleware({ name: "bad", init: () => Promise.reject(new Error("no database")) }),
    ],
  });
  await expect(inngest.ready).rejects.toThrow("no database");
  await expect(inngest.send({ name: "go" })).rejects.toThrow("no database");
});

test("validationMiddleware holds events to the client's schemas, sent and received", async () => {
  const positive: StandardSchemaV1<{ n: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        (value as { n: number }).n > 0
          ? { value: value as { n: number } }
          : { issues: [{ message: "must be positive", path: [{ key: "n" }] }] },
    },
  };
  const schemas = new EventSchemas().fromSchema({ "num/sent": positive });
  const inngest = new Inngest({
    id: "app",
    logger: silent,
    schemas,
    middleware: [validationMiddleware({ disallowUnknownEvents: true })],
  });
  const lax = new Inngest({ id: "lax", logger: silent });
  const fn = inngest.createFunction(
    { id: "f" },
    { event: "num/sent" },
    ({ event }) => event.data.n,
  );
  await using kit = await InngestKit.start([fn]);
  await expect(inngest.send({ name: "num/sent", data: { n: 0 } })).rejects.toThrow(
    "data.n: must be positive",
  );
  await expect(inngest.send({ name: "other" } as never)).rejects.toThrow("no schema knows it");
  await lax.send({ name: "num/sent", data: { n: -1 } });
  expect((await kit.run("app-f")).error).toMatchObject({ code: "INNGEST_EVENT_INVALID" });
  await inngest.send({ name: "num/sent", data: { n: 5 } });
  expect(await kit.output("app-f")).toBe(5);
});
