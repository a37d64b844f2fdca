/** The errors an operation throws on purpose. They are kept aside rather than marked, so that users see them untouched. */
const refusals = new WeakSet<object>();

/**
 * Marks an error as an operation's considered "no", thrown before it wrote anything. It rejects that operation alone
 * and leaves its neighbours in the transaction; any other error costs the whole batch a rollback and a second run.
 *
 * @example
 * if (job === undefined) throw refuse(new Error(`Missing key for job ${id}`));
 */
export function refuse<E extends Error>(error: E): E {
  refusals.add(error);
  return error;
}

/** Whether {@link refuse} marked it. */
export function isRefusal(error: unknown): boolean {
  return typeof error === "object" && error !== null && refusals.has(error);
}
