/** A consumer whose doings are entered into a ledger, and which is not waited for in vain. */
import type { Payload, Store } from "../contestants/store.ts";
import type { DeliveryLedger } from "../delivery.ts";

/** A contestant that completes nothing for so long has hung. */
const STUCK_MS = 30_000;

export interface FollowOptions {
  readonly store: Store;
  readonly name: string;
  readonly concurrency: number;
  readonly ledger: DeliveryLedger;
  onStart?(id: string, payload: Payload): void;
  onCompleted?(): void;
}

export interface Follower {
  /** Resolves when the ledger has so many completed jobs; rejects when it stops growing before. */
  reach(completed: number): Promise<void>;
  close(): Promise<void>;
}

export async function follow({
  store,
  name,
  concurrency,
  ledger,
  onStart,
  onCompleted,
}: FollowOptions): Promise<Follower> {
  let goal = Number.POSITIVE_INFINITY;
  let reached = () => {};
  const consumer = await store.consume(name, {
    concurrency,
    onStart: (id, payload) => {
      onStart?.(id, payload);
      ledger.started.push(id);
    },
    onCompleted: (id) => {
      const completed = ledger.completed.push(id);
      onCompleted?.();
      if (completed >= goal) reached();
    },
    onError: (error) => ledger.errors.push(error),
  });

  return {
    close: () => consumer.close(),
    reach: (completed) =>
      new Promise((resolve, reject) => {
        if (ledger.completed.length >= completed) return resolve();
        let before = ledger.completed.length;
        const watch = setInterval(() => {
          if (before === ledger.completed.length) {
            clearInterval(watch);
            reject(
              new Error(`stuck with ${before} of ${completed} jobs completed${lastError(ledger)}`),
            );
          }
          before = ledger.completed.length;
        }, STUCK_MS);
        goal = completed;
        reached = () => {
          clearInterval(watch);
          resolve();
        };
      }),
  };
}

function lastError({ errors }: DeliveryLedger): string {
  const last = errors.at(-1);
  return last === undefined ? "" : `, last error: ${last.message}`;
}
