import { UnrecoverableError } from "bullmq";
import { refuse } from "../storage/sqlite/store.ts";

/** BullMQ's numbers for what it refuses to do with a job; the message of each is part of its API. */
export const Refusal = {
  missingJob: -1,
  missingLock: -2,
  notInState: -3,
  pendingChildren: -4,
  missingParent: -5,
  lockMismatch: -6,
  parentNotReplaceable: -7,
  belongsToScheduler: -8,
  failedChildren: -9,
  schedulerIdTaken: -10,
  schedulerSlotsBusy: -11,
} as const;

/** One of the numbers in {@link Refusal}. */
export type Refusal = (typeof Refusal)[keyof typeof Refusal];

/** What was refused: the operation as BullMQ names it, and the job concerned. */
export interface RefusedOperation {
  readonly command: string;
  readonly jobId?: string | undefined;
  readonly parentKey?: string | undefined;
  readonly state?: string | undefined;
}

/**
 * The error BullMQ's own backends throw in the same case: same message, same `code`. It rejects its operation alone;
 * others of the same transaction go on.
 */
export function refusal(
  code: Refusal,
  { command, jobId, parentKey, state }: RefusedOperation,
): Error {
  const message = messageOf(code, command, jobId, parentKey, state);
  const error =
    code === Refusal.failedChildren ? new UnrecoverableError(message) : new Error(message);
  return refuse(Object.assign(error, { code }));
}

function messageOf(code: Refusal, command: string, jobId = "", parentKey = "", state = ""): string {
  switch (code) {
    case Refusal.missingJob:
      return `Missing key for job ${jobId}. ${command}`;
    case Refusal.missingLock:
      return `Missing lock for job ${jobId}. ${command}`;
    case Refusal.notInState:
      return `Job ${jobId} is not in the ${state} state. ${command}`;
    case Refusal.pendingChildren:
      return `Job ${jobId} has pending dependencies. ${command}`;
    case Refusal.missingParent:
      return `Missing key for parent job ${parentKey}. ${command}`;
    case Refusal.lockMismatch:
      return `Lock mismatch for job ${jobId}. Cmd ${command} from ${state}`;
    case Refusal.parentNotReplaceable:
      return `The parent job ${parentKey} cannot be replaced. ${command}`;
    case Refusal.belongsToScheduler:
      return `Job ${jobId} belongs to a job scheduler and cannot be removed directly. ${command}`;
    case Refusal.failedChildren:
      return `Cannot complete job ${jobId} because it has at least one failed child. ${command}`;
    case Refusal.schedulerIdTaken:
      return `Cannot create job scheduler iteration - job ID already exists. ${command}`;
    case Refusal.schedulerSlotsBusy:
      return `Cannot create job scheduler iteration - current and next time slots already have jobs. ${command}`;
  }
}
