import { describe } from "vitest";
import { testDirectory } from "./runs/directory.ts";
import { testFlowControl } from "./runs/flow-control.ts";
import { testInvocations } from "./runs/invocations.ts";
import { testJournal } from "./runs/journal.ts";
import type { RunStoreKind } from "./runs/kit.ts";
import { testLeases } from "./runs/leases.ts";
import { testRecords } from "./runs/records.ts";
import { testStarts } from "./runs/starts.ts";
import { testTimes } from "./runs/times.ts";
import { testWaits } from "./runs/waits.ts";

export type { RunStoreKind } from "./runs/kit.ts";

/** What every store of runs has to do. */
export function testRunStore(name: string, kind: RunStoreKind): void {
  describe(`runs ${name}`, () => {
    testStarts(kind);
    testJournal(kind);
    testLeases(kind);
    testWaits(kind);
    testInvocations(kind);
    testFlowControl(kind);
    testTimes(kind);
    testRecords(kind);
    testDirectory(kind);
  });
}
