/** Calls back with the ids of what has changed; without any if that is not known. @returns a function that ends it */
export type Subscribe = (listener: (changed?: ReadonlySet<string>) => void) => () => void;

/**
 * Says when there may be something new: at once (undefined), and then with the ids of what changed since the last time
 * (undefined: anything). However much changes while the consumer is busy, it is told once. Ends with a signal.
 */
export async function* changes(
  subscribe: Subscribe,
  signals: readonly (AbortSignal | undefined)[],
): AsyncGenerator<ReadonlySet<string> | undefined, void, undefined> {
  let isAnything = true;
  let changed = new Set<string>();
  let wake = (): void => {};
  const stop = subscribe((ids) => {
    if (ids === undefined) isAnything = true;
    else for (const id of ids) changed.add(id);
    wake();
  });
  const abort = (): void => wake();
  for (const signal of signals) signal?.addEventListener("abort", abort);
  try {
    for (;;) {
      if (signals.some((signal) => signal?.aborted)) return;
      if (isAnything || changed.size > 0) {
        const news = isAnything ? undefined : changed;
        isAnything = false;
        changed = new Set();
        yield news;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    stop();
    for (const signal of signals) signal?.removeEventListener("abort", abort);
  }
}
