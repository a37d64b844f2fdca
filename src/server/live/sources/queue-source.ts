import { monotonicNow, realSetTimeout } from "../../../core/real-timers.ts";
import { QueueEngine } from "../../../queue/engine.ts";
import {
  type EventPage,
  type EventPlace,
  eventsOf,
  type QueueCounts,
  type PlacedEvent,
  readCounts,
  readEventsAfter,
  wholeCommit,
} from "../../../queue/events/tail.ts";
import {
  type JobLogLine,
  readFollowedJobs,
  readLastLogLines,
  readLogLinesAfter,
  readMetaFields,
} from "../../../queue/jobs/live-jobs.ts";
import { pausedField } from "../../../manager/job-control.ts";
import { type QueueRef, queueRef } from "../../../queue/transaction.ts";
import { type Cursor, Patch } from "../patch.ts";
import { Pump } from "../pump.ts";
import type { Subscription } from "../subscription.ts";
import type { TopicName } from "../topic-name.ts";
import {
  EVENTS,
  isStateEvent,
  jobPatch,
  LINES,
  liveJob,
  queueEvent,
  toFields,
} from "./job-messages.ts";
import type { Source, SourceHost } from "./source.ts";

/** BullMQ's default, which the server's queues have. */
const PREFIX = "bull";
const SNAPSHOT_LINES = 100;
/** Lines are looked for with each event of their job, and otherwise so often: there is no event for a line. */
const LINES_EVERY_MS = 100;

/** A queue and those of its jobs that somebody follows: one reader of its events for all of them. */
export class QueueSource implements Source {
  readonly #host: SourceHost;
  readonly #queue: string;
  readonly #ref: QueueRef;
  readonly #pump: Pump;
  readonly #unwatch: () => void;
  readonly #jobs = new Map<string, Set<Subscription>>();
  /** Those of topics `queue:` and `counts:`. */
  readonly #events = new Set<Subscription>();
  readonly #counts = new Set<Subscription>();
  /** Which job they follow. */
  readonly #members = new Map<Subscription, string | undefined>();
  /** Those that wait for a snapshot; those that are behind the others; and those that are being brought up. */
  readonly #joining = new Set<Subscription>();
  #behind = new Set<Subscription>();
  #catchingUp: ReadonlySet<Subscription> = new Set();
  /** Up to where all others were told. */
  #at: EventPlace | undefined;
  #lastCounts = "";
  #linesAt = -Infinity;
  #linesTimer: NodeJS.Timeout | undefined;

  constructor(host: SourceHost, queue: string) {
    const { store } = host.parts;
    this.#host = host;
    this.#queue = queue;
    this.#ref = queueRef(PREFIX, queue);
    this.#pump = new Pump(
      () => this.#round(),
      (error) => host.failed(this.#members.keys(), error),
    );
    const wake = (): void => this.#pump.wake();
    const unlisten = QueueEngine.of(store).waiters.onChanges(this.#ref, wake);
    const unsignal = store.onForeignCommit(wake);
    this.#unwatch = () => {
      unlisten();
      unsignal();
    };
  }

  join(subscription: Subscription, topic: TopicName): void {
    const jobId = topic.kind === "job" ? topic.jobId : undefined;
    this.#members.set(subscription, jobId);
    if (jobId !== undefined) {
      const others = this.#jobs.get(jobId);
      if (others) others.add(subscription);
      else this.#jobs.set(jobId, new Set([subscription]));
    } else {
      (topic.kind === "queue" ? this.#events : this.#counts).add(subscription);
    }
    subscription.refresh = (cursor) => this.#refresh(subscription, cursor);
    this.#begin(subscription, jobId !== undefined ? 2 : topic.kind === "queue" ? 1 : 0);
    this.#pump.wake();
  }

  leave(subscription: Subscription): boolean {
    const jobId = this.#members.get(subscription);
    this.#members.delete(subscription);
    this.#joining.delete(subscription);
    this.#behind.delete(subscription);
    this.#events.delete(subscription);
    this.#counts.delete(subscription);
    const others = jobId === undefined ? undefined : this.#jobs.get(jobId);
    others?.delete(subscription);
    if (others?.size === 0) this.#jobs.delete(jobId!);
    if (this.#members.size > 0) return false;
    this.#pump.close();
    this.#unwatch();
    clearTimeout(this.#linesTimer);
    return true;
  }

  /** With a snapshot, unless it has a cursor of so many parts. */
  #begin(subscription: Subscription, parts: number): void {
    const { cursor } = subscription;
    const isCursor = cursor?.length === parts && cursor.every((part) => Number.isSafeInteger(part));
    if (isCursor && parts > 0) {
      this.#behind.add(subscription);
      return;
    }
    if (cursor !== undefined) subscription.restart("trimmed");
    this.#joining.add(subscription);
  }

  #refresh(subscription: Subscription, cursor: Cursor): Cursor {
    const isLive = !this.#behind.has(subscription) && !this.#catchingUp.has(subscription);
    const at = cursor[EVENTS];
    if (!isLive || this.#at === undefined || at === undefined || this.#at <= (at as number))
      return cursor;
    return cursor.with(EVENTS, this.#at);
  }

  async #round(): Promise<void> {
    if (this.#joining.size > 0) await this.#welcome();
    await this.#follow();
    await this.#lookForLines();
  }

  /** Snapshots for those who wait for one, made once for each topic. */
  async #welcome(): Promise<void> {
    const joining = [...this.#joining];
    this.#joining.clear();
    const { store } = this.#host.parts;
    const jobIds = joining.map((subscription) => this.#members.get(subscription));
    const wanted = [...new Set(jobIds.filter((jobId) => jobId !== undefined))];
    const { jobs, lastSequence } = await readFollowedJobs(store, this.#ref, wanted);
    // Later than the jobs: what changed in between is told once more.
    const paused = await readMetaFields(store, this.#ref, wanted.map(pausedField));
    const { counts, lastSequence: countedAt } = await readCounts(store, this.#ref);
    // The others: whoever waits for a snapshot has them there.
    this.#tellCounts(counts);
    this.#at ??= wholeCommit(Math.min(wanted.length > 0 ? lastSequence : countedAt, countedAt));
    const made = new Map<string, { readonly patch: Patch; readonly cursor: Cursor }>();
    for (const subscription of joining) {
      const { topic } = subscription;
      const jobId = this.#members.get(subscription);
      let snapshot = made.get(topic);
      if (snapshot === undefined && jobId !== undefined) {
        const job = jobs.get(jobId);
        const lines = job?.hasLogs
          ? await readLastLogLines(store, this.#ref, jobId, SNAPSHOT_LINES)
          : [];
        const isPaused = paused.has(pausedField(jobId));
        const { redact } = this.#host;
        const live = job ? liveJob(this.#queue, job, lines, isPaused, redact) : null;
        snapshot = {
          patch: Patch.exact("snapshot", { topic, job: live }),
          cursor: [wholeCommit(lastSequence), lines.at(-1)?.line ?? 0],
        };
      }
      snapshot ??= {
        patch: Patch.exact("snapshot", { topic, counts }),
        cursor: this.#events.has(subscription) ? [wholeCommit(countedAt)] : [],
      };
      made.set(topic, snapshot);
      if (this.#members.has(subscription)) subscription.snapshot(snapshot.patch, snapshot.cursor);
    }
  }

  /** Tells everybody what happened since the place of whoever is furthest behind. */
  async #follow(): Promise<void> {
    this.#catchingUp = this.#behind;
    this.#behind = new Set();
    const places = [...this.#catchingUp].map(({ cursor }) => cursor?.[EVENTS] as number);
    let from = Math.min(this.#at ?? Infinity, ...places);
    if (from === Infinity) return;
    for (;;) {
      const page = await readEventsAfter(this.#host.parts.store, this.#ref, from);
      if (!page.isComplete) this.#missed(page);
      await this.#tell(page);
      from = page.lastPlace;
      if (page.isFull) continue;
      // Counters have no events: whoever was away may have missed what the others know.
      this.#offerCounts(this.#catchingUp, page.counts);
      break;
    }
    for (const subscription of this.#catchingUp)
      if (((subscription.cursor?.[EVENTS] ?? 0) as number) > from)
        this.#restart(subscription, "trimmed");
    this.#at = from;
    this.#catchingUp = new Set();
  }

  /** Some events are no longer kept, or the queue was deleted: whoever has not got all begins anew. */
  #missed({ commits, firstPlace, lastPlace }: EventPage): void {
    for (const [subscription] of this.#members) {
      const { cursor, isPaused } = subscription;
      const at = cursor?.[EVENTS] as number | undefined;
      if (at === undefined || isPaused || this.#behind.has(subscription)) continue;
      const place = this.#catchingUp.has(subscription) ? at : Math.max(at, this.#at ?? 0);
      if (place < firstPlace || (commits.length === 0 && place > lastPlace))
        this.#restart(subscription, "trimmed");
    }
  }

  #restart(subscription: Subscription, reason?: "trimmed"): void {
    subscription.restart(reason);
    this.#joining.add(subscription);
    this.#pump.wake();
  }

  async #tell(page: EventPage): Promise<void> {
    const wantsAll = this.#events.size > 0;
    const ofJobs: PlacedEvent[] = [];
    for (const commit of page.commits) {
      const events = eventsOf(commit, wantsAll ? undefined : this.#jobs);
      if (events.length === 0) continue;
      for (const event of events)
        if (event.jobId !== undefined && this.#jobs.has(event.jobId)) ofJobs.push(event);
      if (wantsAll) this.#tellQueue(events, wholeCommit(commit.sequence));
    }
    if (ofJobs.length > 0) await this.#tellJobs(ofJobs);
    this.#tellCounts(page.counts);
  }

  #tellCounts(counts: QueueCounts): void {
    const text = JSON.stringify(counts);
    if (text === this.#lastCounts) return;
    this.#lastCounts = text;
    this.#offerCounts(this.#events, counts);
    this.#offerCounts(this.#counts, counts);
  }

  #offerCounts(subscriptions: ReadonlySet<Subscription>, counts: QueueCounts): void {
    const ofQueue = [...subscriptions].filter((each) => this.#members.get(each) === undefined);
    const [{ topic } = { topic: "" }] = ofQueue;
    const patch = Patch.latest("queue.counts", { topic, counts }, "counts");
    for (const subscription of ofQueue) subscription.offer(patch);
  }

  #tellQueue(events: readonly PlacedEvent[], at: EventPlace): void {
    const { redact } = this.#host;
    const [{ topic } = { topic: "" }] = this.#events;
    const live = events.map(({ fields }) => queueEvent(fields, redact));
    const patch = Patch.exact("queue.events", { topic, events: live }, { part: EVENTS, at });
    for (const subscription of this.#events) subscription.offer(patch);
  }

  async #tellJobs(events: readonly PlacedEvent[]): Promise<void> {
    const { parts, redact } = this.#host;
    const decoded = events.map(({ fields, ...event }) => ({ ...event, fields: toFields(fields) }));
    const moved = decoded.filter(({ fields }) => isStateEvent(fields));
    const movedIds = [...new Set(moved.map(({ jobId }) => jobId!))];
    const { jobs } =
      movedIds.length > 0
        ? await readFollowedJobs(parts.store, this.#ref, movedIds)
        : { jobs: new Map() };
    // What a job said before it ended is told before its end.
    await this.#tellLines(movedIds.filter((jobId) => jobs.get(jobId)?.hasLogs));
    for (const { place, jobId, fields } of decoded) {
      const subscriptions = this.#jobs.get(jobId!);
      if (subscriptions === undefined) continue;
      if (fields["event"] === "added") {
        this.#tellNewJob(subscriptions, place);
        continue;
      }
      const [{ topic } = { topic: "" }] = subscriptions;
      const patch = jobPatch(topic, fields, place, jobs.get(jobId!), redact);
      if (patch) for (const subscription of subscriptions) subscription.offer(patch);
    }
  }

  /** A job was made: those who follow it see it from the beginning. */
  #tellNewJob(subscriptions: Iterable<Subscription>, place: EventPlace): void {
    for (const subscription of subscriptions) {
      const at = subscription.cursor?.[EVENTS];
      if (typeof at === "number" && at < place && !subscription.isPaused)
        this.#restart(subscription);
    }
  }

  /** Lines of all jobs that are followed, now and then. */
  async #lookForLines(): Promise<void> {
    if (this.#jobs.size === 0) return;
    const leftMs = this.#linesAt + LINES_EVERY_MS - monotonicNow();
    if (leftMs > 0) {
      this.#linesTimer ??= realSetTimeout(() => {
        this.#linesTimer = undefined;
        this.#pump.wake();
      }, leftMs);
      return;
    }
    this.#linesAt = monotonicNow();
    await this.#tellLines([...this.#jobs.keys()]);
  }

  async #tellLines(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0) return;
    const after = jobIds.flatMap((jobId) => {
      const known = [...(this.#jobs.get(jobId) ?? [])].map(({ cursor }) => cursor?.[LINES]);
      const lines = known.filter((line) => typeof line === "number");
      return lines.length === 0 ? [] : [[jobId, Math.min(...lines)] as const];
    });
    if (after.length === 0) return;
    const { lines, isFull } = await readLogLinesAfter(this.#host.parts.store, this.#ref, after);
    for (const line of lines) this.#tellLine(line);
    if (isFull) await this.#tellLines(jobIds);
  }

  #tellLine({ jobId, line, text }: JobLogLine): void {
    const subscriptions = this.#jobs.get(jobId);
    const [{ topic } = { topic: "" }] = subscriptions ?? [];
    const patch = Patch.exact("log", { topic, line: { line, text } }, { part: LINES, at: line });
    for (const subscription of subscriptions ?? []) subscription.offer(patch);
  }
}
