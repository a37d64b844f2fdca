/** Inngest's limits of flow control, which definitions are held to. Durations in ms. */
const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

export const LIMITS = {
  triggers: 10,
  cronLength: 255,
  jitterMs: [SECOND_MS, 5 * 60 * SECOND_MS],
  concurrencyOptions: 2,
  throttlePeriodMs: [SECOND_MS, Infinity],
  /** Of the GCRA mode. The exact window has no bound. */
  rateLimitPeriodMs: [1, DAY_MS],
  debouncePeriodMs: [SECOND_MS, 7 * DAY_MS],
  batchSize: [2, Infinity],
  batchTimeoutMs: [SECOND_MS, Infinity],
  cancelOn: 5,
} as const;
