import type * as bullmq from "bullmq";

/** The part of BullMQ's PostgreSQL backend that is private there. */
interface Inside {
  readonly connection: {
    readonly isClosing: unknown;
    setListenClientName(name: string): Promise<void>;
  };
}

/**
 * Names no connection any more once the backend is being closed. BullMQ's `QueueEvents` gives its name when the store is
 * ready, which may be after its `close()`; on PostgreSQL that took a client out of the user's pool, which nobody gave
 * back, so that `pool.end()` waited for ever.
 */
export function nameUntilClosed<Backend extends bullmq.IQueueBackend>(backend: Backend): Backend {
  const { connection } = backend as unknown as Inside;
  const setName = connection.setListenClientName.bind(connection);
  connection.setListenClientName = async (name) => {
    if (!connection.isClosing) await setName(name);
  };
  return backend;
}
