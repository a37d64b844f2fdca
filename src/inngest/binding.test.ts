import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { InngestKit, MemoryLogger, silent } from "../../test/support/inngest-kit.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { closeDefaultHost, Inngest } from "./index.ts";
import { serve } from "./node.ts";
import { serve as serveNext } from "./next.ts";

let file = "";

beforeEach(() => {
  file = `file:${tempFolder()}/longhaul.db`;
  vi.stubEnv("LONGHAUL_URL", file);
});

afterEach(async () => {
  await closeDefaultHost();
  vi.unstubAllEnvs();
});

/** A promise, and what resolves it. */
function signal<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((resolved) => (resolve = resolved));
  return { promise, resolve };
}

/** A client with a function; `ran` is the data that the function ran with. */
const makeApp = (id: string) => {
  const ran = signal<unknown>();
  const client = new Inngest({ id, logger: silent });
  const fn = client.createFunction({ id: "f" }, { event: "go" }, ({ event }) =>
    ran.resolve(event.data),
  );
  return { client, fn, ran: ran.promise };
};

test("without a runtime: send stores in the default store, serve executes", async () => {
  const { client, fn, ran } = makeApp("a");
  const { ids } = await client.send({ name: "go", data: { n: 1 } });
  expect(ids).toHaveLength(1);
  serve({ client, functions: [fn] });
  expect(await ran).toEqual({ n: 1 });
});

test("functions that are made after the first send are known to the default store", async () => {
  const { client } = makeApp("a");
  await client.send({ name: "nobody" });
  const ran = signal<void>();
  const late = client.createFunction({ id: "late" }, { event: "late" }, () => ran.resolve());
  await client.send({ name: "late" });
  serve({ client, functions: [late] });
  await expect(ran.promise).resolves.toBeUndefined();
});

test("a runtime takes precedence over the default store, and closes it", async () => {
  const { client, fn } = makeApp("a");
  await client.send({ name: "nobody" });
  {
    await using kit = await InngestKit.start([fn]);
    await client.send({ name: "go", data: { to: "runtime" } });
    expect((await kit.run("a-f")).state).toBe("completed");
    serve({ client, functions: [fn] });
    await nextTurn();
    await client.send({ name: "go", data: { to: "runtime" } });
    expect(await kit.runs("a-f")).toHaveLength(2);
  }
  expect((await client.send({ name: "nobody" })).ids).toHaveLength(1);
});

test("the runtime that was made last is the one; a client that only sends uses it", async () => {
  const { fn } = makeApp("a");
  const sender = new Inngest({ id: "sender", logger: silent });
  await using first = await InngestKit.start([fn]);
  {
    await using second = await InngestKit.start([fn]);
    await sender.send({ name: "go" });
    await fn.client.send({ name: "go" });
    expect(await second.runs("a-f")).toHaveLength(2);
  }
  await sender.send({ name: "go" });
  expect(await first.runs("a-f")).toHaveLength(1);
});

test("serve registers functions that the runtime was not given, also under another id", async () => {
  const { client, fn } = makeApp("a");
  const other = makeApp("b");
  await using kit = await InngestKit.start([other.fn]);
  serve({ client, functions: [fn] });
  serve({ client, functions: [fn], id: "renamed" });
  await nextTurn();
  await client.send({ name: "go" });
  expect(await kit.runs("a-f")).toHaveLength(1);
  expect(await kit.runs("renamed-f")).toHaveLength(1);
});

test("a build that only loads the module opens nothing", async () => {
  vi.stubEnv("NEXT_PHASE", "phase-production-build");
  vi.stubEnv("LONGHAUL_URL", "nonsense");
  const logger = new MemoryLogger();
  const client = new Inngest({ id: "a", logger });
  serveNext({ client, functions: [] });
  await nextTurn();
  expect(logger.lines).toEqual([]);
});

test("a default store that cannot be opened is told to those who send, and logged by serve", async () => {
  vi.stubEnv("LONGHAUL_URL", "nonsense");
  const logger = new MemoryLogger();
  const client = new Inngest({ id: "a", logger, isDev: false });
  await expect(client.send({ name: "go" })).rejects.toMatchObject({ code: "STORE_BAD_URL" });
  const { GET } = serveNext({ client, functions: [] });
  await nextTurn();
  expect(logger.lines).toMatchObject([
    ["error", { err: { code: "STORE_BAD_URL" } }, expect.any(String)],
  ]);
  expect((await GET(new Request("http://localhost/"))).status).toBe(500);
  vi.stubEnv("LONGHAUL_URL", file);
  expect((await GET(new Request("http://localhost/"))).status).toBe(200);
});
