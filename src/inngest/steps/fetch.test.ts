import { expect, test, vi } from "vitest";
import { InngestKit, silent } from "../../../test/support/inngest-kit.ts";
import {
  experiment,
  fetch as globalFetch,
  group as globalGroup,
  Inngest,
  NonRetriableError,
} from "../index.ts";

test("step.fetch: one request, whose response is remembered; bytes and texts", async () => {
  const bytes = new Uint8Array([0, 255, 254, 10]);
  const called = vi.fn<typeof fetch>(async (input) => {
    const request = new Request(input);
    const { url, method } = request;
    if (url.endsWith("/bytes")) return new Response(bytes, { status: 201 });
    if (url.endsWith("/none")) return new Response(null, { status: 204, headers: { "x-a": "b" } });
    return new Response(`${method} ${await request.text()}`, {
      headers: { "content-type": "text/plain", "content-length": "99" },
    });
  });
  const inngest = new Inngest({ id: "app", logger: silent, fetch: called });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) => {
    const text = await step.fetch("https://api.example/text", { method: "POST", body: "hello" });
    const binary = await globalFetch("https://api.example/bytes");
    const none = await step.fetch(new URL("https://api.example/none"));
    await step.sleep("s", "1h");
    return [
      await text.text(),
      text.headers.get("content-type"),
      text.headers.get("content-length"),
      [...new Uint8Array(await binary.arrayBuffer())],
      binary.status,
      none.status,
      none.headers.get("x-a"),
    ];
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(3_600_000);
  expect(await kit.output("app-f")).toEqual([
    "POST hello",
    "text/plain",
    null,
    [...bytes],
    201,
    204,
    "b",
  ]);
  expect(called).toHaveBeenCalledTimes(3);
  const { journal } = await kit.run("app-f");
  expect(journal.map(({ key }) => key)).toEqual([
    "step.fetch: api.example",
    "step.fetch: api.example:1",
    "step.fetch: api.example:2",
    "s",
  ]);
});

test("fetch in a step's body and outside of functions is the usual one, or what it was told", async () => {
  const fallback = vi.fn<typeof fetch>(async () => new Response("fallback"));
  const inngest = new Inngest({ id: "app", logger: silent });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) =>
    step.run("body", async () =>
      (await globalFetch.config({ fallback })("https://x.example")).text(),
    ),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toBe("fallback");
  expect(globalFetch.fallback).toBe(fallback);
  expect(await (await globalFetch("https://x.example")).text()).toBe("fallback");
  globalFetch.config({ fallback: undefined });
  await expect(globalFetch("https://x.example")).rejects.toMatchObject({
    code: "INNGEST_NOT_IN_FUNCTION",
  });
  globalFetch.config({ fallback: (...args) => globalThis.fetch(...args) });
});

test("group.experiment: picked once, remembered, and run", async () => {
  const select = vi.fn<() => string>(() => "b");
  const inngest = new Inngest({ id: "app", logger: silent });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step, group }) => {
    const picked = await group.experiment("which", {
      variants: { a: () => step.run("a", () => "A"), b: () => step.run("b", () => "B") },
      select: experiment.custom(select),
    });
    await step.sleep("s", "1h");
    return picked;
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(3_600_000);
  expect(await kit.output("app-f")).toEqual({
    result: "B",
    variant: "b",
    experimentRef: { experimentName: "which", variant: "b" },
  });
  expect(select).toHaveBeenCalledOnce();
});

test.each([
  ["a variant that is not there", "c", "no variant c"],
  ["a variant without a step", "a", "took no step"],
])("group.experiment refuses %s", async (_case, pick, message) => {
  const inngest = new Inngest({ id: "app", logger: silent });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async () => {
    const options = { variants: { a: (): number => 1 }, select: experiment.fixed(pick) };
    await globalGroup.experiment("x", options);
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect((await kit.run("app-f")).error).toMatchObject({
    name: NonRetriableError.name,
    message: expect.stringContaining(message),
  });
});

test("experiment strategies", () => {
  const weighted = experiment.weighted({ a: 0, b: 1 });
  expect(weighted([])).toBe("b");
  const bucket = experiment.bucket("user-1");
  expect(bucket(["a", "b", "c"])).toBe(bucket(["a", "b", "c"]));
  const picks = new Set(
    Array.from({ length: 60 }, (_, user) => experiment.bucket(user)(["a", "b", "c"])),
  );
  expect(picks.size).toBe(3);
  expect(experiment.bucket(null, { weights: { z: 1 } })([])).toBe("z");
  expect(() => experiment.weighted({ a: 0 })).toThrow("weights");
  expect(() => experiment.bucket(1, { weights: { a: -1 } })).toThrow("weights");
});

test("group.parallel needs a callback; the global tools need a function", async () => {
  await expect(globalGroup.parallel(async () => 1)).rejects.toThrow("group.parallel");
  const inngest = new Inngest({ id: "app", logger: silent });
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, ({ group }) =>
    group.parallel({ mode: "race" }, undefined as never),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect((await kit.run("app-f")).error).toMatchObject({ code: "INNGEST_BAD_STEP" });
});
