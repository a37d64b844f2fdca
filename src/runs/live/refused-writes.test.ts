import { join } from "node:path";
import { expect, test } from "vitest";
import { define } from "../../../test/support/engine-kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { openConnection } from "../../storage/sqlite/connection.ts";
import { SqliteStore } from "../../storage/sqlite/store.ts";
import { RunEngine } from "../engine.ts";
import { SqliteRunStore } from "../store/sqlite/sqlite-run-store.ts";

const HOUR_MS = 3_600_000;

test("live code that goes on while its suspension cannot be written is not left behind", async () => {
  const path = join(tempFolder(), "runs.db");
  const sqlite = SqliteStore.open({ path, busyTimeoutMs: 10 });
  const store = new SqliteRunStore(sqlite);
  const engine = new RunEngine({ store, retention: false });
  const [begin, beside, wentOn] = [new Gate(), new Gate<string>(), new Gate()];
  let starts = 0;
  engine.register([
    define(
      "live",
      async (run) => {
        starts++;
        await begin.pass();
        const goOn = async (): Promise<unknown> => {
          const text = await beside.pass();
          void wentOn.pass();
          return run.run("beside", () => text);
        };
        return Promise.race([run.sleepUntil("nap", run.event.ts + HOUR_MS), goOn()]);
      },
      { executor: "live" },
    ),
  ]);
  await engine.start();
  const id = await engine.trigger("live");
  await begin.reached;
  const other = openConnection({ path });
  other.exec("BEGIN IMMEDIATE");
  begin.open();
  await beside.reached;
  await expect(engine.send([{ name: "refused" }])).rejects.toMatchObject({
    code: "STORE_BUSY_TIMEOUT",
  });
  beside.open("text");
  await wentOn.reached;
  other.exec("ROLLBACK");
  other.close();
  expect(await store.waitForEnd(id)).toBe("completed");
  expect(await store.getRun(id)).toMatchObject({ output: '"text"' });
  expect(starts).toBe(1);
  await engine.close();
  await store.close();
  await sqlite.close();
});
