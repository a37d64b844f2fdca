import { randomUUID } from "node:crypto";
import {
  realClearInterval,
  realDateNow,
  realSetImmediate,
  realSetInterval,
} from "../../core/real-timers.ts";
import type { Connection } from "./connection.ts";
import { isProcessAlive, machineIdentity, processStart } from "./process-identity.ts";

const CHECK_MS = 250;
const HEARTBEAT_MS = 5_000;
const HEARTBEAT_LIMIT_MS = 60_000;
/** Listeners may fail to store what they were told; then they are told again. */
const REMIND_MS = 1_000;

const REGISTER = `INSERT INTO process (id, boot_id, kernel, machine, pid, started, heartbeat_at)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`;
const OTHERS = "SELECT id, kernel, machine, pid, started, heartbeat_at FROM process WHERE id <> ?";
const FORGET = "DELETE FROM process WHERE id = ?";

type OwnersListener = (owners: number[]) => void;

/** What the registry needs from the store around it. */
export interface ProcessRegistryHost {
  readonly connection: Connection;
  /** Whether only one kernel at a time can have the file: then whoever ran under an earlier boot is dead. */
  readonly localFile: boolean;
  write(label: string, operation: () => void): Promise<void>;
}

/**
 * The table `process`: every open store has a row, and stores tell each other's end.
 *
 * A row is lost when its process no longer runs (same machine), when its machine has booted since (local file), or when
 * its heartbeat is a minute old (other machine or container). Real clocks only: other processes do not share a test's.
 */
export class ProcessRegistry {
  /** This store's row. */
  readonly owner: number;

  readonly #host: ProcessRegistryHost;
  readonly #bootId = randomUUID();
  readonly #here = machineIdentity();
  readonly #started = processStart(process.pid);
  readonly #listeners = new Set<OwnersListener>();
  /** Lost rows that listeners heard of, and when. */
  readonly #reported = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #beatAt = 0;

  /** Registers the store. Throws the driver's busy error when another process holds the lock. */
  constructor(host: ProcessRegistryHost) {
    this.#host = host;
    this.owner = this.#register(null);
  }

  listen(listener: OwnersListener): () => void {
    const entry: OwnersListener = (owners) => listener(owners);
    this.#listeners.add(entry);
    if (this.#timer === undefined) {
      this.#timer = realSetInterval(this.#check, CHECK_MS).unref();
      realSetImmediate(this.#check);
    }
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** Deletes rows of dead owners. Part of a transaction. */
  forget(owners: readonly number[]): void {
    for (const owner of owners) this.#host.connection.sql(FORGET).run(owner);
  }

  /** Stops the timer. */
  stop(): void {
    realClearInterval(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
    this.#reported.clear();
  }

  #register(id: number | null): number {
    const { kernel, machine } = this.#here;
    const values = [id, this.#bootId, kernel, machine, process.pid, this.#started, realDateNow()];
    return this.#host.connection.sql(REGISTER).run(...values).lastInsertRowid;
  }

  readonly #check = (): void => {
    if (this.#listeners.size === 0) return;
    const now = realDateNow();
    if (now - this.#beatAt >= HEARTBEAT_MS) this.#beat(now);
    const lost = this.#lostOwners(now).filter(
      (owner) => now - (this.#reported.get(owner) ?? 0) >= REMIND_MS,
    );
    if (lost.length === 0) return;
    for (const owner of lost) this.#reported.set(owner, now);
    for (const listener of [...this.#listeners]) listener(lost);
  };

  #beat(now: number): void {
    this.#beatAt = now;
    const beat = this.#host.write("process:heartbeat", () => void this.#register(this.owner));
    // A full disk or a closing store may refuse it. The next beat comes, and a minute's worth may be missed.
    beat.catch(() => {});
  }

  #lostOwners(now: number): number[] {
    const lost: number[] = [];
    const seen = new Set<number>();
    for (const row of this.#host.connection.sql(OTHERS).all(this.owner)) {
      const [id, kernel, machine, pid, started, heartbeatAt] = row as [
        number,
        string,
        string,
        number,
        string | null,
        number,
      ];
      seen.add(id);
      const alive =
        machine === this.#here.machine
          ? isProcessAlive(pid, started)
          : !this.#isEarlierBoot(kernel) && now - heartbeatAt < HEARTBEAT_LIMIT_MS;
      if (!alive) lost.push(id);
    }
    for (const owner of this.#reported.keys()) if (!seen.has(owner)) this.#reported.delete(owner);
    return lost;
  }

  #isEarlierBoot(kernel: string): boolean {
    return (
      this.#host.localFile &&
      kernel !== "" &&
      this.#here.kernel !== "" &&
      kernel !== this.#here.kernel
    );
  }
}
