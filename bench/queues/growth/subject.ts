/** A queue of a given size, in a store of its own, that the growth measures compare with another. */
import type { JobQueue, QueueContext, Store } from "../contestants/store.ts";
import { DeliveryLedger } from "../delivery.ts";

/** How often the small and the large take turns; the median counts. */
export const TURNS = 3;

export interface Subject {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly name: string;
  readonly ledger: DeliveryLedger;
  end(): Promise<void>;
}

export async function newSubject(context: QueueContext): Promise<Subject> {
  const store = await context.newStore();
  const name = "growth";
  const queue = store.queue(name);
  const end = async () => {
    await queue.close();
    await store.drop();
  };
  return { store, queue, name, ledger: new DeliveryLedger(), end };
}
