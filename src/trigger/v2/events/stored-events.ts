import type { RunHost } from "../../../runs/hosting.ts";
import { timeOfId } from "../../../runs/ids.ts";
import { type JobRunStatus, statusOf } from "../runs/run-status.ts";

/** An event that was sent, with the runs it has started. */
export interface FoundEvent {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly runs: readonly {
    readonly id: string;
    readonly status: JobRunStatus;
    readonly startedAt: Date | null;
    readonly completedAt: Date | null;
  }[];
}

/** An event that has started runs, or will. */
export async function getEvent(host: RunHost, eventId: string): Promise<FoundEvent | undefined> {
  const runs = await host.runsOfEvent(eventId);
  const event = runs[0]?.events.find(
    ({ id, externalId }) => id === eventId || externalId === eventId,
  );
  if (event === undefined) return undefined;
  return {
    id: eventId,
    name: event.name,
    createdAt: new Date(timeOfId(event.id) ?? event.ts),
    runs: runs.map((run) => ({
      id: run.id,
      status: statusOf(run),
      startedAt: dateOf(run.startedAt),
      completedAt: dateOf(run.finishedAt),
    })),
  };
}

/** Cancels the runs of an event that are still delayed. */
export async function cancelEvent(host: RunHost, eventId: string): Promise<FoundEvent | undefined> {
  const runs = await host.runsOfEvent(eventId);
  const delayed = runs.filter(({ state }) => state === "delayed");
  await Promise.all(delayed.map(async ({ id }) => host.cancel(id, "its event was canceled")));
  return getEvent(host, eventId);
}

/** Cancels the runs of an event that are not over. @returns their ids */
export async function cancelRunsOfEvent(host: RunHost, eventId: string): Promise<string[]> {
  const runs = await host.runsOfEvent(eventId);
  const canceled = await Promise.all(
    runs.map(async ({ id }) => ((await host.cancel(id)) ? [id] : [])),
  );
  return canceled.flat();
}

const dateOf = (time: number | undefined): Date | null =>
  time === undefined ? null : new Date(time);
