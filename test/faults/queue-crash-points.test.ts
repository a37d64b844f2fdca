/**
 * A process is killed at each named crash point, just before and just after the commit. The file must then be, row for
 * row, what it was before that step, or what it is after: compared with a run in which nobody was killed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openConnection, type SqlValue } from "../../src/storage/sqlite/connection.ts";
import { nameOf, openTools, operations, type Operation } from "./programs/crash-operations.ts";
import { replaceClock, restoreClock } from "./programs/fixed-clock.ts";
import { checkFile, contents } from "./queue-check-file.ts";
import { faultsKit, type Place } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();
const PREPARED_AT = Date.UTC(2026, 0, 1, 12);
/** The operation happens a while later, so that locks and delays can have run out. */
const DONE_AT = PREPARED_AT + 10;

afterEach(restoreClock);

/** Labels whose transactions leave nothing behind that could be half done. */
const EXEMPT = new Set(["register", "unregister", "orphans"]);

test("every operation of the backend is tried", () => {
  const source = readFileSync(new URL("../../src/queue/backend.ts", import.meta.url), "utf8");
  const labels = [...source.matchAll(/\.#?(?:write|persist)\(\s*"([\w-]+)"/g)].map(
    ([, label]) => label!,
  );
  const tried = new Set(operations.map(({ label }) => label));
  expect(labels.length).toBeGreaterThan(25);
  expect(labels.filter((label) => !tried.has(label) && !EXEMPT.has(label))).toEqual([]);
});

type Contents = Record<string, SqlValue[][]>;

test.each(operations.map((operation) => [nameOf(operation), operation] as const))(
  "%s",
  async (_, operation) => {
    const place = kit.place();
    const prepared = await prepare(place, operation);
    const states = [contents(prepared), ...(await undisturbed(place, prepared, operation))];
    const crashes = operation.steps.flatMap((_, step) => [
      { step, moment: "before-commit", expected: states[step]! },
      { step, moment: "after-commit", expected: states[step + 1]! },
    ]);
    expect(states[1]).not.toEqual(states[0]);
    await Promise.all(
      crashes.map(async ({ step, moment, expected }) => {
        const path = copyOf(prepared, place, `${step}-${moment}`);
        const child = new Child(
          "queue-crash",
          { connection: `file:${path}`, operation: nameOf(operation), now: DONE_AT },
          {
            env: {
              LONGHAUL_CRASH_AT: `${operation.label}:${moment}#${step + 1 + (operation.passesBefore ?? 0)}`,
            },
          },
        );
        expect(await child.end()).toEqual({ code: null, signal: "SIGKILL" });
        expect(child.take("acknowledged").map((message) => message["step"])).toEqual([
          ...Array.from({ length: step }).keys(),
        ]);
        expect(differences(contents(path), expected)).toEqual([]);
        await reopen(path, operation);
        expect(checkFile(path)).toEqual([]);
      }),
    );
  },
);

/** Runs an operation's preparation. This process lives on as the owner of what it claimed. @returns the file */
async function prepare(place: Place, operation: Operation): Promise<string> {
  replaceClock(() => PREPARED_AT);
  const tools = kit.closing(await openTools(place.connection, operation));
  await operation.prepare?.(tools);
  return place.path;
}

/** Runs the steps with nobody killed. @returns the contents after each */
async function undisturbed(
  place: Place,
  prepared: string,
  operation: Operation,
): Promise<Contents[]> {
  const path = copyOf(prepared, place, "undisturbed");
  replaceClock(() => DONE_AT);
  const tools = await openTools(`file:${path}`, operation);
  const states: Contents[] = [];
  for (const step of operation.steps) {
    await step(tools);
    states.push(contents(path));
  }
  await tools.close();
  restoreClock();
  return states;
}

function copyOf(path: string, { folder }: Place, name: string): string {
  const copy = join(folder, `${name}.db`);
  const connection = openConnection({ path, readOnly: true });
  connection.sql("VACUUM INTO ?").run(copy);
  connection.close();
  return copy;
}

/** Opens the file as the next process would. */
async function reopen(path: string, operation: Operation): Promise<void> {
  const tools = await openTools(`file:${path}`, operation);
  await tools.queue.getJobCounts();
  await tools.close();
}

/** Tables that differ, in words. */
function differences(found: Contents, expected: Contents): string[] {
  return Object.keys(expected).flatMap((table) => {
    const [is, should] = [JSON.stringify(found[table]), JSON.stringify(expected[table])];
    return is === should ? [] : [`${table}: is ${is}, should be ${should}`];
  });
}
