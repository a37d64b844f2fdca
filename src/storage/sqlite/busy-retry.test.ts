import { expect, test } from "vitest";
import { retryWhileBusy } from "./busy-retry.ts";

const busy = (): Error => Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY" });

test("tries again while the file is locked", () => {
  let tries = 0;
  const work = (): string => {
    if (++tries < 3) throw busy();
    return "done";
  };
  expect(retryWhileBusy("jobs.db", 1_000, work)).toBe("done");
  expect(tries).toBe(3);
});

test("other errors are thrown at once", () => {
  let tries = 0;
  const work = (): void => {
    tries++;
    throw new Error("no such table");
  };
  expect(() => retryWhileBusy("jobs.db", 1_000, work)).toThrow("no such table");
  expect(tries).toBe(1);
});

test("gives up after its limit", () => {
  const cause = busy();
  const work = (): void => {
    throw cause;
  };
  expect(() => retryWhileBusy("jobs.db", 0, work)).toThrow(
    expect.objectContaining({ code: "STORE_BUSY_TIMEOUT", retryable: true, cause }),
  );
});
