/**
 * The real timers and clocks, captured when this module loads.
 *
 * Housekeeping that has nothing to do with the caller's idea of time (group commit, lock retries, liveness checks)
 * uses these, so that a test that installs fake timers does not freeze the store.
 */
export const realSetImmediate: typeof setImmediate = globalThis.setImmediate;
export const realSetTimeout: typeof setTimeout = globalThis.setTimeout;
export const realSetInterval: typeof setInterval = globalThis.setInterval;
export const realClearInterval: typeof clearInterval = globalThis.clearInterval;
export const realDateNow: () => number = Date.now;
/** Milliseconds that never go backwards. */
export const monotonicNow: () => number = performance.now.bind(performance);
