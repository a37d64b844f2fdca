import { describe } from "vitest";
import { testDirectory } from "./runs/directory.ts";
import { testFlowControl } from "./runs/flow-control.ts";
import { testInvocations } from "./runs/invocations.ts";
import { testJournal } from "./runs/journal.ts";
import type { RunStoreKind } from "./runs/kit.ts";
import { testLeases } from "./runs/leases.ts";
import { testRecords } from "./runs/records.ts";
import { testStarts } from "./runs/starts.ts";
import { testTaskChildren } from "./runs/tasks-children.ts";
import { testTaskStarts } from "./runs/tasks-starts.ts";
import { testTaskTokens } from "./runs/tasks-tokens.ts";
import { testTaskQueues } from "./runs/tasks-queues.ts";
import { testTaskQueuesAtRandom } from "./runs/tasks-queues-random.ts";
import { testTaskRecords } from "./runs/tasks-records.ts";
import { testTaskStreams } from "./runs/tasks-streams.ts";
import { testTaskBatches } from "./runs/tasks-batches.ts";
import { testTaskSchedules } from "./runs/tasks-schedules.ts";
import { testTaskRetention } from "./runs/tasks-retention.ts";
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
    testTaskStarts(kind);
    testTaskRetention(kind);
    testTaskSchedules(kind);
    testTaskBatches(kind);
    testTaskStreams(kind);
    testTaskRecords(kind);
    testTaskChildren(kind);
    testTaskQueues(kind);
    testTaskQueuesAtRandom(kind);
    testTaskTokens(kind);
  });
}
