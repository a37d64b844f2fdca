import type { FunctionDefinition, RunEnd, RunHandle } from "../../../runs/definition.ts";
import type { RunHost } from "../../../runs/hosting.ts";
import type { EventInput } from "../../../runs/types.ts";
import type { Job } from "../job.ts";
import {
  type FailedRunNotification,
  notificationOf,
  reviveNotification,
  type RunNotification,
  type SuccessfulRunNotification,
} from "./run-notification.ts";

/** Who wants to know how runs end. */
export interface EndListeners {
  readonly runSucceeded: readonly ((run: SuccessfulRunNotification) => unknown)[];
  readonly runFailed: readonly ((run: FailedRunNotification) => unknown)[];
}

/** Stored with the end of a run that somebody wants to know about. */
const RUN_ENDED = "trigger.dev/run.ended";
/** What is added to a job's id to name the function that calls its listeners. */
const SUFFIX = "-ended";

/** Tries after the first, of each listener. */
const RETRIES = 4;

/** The event that the end of a run causes. */
export const endEventsOf = ({ runId, functionId }: RunEnd): EventInput[] => [
  { name: RUN_ENDED, data: { functionId, runId } },
];

/** The function that calls a job's listeners: each once, and again if it fails; each sees every end. */
export function endFunction(job: Job, host: () => RunHost): FunctionDefinition {
  return {
    id: `${job.functionId}${SUFFIX}`,
    name: `${job.name} (ended)`,
    triggers: [
      { event: RUN_ENDED, if: `event.data.functionId == ${JSON.stringify(job.functionId)}` },
    ],
    retries: RETRIES,
    backoff: (attempt) => 1_000 * 2 ** (attempt - 1),
    handler: (run) => callListeners(run, host(), job),
  };
}

async function callListeners(run: RunHandle, host: RunHost, job: Job): Promise<void> {
  const { runId } = run.event.data as { runId: string };
  const json = await run.run("run", () => notificationOf(host, runId, job));
  if (json === null) return;
  const ended: RunNotification = reviveNotification(json);
  const { runSucceeded, runFailed } = job.listeners;
  const calls = ended.ok
    ? runSucceeded.map((listener) => () => listener(ended))
    : runFailed.map((listener) => () => listener(ended));
  await Promise.all(
    calls.map(async (call, i) => run.run(`listener ${i + 1}`, async () => void (await call()))),
  );
}
