import { expect, test } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { Inngest } from "./index.ts";

/** What a program does wrong ends the run with an error that says so, and nothing else. */

const inngest = new Inngest({ id: "app", logger: silent });

test.each([
  ["a string", "no", { name: "Error", message: "no" }],
  ["undefined", undefined, { name: "Error", message: "undefined" }],
  ["null", null, { name: "Error", message: "null" }],
  ["an object", { code: 7 }, { name: "Error", message: expect.stringContaining("7") }],
  [
    "an error of a class of one's own",
    Object.assign(new RangeError("far"), { code: "E_FAR", cause: new Error("why") }),
    { name: "RangeError", message: "far", code: "E_FAR" },
  ],
])("a step and a handler that throw %s: onFailure is told", async (_what, thrown, error) => {
  const throwIt = (): never => {
    // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
    throw thrown;
  };
  const seen: unknown[] = [];
  const onFailure = ({ error, event }: { error: Error; event: { data: { error: object } } }) => {
    expect(error).toBeInstanceOf(Error);
    seen.push(event.data.error);
  };
  const inHandler = inngest.createFunction(
    { id: "handler", retries: 0, onFailure },
    { event: "go" },
    throwIt,
  );
  const inStep = inngest.createFunction(
    { id: "step", retries: 0, onFailure },
    { event: "go" },
    async ({ step }) => {
      await step.run("a", throwIt);
    },
  );
  await using kit = await InngestKit.start([inHandler, inStep]);
  await inngest.send({ name: "go" });
  expect((await kit.run("app-handler")).error).toMatchObject(error);
  expect((await kit.run("app-step")).error).toMatchObject(error);
  expect(seen).toEqual([expect.objectContaining(error), expect.objectContaining(error)]);
});

const circle: Record<string, unknown> = {};
circle["self"] = circle;

test.each([
  ["a circle", () => circle],
  ["a bigint", () => 5n],
  ["more than 4 MB", () => "x".repeat(4 * 1024 * 1024)],
  ["a toJSON that throws", () => ({ toJSON: () => [].map.call(undefined as never, Number) })],
])("output that is %s fails the run, in a step and in a handler", async (_what, make) => {
  const handler = inngest.createFunction({ id: "handler" }, { event: "go" }, () => make());
  const step = inngest.createFunction({ id: "step" }, { event: "go" }, async ({ step }) => {
    await step.run("large", (): unknown => make());
  });
  const next = inngest.createFunction({ id: "next" }, { event: "next" }, () => "goes on");
  await using kit = await InngestKit.start([handler, step, next]);
  await inngest.send({ name: "go" });
  for (const id of ["app-handler", "app-step"]) {
    const { state, error } = await kit.run(id);
    expect([state, error?.code]).toEqual(["failed", expect.stringMatching(/^RUNS_/)]);
  }
  await inngest.send({ name: "next" });
  expect(await kit.output("app-next")).toBe("goes on");
});

test("an event that nobody waits for is stored, and starts nothing", async () => {
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, () => 1);
  await using kit = await InngestKit.start([fn]);
  const { ids } = await inngest.send({ name: "unheard/of" });
  expect(await kit.store.runsOfEvent(ids[0]!)).toEqual([]);
  expect(await kit.runs("app-f")).toEqual([]);
});

test("a function that is not there: the step says so, and can be caught", async () => {
  const fn = inngest.createFunction({ id: "f", retries: 0 }, { event: "go" }, async ({ step }) =>
    step.invoke("lost", { function: "app-lost" }).catch((error: Error) => error.message),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toContain("app-lost");
});
