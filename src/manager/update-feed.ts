import type { ControlEvent } from "./job-control.ts";
import type { TaskProgress, TaskUpdate } from "./types.ts";

/** What events tell; each has some of it. */
interface EventFields {
  readonly jobId: string;
  readonly name?: string;
  readonly data?: unknown;
  readonly returnvalue?: unknown;
  readonly failedReason?: string;
}

type Events = {
  on(event: string, listener: (fields: never) => void): unknown;
};

/** What the feed asks of its queue. */
export interface FeedSource {
  readonly events: Events;
  /** The task of a job, from the store; nothing if the job is gone. */
  readonly taskOf: (jobId: string) => Promise<string | undefined>;
  /** Jobs that are paused by now. */
  readonly paused: () => Promise<readonly string[]>;
  readonly deliver: (task: string, jobId: string, update: TaskUpdate) => void;
  readonly onError: (error: Error) => void;
}

/** Names of jobs that are remembered, the latest: whoever is not among them is looked up. */
const MOST_NAMES = 10_000;

/** What a paused job goes through without its user's caring: it is claimed and put off, and its worker may die. */
const HIDDEN = ["active", "delayed", "waiting"] as const;

/** Turns the events of one queue into updates of its tasks, in their order, whichever process caused them. */
export class UpdateFeed {
  readonly #source: FeedSource;
  readonly #names = new Map<string, string>();
  readonly #paused = new Set<string>();
  #tail: Promise<void>;

  constructor(source: FeedSource) {
    this.#source = source;
    this.#tail = source
      .paused()
      .then((ids) => ids.forEach((id) => this.#paused.add(id)))
      .catch((error: unknown) => source.onError(error as Error));
    this.#listen();
  }

  #listen(): void {
    const { events } = this.#source;
    events.on("added", ({ jobId, name }: EventFields) => this.#remember(jobId, name!));
    for (const status of HIDDEN)
      events.on(status, ({ jobId }: EventFields) =>
        this.#tell(jobId, () => (this.#paused.has(jobId) ? undefined : { status })),
      );
    events.on("progress", ({ jobId, data }: EventFields) =>
      this.#tell(jobId, () => ({
        status: this.#paused.has(jobId) ? "paused" : "active",
        progress: data as TaskProgress,
      })),
    );
    events.on("completed", ({ jobId, returnvalue }: EventFields) =>
      this.#tell(jobId, () => this.#over(jobId, { status: "completed", result: returnvalue })),
    );
    events.on("failed", ({ jobId, failedReason = "" }: EventFields) =>
      this.#tell(jobId, () => this.#over(jobId, { status: "failed", error: failedReason })),
    );
    events.on("removed", ({ jobId }: EventFields) =>
      this.#tell(jobId, () => this.#over(jobId, { status: "removed" })),
    );
  }

  /** A change that BullMQ knows nothing of. */
  control({ jobId, change, state }: ControlEvent): void {
    if (change === "removed") return;
    this.#tell(jobId, () => {
      if (change === "paused") {
        this.#paused.add(jobId);
        return { status: "paused" };
      }
      this.#paused.delete(jobId);
      return { status: state as TaskUpdate["status"] };
    });
  }

  #over(jobId: string, update: TaskUpdate): TaskUpdate {
    this.#paused.delete(jobId);
    return update;
  }

  #remember(jobId: string, name: string): void {
    this.#names.set(jobId, name);
    if (this.#names.size > MOST_NAMES) this.#names.delete(this.#names.keys().next().value!);
  }

  /** One after the other: what is known of a job changes with its events. */
  #tell(jobId: string, update: () => TaskUpdate | undefined): void {
    this.#tail = this.#tail
      .then(async () => {
        const known = update();
        const task = known && (this.#names.get(jobId) ?? (await this.#source.taskOf(jobId)));
        if (!known || task === undefined) return;
        this.#remember(jobId, task);
        this.#source.deliver(task, jobId, known);
      })
      .catch((error: unknown) => this.#source.onError(error as Error));
  }
}
