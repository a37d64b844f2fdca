import type { Connection, Statement } from "../../../storage/sqlite/connection.ts";
import type { Participant } from "../../../storage/sqlite/store.ts";
import type { JournalEntry, SerializedError } from "../../types.ts";
import type { PublishedFunctions } from "../function-directory.ts";
import type { HeldNews, RunKey } from "../run-store.ts";
import { isFinal, State, type StateCode } from "./codes.ts";
import { HeldRuns } from "./held-runs.ts";
import { QueueSettings } from "./queue-settings.ts";
import { RUN_COLUMNS, RunRow } from "./run-row.ts";

const RUN = `SELECT ${RUN_COLUMNS} FROM run WHERE pk = ?`;
const FUNCTION = "SELECT pk FROM run_function WHERE id = ?";
const FUNCTION_ID = "SELECT id FROM run_function WHERE pk = ?";
const INSERT_FUNCTION = "INSERT INTO run_function (id) VALUES (?)";
const COUNT = `INSERT INTO run_count (function, state, count) VALUES (?, ?, ?)
  ON CONFLICT (function, state) DO UPDATE SET count = count + excluded.count`;
const QUEUE_COUNT = `INSERT INTO run_queue_count (queue, state, count) VALUES (?, ?, ?)
  ON CONFLICT (queue, state) DO UPDATE SET count = count + excluded.count`;

/** A run that the store itself ended. */
export interface EndedRun {
  readonly row: RunRow;
  readonly state: StateCode;
  readonly error: SerializedError | undefined;
  readonly now: number;
}

/** What a commit brought that others want to hear of. */
export interface CommitNews {
  /** Whether a run became ready. */
  readonly ready: boolean;
  /** The earliest due time that was added; `Infinity` if none. */
  readonly due: number;
  /** Ids of runs that ended. */
  readonly ended: ReadonlyMap<string, StateCode>;
  readonly held: readonly HeldNews[];
  /**
   * Ids of runs that changed in some way, while somebody watches; streams as `<run id>/<stream>`, journals and logs as
   * `<run id>#`.
   */
  readonly changed: ReadonlySet<string>;
}

const NO_CHANGES: ReadonlySet<string> = new Set();

/**
 * What an operation on runs works with: SQL, the rows of the runs that this process holds, and counters. All of it runs
 * inside `SqliteStore.write`, synchronously; the store says when the memory is out of date.
 *
 * Rows of held runs are remembered, so that a step costs one INSERT: the fence is a look into a Map. That is safe
 * because a foreign commit, which might have taken the lease, makes us forget them before our next operation.
 */
export class RunTransaction implements Participant {
  readonly connection: Connection;
  /** This process, as leases name it. */
  readonly owner: number;
  /** Called after each commit that touched runs. */
  onCommit: (news: CommitNews) => void = () => {};
  readonly queues = new QueueSettings();
  /** Ids of the runs that changed, for as long as somebody watches runs. */
  watched: Set<string> | undefined;
  /** Scores of the first ready run by function, as far as known; `Infinity` for none. */
  readonly heads = new Map<number, number>();

  readonly heldRuns = new HeldRuns();
  /** Runs that were ended by others than their holder, and whose consequences have not been drawn yet. */
  endings: EndedRun[] = [];
  /** The functions that were published when somebody last looked. */
  published: PublishedFunctions | undefined;

  readonly #held = new Map<RunKey, RunRow>();
  readonly #functions = new Map<string, number>();
  readonly #functionIds = new Map<number, string>();
  readonly #counts = new Map<number, number>();
  readonly #queueCounts = new Map<string, number>();
  #ended = new Map<string, StateCode>();
  #ready = false;
  #due = Infinity;

  constructor(connection: Connection, owner: number) {
    this.connection = connection;
    this.owner = owner;
  }

  /** A prepared statement; prepared once per text. */
  sql(text: string): Statement {
    return this.connection.sql(text);
  }

  /** The row of a run. The same object for as long as this process holds the run. */
  run(pk: RunKey): RunRow | undefined {
    const held = this.#held.get(pk);
    if (held) return held;
    const values = this.sql(RUN).get(pk);
    if (values === undefined) return undefined;
    const row = new RunRow(values);
    if (row.owner === this.owner) this.#held.set(pk, row);
    return row;
  }

  /** The row of a running run, if this generation still holds it. */
  held(pk: RunKey, generation: number): RunRow | undefined {
    const row = this.run(pk);
    return row?.generation === generation && row.state === State.running ? row : undefined;
  }

  /** This process has claimed a run. */
  claimed(row: RunRow): void {
    this.#held.set(row.pk, row);
    this.heldRuns.note("claimed", row);
  }

  /** The lease of a run is over, by its holder's will. */
  released(row: RunRow): void {
    this.#held.delete(row.pk);
    this.heldRuns.note("released", row);
  }

  /** The lease of a run is over, against its holder's will. */
  lost(row: RunRow): void {
    this.#held.delete(row.pk);
    this.heldRuns.note("lost", row);
  }

  /** A wait of a running run was answered. */
  answered(row: RunRow, entry: JournalEntry): void {
    this.heldRuns.note("answered", row, entry);
  }

  /** The key of a function; its row is made on first use. */
  functionKey(id: string): number {
    const known = this.findFunction(id);
    if (known !== undefined) return known;
    const pk = this.sql(INSERT_FUNCTION).run(id).lastInsertRowid;
    this.#functions.set(id, pk);
    return pk;
  }

  /** The key of a function, if anything was ever stored of it. */
  findFunction(id: string): number | undefined {
    const known = this.#functions.get(id);
    if (known !== undefined) return known;
    const pk = this.sql(FUNCTION).get(id)?.[0] as number | undefined;
    if (pk !== undefined) this.#functions.set(id, pk);
    return pk;
  }

  functionId(pk: number): string {
    let id = this.#functionIds.get(pk);
    if (id === undefined) {
      id = this.sql(FUNCTION_ID).get(pk)![0] as string;
      this.#functionIds.set(pk, id);
    }
    return id;
  }

  /** Counts a run's move from one state (0: it is new) to another (0: it is deleted). */
  moved(row: RunRow, from: StateCode | 0, to: StateCode | 0): void {
    if (from === to) return;
    if (row.slotsJson !== null) this.#countQueues(row, from, to);
    if (from !== 0) this.#count(row.function, from, -1);
    if (to === 0) return;
    this.touched(row);
    this.#count(row.function, to, 1);
    if (isFinal(to)) this.#ended.set(row.id, to);
  }

  /** Something of a run that people see has changed. */
  touched({ id }: Pick<RunRow, "id">): void {
    this.watched?.add(id);
  }

  /** A run has a new step or said something, which does not change what it is. */
  noted({ id }: Pick<RunRow, "id">): void {
    this.watched?.add(`${id}#`);
  }

  /** Somebody may claim now. */
  readyAdded(): void {
    this.#ready = true;
  }

  /** Something is due at that time. */
  dueAdded(due: number): void {
    if (due < this.#due) this.#due = due;
  }

  stale(): void {
    this.#held.clear();
    this.heads.clear();
    this.queues.forget();
    this.#reset();
  }

  flush(): void {
    for (const [code, change] of this.#counts)
      if (change !== 0) this.sql(COUNT).run(Math.floor(code / 16), code % 16, change);
    this.#counts.clear();
    if (this.#queueCounts.size > 0) this.#flushQueues();
  }

  committed(): void {
    const held = this.heldRuns.committed();
    const hasChanges = this.watched !== undefined && this.watched.size > 0;
    const isQuiet = !this.#ready && this.#due === Infinity && this.#ended.size === 0;
    if (isQuiet && held.length === 0 && !hasChanges) return;
    const changed = hasChanges ? this.watched! : NO_CHANGES;
    if (hasChanges) this.watched = new Set();
    const news = { ready: this.#ready, due: this.#due, ended: this.#ended, held, changed };
    this.#reset();
    this.onCommit(news);
  }

  rolledBack(): void {
    this.stale();
    this.#functions.clear();
    this.#functionIds.clear();
    this.published = undefined;
  }

  /** Only what is in line and what runs is counted: what is delayed may still change its queue. */
  #countQueues(row: RunRow, from: StateCode | 0, to: StateCode | 0): void {
    for (const name of row.queueNames)
      for (const [state, change] of [
        [from, -1],
        [to, 1],
      ] as const) {
        if (state !== State.queued && state !== State.running) continue;
        const code = `${state}${name}`;
        this.#queueCounts.set(code, (this.#queueCounts.get(code) ?? 0) + change);
      }
  }

  #flushQueues(): void {
    for (const [code, change] of this.#queueCounts)
      if (change !== 0) this.sql(QUEUE_COUNT).run(code.slice(1), Number(code[0]), change);
    this.#queueCounts.clear();
  }

  #count(fn: number, state: StateCode, change: number): void {
    const code = fn * 16 + state;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + change);
  }

  #reset(): void {
    this.#counts.clear();
    this.#queueCounts.clear();
    this.heldRuns.rolledBack();
    if (this.endings.length > 0) this.endings = [];
    if (this.#ended.size > 0) this.#ended = new Map();
    this.watched?.clear();
    this.#ready = false;
    this.#due = Infinity;
  }
}
