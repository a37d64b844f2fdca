import { afterEach, expect, test, vi } from "vitest";
import { InngestKit, MemoryLogger } from "../../test/support/inngest-kit.ts";
import { ConsoleLogger, Inngest, type Logger, ProxyLogger } from "./index.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("ctx.logger is silent while finished steps are gone through again", async () => {
  const logger = new MemoryLogger();
  const inngest = new Inngest({ id: "app", logger });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step, logger }) => {
    logger.info("begin");
    await step.run("a", () => logger.info("in a"));
    logger.info("after a");
    await step.sleep("s", "1h");
    logger.info("after the sleep");
    await step.run("b", () => logger.info("in b"));
    logger.warn("end");
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(3_600_000);
  expect((await kit.run("app-f")).state).toBe("completed");
  expect(logger.lines.map(([, message]) => message)).toEqual([
    "begin",
    "in a",
    "after a",
    "after the sleep",
    "in b",
    "end",
  ]);
});

test("children, other levels and other members of the logger", async () => {
  const lines: unknown[] = [];
  const make = (bindings: object): Logger & Record<string, unknown> => ({
    debug: () => {},
    info: (message) => void lines.push([bindings, message]),
    warn: () => {},
    error: () => {},
    trace: (message: unknown) => void lines.push(["trace", message]),
    level: "info",
    child: (more: object) => make({ ...bindings, ...more }),
    flush: () => void lines.push("flushed"),
  });
  const inngest = new Inngest({ id: "app", logger: make({ app: 1 }) });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step, logger }) => {
    const child = (logger as never as { child(bindings: object): Logger }).child({ own: true });
    child.info("replayed");
    (logger as never as { trace(message: string): void }).trace("replayed");
    await step.sleep("s", "1h");
    child.info((logger as never as { level: string }).level);
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.engine.whenQuiet();
  lines.length = 0;
  await kit.advance(3_600_000);
  const { id } = await kit.run("app-f");
  expect(lines).toEqual([
    [
      { app: 1, runID: id, eventName: "go", requestId: expect.stringContaining(id), own: true },
      "info",
    ],
    "flushed",
  ]);
});

test("errors of steps and runs are logged", async () => {
  const logger = new MemoryLogger();
  const inngest = new Inngest({ id: "app", logger });
  const fn = inngest.createFunction({ id: "f", retries: 0 }, { event: "go" }, async ({ step }) => {
    await step.run("a", async () => {
      throw new Error("no");
    });
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect((await kit.run("app-f")).state).toBe("failed");
  expect(
    logger.lines.map(([level, fields]) => [level, String((fields as { err: unknown }).err)]),
  ).toEqual([
    ["error", "Error: no"],
    ["error", "Error: no"],
  ]);
});

test("ConsoleLogger: by level, message first", () => {
  const info = vi.spyOn(console, "info").mockImplementation(() => {});
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const debug = vi.spyOn(console, "debug").mockImplementation(() => {});
  const logger = new ConsoleLogger();
  logger.debug("hidden");
  logger.info("plain", 1);
  logger.error({ err: "E", run: 5 }, "failed", "more");
  new ConsoleLogger({ level: "silent" }).error("hidden");
  new ConsoleLogger({ level: "debug" }).debug("shown");
  new ConsoleLogger({ level: "error" }).warn("hidden");
  expect(info.mock.calls).toEqual([["plain", 1]]);
  expect(error.mock.calls).toEqual([["failed", "more", "E", { run: 5 }]]);
  expect(debug.mock.calls).toEqual([["shown"]]);
});

test("ProxyLogger is silent until it is enabled", async () => {
  const logger = new MemoryLogger();
  const proxy = new ProxyLogger(logger);
  proxy.info("hidden");
  proxy.enable();
  proxy.debug(1);
  proxy.info(2);
  proxy.warn(3);
  proxy.error(4);
  proxy.disable();
  proxy.error("hidden");
  await proxy.flush();
  expect(logger.lines).toEqual([
    ["debug", 1],
    ["info", 2],
    ["warn", 3],
    ["error", 4],
  ]);
});
