import { onTestFinished } from "vitest";
import type { RunStore } from "../../src/runs/store/run-store.ts";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import { drivers, newPath, openStore } from "../support/stores.ts";
import { testRunStore } from "./run-store.ts";

for (const driver of drivers) {
  const open = (path: string): RunStore => {
    const runs = new SqliteRunStore(openStore({ path, driver }));
    onTestFinished(() => runs.close());
    return runs;
  };
  testRunStore(`in memory, ${driver}`, { open: () => open(newPath(":memory:")) });
  testRunStore(`in a file, ${driver}`, {
    open: () => open(newPath("file")),
    openTwo: () => {
      const path = newPath("file");
      return [open(path), open(path)];
    },
  });
}
