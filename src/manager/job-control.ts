import { type IQueueBackend, PostgresQueueBackend } from "bullmq";

/** What somebody wants of a job, kept in the metadata of its queue until it is done. */
export interface Wishes {
  readonly isPaused: boolean;
  readonly isRemoved: boolean;
}

/** The event by which processes tell each other, and listeners, of a change that BullMQ knows nothing of. */
export const CONTROL_EVENT = "task-control";

/** The fields of {@link CONTROL_EVENT}. */
export interface ControlEvent {
  readonly jobId: string;
  readonly change: "paused" | "resumed" | "removed";
  /** Where the job stands after it was resumed. */
  readonly state?: string;
}

const PAUSED = "longhaul:paused:";
const REMOVED = "longhaul:removed:";

/** The field of a queue's metadata that says that a job is paused. */
export const pausedField = (jobId: string): string => PAUSED + jobId;
/** Events kept in the queue's stream, as BullMQ's producer of events has it. */
const MOST_EVENTS = 1000;

/**
 * How long a job that was claimed while it is paused is put off. A delay that nobody asks for, because it is how such a
 * job is told from one that is delayed on its own account. It is bounded so that a job also comes to light whose
 * resumption was cut off by a crash; each time it is claimed, the wish is looked at again.
 */
export const PARKED_MS = 3_599_999;

/** BullMQ's numbers for what it refuses: no such job, no lock, not in that state, somebody else's lock. */
const GONE = -1;
const NOT_OURS: readonly unknown[] = [GONE, -2, -3, -6];

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** Whether a job turned out to be gone. */
export const saysGone = (error: unknown): boolean => codeOf(error) === GONE;

/** The wishes about the jobs of one queue, and the moves that fulfill them. */
export class JobControl {
  readonly #backend: IQueueBackend;

  constructor(backend: IQueueBackend) {
    this.#backend = backend;
  }

  async wishes(jobId: string): Promise<Wishes> {
    const fields = [pausedField(jobId), REMOVED + jobId];
    const [paused, removed] = await this.#backend.getQueueMetaFields(fields);
    return { isPaused: isSet(paused), isRemoved: isSet(removed) };
  }

  /** Ids of all jobs that are to be paused. */
  async paused(): Promise<string[]> {
    const names = Object.keys(await this.#backend.getQueueMeta());
    return names.filter((name) => name.startsWith(PAUSED)).map((name) => name.slice(PAUSED.length));
  }

  async wish(jobId: string, wish: "paused" | "removed"): Promise<void> {
    const field = wish === "paused" ? pausedField(jobId) : REMOVED + jobId;
    await this.#backend.setQueueMeta({ [field]: Date.now() });
  }

  /** @returns whether the job was to be paused */
  async resume(jobId: string): Promise<boolean> {
    return (await this.#backend.removeQueueMetaFields([pausedField(jobId)])) > 0;
  }

  /** Forgets what was wished about a job that is over. */
  async forget(jobId: string): Promise<void> {
    const { isPaused, isRemoved } = await this.wishes(jobId);
    if (isPaused || isRemoved)
      await this.#backend.removeQueueMetaFields([pausedField(jobId), REMOVED + jobId]);
  }

  async announce(event: ControlEvent): Promise<void> {
    await this.#backend.publishEvent({ event: CONTROL_EVENT, ...event }, MOST_EVENTS);
  }

  /**
   * Puts an active job off, without spending an attempt. Whoever resumed it before it stood there could not wake it, so
   * the wish is looked at once more.
   */
  async park(jobId: string, token: string): Promise<void> {
    if (!(await this.#putOff(jobId, token))) return;
    const { isPaused, isRemoved } = await this.wishes(jobId);
    if (isRemoved) await this.#removeNow(jobId);
    else if (!isPaused) await this.wake(jobId);
  }

  /** Removes an active job whose lock is ours. BullMQ removes no locked job, so it is put off first. */
  async discard(jobId: string, token: string): Promise<void> {
    if (await this.#putOff(jobId, token)) await this.#removeNow(jobId);
  }

  /** Lets a job that was put off wait for a worker again. */
  async wake(jobId: string): Promise<void> {
    await unlessNotOurs(this.#backend.promote(jobId));
  }

  /** @returns whether the job is gone; not while a worker holds its lock */
  async remove(jobId: string): Promise<boolean> {
    // Of a job that is gone already, PostgreSQL says 0; and it alone tells nobody of the removal.
    if ((await this.#backend.remove(jobId, true)) === 0) return await this.isGone(jobId);
    if (this.#backend instanceof PostgresQueueBackend)
      await this.#backend.publishEvent({ event: "removed", jobId }, MOST_EVENTS);
    return true;
  }

  async isGone(jobId: string): Promise<boolean> {
    return (await this.#backend.getState(jobId)) === "unknown";
  }

  async #removeNow(jobId: string): Promise<void> {
    if (await this.remove(jobId)) await this.forget(jobId);
  }

  /** @returns false if the job was lost to somebody else, who then looks at the wishes himself */
  #putOff(jobId: string, token: string): Promise<boolean> {
    const skipAttempt = { skipAttempt: true };
    return unlessNotOurs(
      this.#backend.moveToDelayed(jobId, Date.now(), PARKED_MS, token, skipAttempt),
    );
  }
}

/** The fields that a store does not have come as null or undefined. */
const isSet = (value: string | null | undefined): boolean => value !== null && value !== undefined;

/** @returns false if the move was refused, because the job is gone, elsewhere, or in other hands */
async function unlessNotOurs(move: Promise<unknown>): Promise<boolean> {
  try {
    await move;
    return true;
  } catch (error) {
    if (NOT_OURS.includes(codeOf(error))) return false;
    throw error;
  }
}
