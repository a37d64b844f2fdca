import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { RunEngine } from "./engine.ts";
import { KNOWN_FOR_MS } from "./known-functions.ts";
import { SqliteRunStore } from "./store/sqlite/sqlite-run-store.ts";

const HOUR_MS = 3_600_000;
const EVENT = [{ name: "start/greet" }];

const greet = define("greet", (run) => run.run("greet", () => "hello"));

/** An engine on the same store that executes nothing. */
const sender = (kit: EngineKit): RunEngine =>
  new RunEngine({ store: new SqliteRunStore(kit.sqlite), clock: kit.clock });

async function runsOf(kit: EngineKit, [eventId]: readonly string[]) {
  await kit.engine.whenQuiet();
  return kit.store.runsOfEvent(eventId!);
}

test("an event starts the functions of other processes", async () => {
  await using kit = await EngineKit.start([greet]);
  const runs = await runsOf(kit, await sender(kit).send(EVENT));
  expect(runs).toMatchObject([{ functionId: "greet", state: "completed", output: '"hello"' }]);
});

test("their flow control counts", async () => {
  const once = define("greet", async () => {}, { rateLimit: { limit: 1, periodMs: HOUR_MS } });
  await using kit = await EngineKit.start([once]);
  const other = sender(kit);
  expect(await runsOf(kit, await other.send(EVENT))).toHaveLength(1);
  expect(await runsOf(kit, await other.send(EVENT))).toHaveLength(0);
});

test("a function of another process can be started by its id", async () => {
  await using kit = await EngineKit.start([greet]);
  expect(await sender(kit).invoke("greet")).toBe("hello");
});

test("a function of the same id in this process counts instead", async () => {
  await using kit = await EngineKit.start([greet]);
  const other = sender(kit);
  other.register([define("greet", async () => {}, { triggers: [{ event: "new/name" }] })]);
  expect(await runsOf(kit, await other.send(EVENT))).toHaveLength(0);
  expect(await runsOf(kit, await other.send([{ name: "new/name" }]))).toHaveLength(1);
});

test("functions that are registered later are known, too", async () => {
  await using kit = await EngineKit.start([]);
  kit.engine.register([greet]);
  await kit.engine.whenQuiet();
  expect(await runsOf(kit, await sender(kit).send(EVENT))).toHaveLength(1);
});

test("an event starts them while their process is being restarted", async () => {
  await using kit = await EngineKit.start([greet]);
  await kit.engine.close();
  const other = sender(kit);
  const eventIds = await other.send(EVENT);
  expect(await runsOf(kit, eventIds)).toMatchObject([{ functionId: "greet", state: "queued" }]);
  other.register([greet]);
  await other.start();
  await other.whenQuiet();
  expect(await runsOf(kit, eventIds)).toMatchObject([{ state: "completed" }]);
  await other.close();
});

test("what nobody executes any more is forgotten; what somebody does is not", async () => {
  const stays = define("stays", async () => {}, { triggers: [{ event: "start/greet" }] });
  await using kit = await EngineKit.start([stays]);
  const gone = sender(kit);
  gone.register([greet]);
  await gone.start();
  await gone.close();
  const other = sender(kit);
  await kit.advance(KNOWN_FOR_MS - HOUR_MS);
  expect(await runsOf(kit, await other.send(EVENT))).toHaveLength(2);
  await kit.advance(25 * HOUR_MS);
  expect(await runsOf(kit, await other.send(EVENT))).toMatchObject([{ functionId: "stays" }]);
});
