import type { ConcurrencyOption, FunctionDeclaration } from "./definition.ts";
import { evaluateExpression, type ExpressionInput, holds } from "./expressions.ts";
import { rateLimitBurst } from "./flow-control/gcra.ts";
import { flowKey, keyText, optionalKeyText } from "./flow-control/keys.ts";
import { createRunId } from "./ids.ts";
import { planWait, type TriggerIndex } from "./matching.ts";
import { withDetails } from "./start-details.ts";
import type { StartDetails } from "./store/start-details.ts";
import type { RateSpec, SlotClaim, StartRequest, WaitSpec } from "./store/run-store.ts";
import type { RunEvent } from "./types.ts";

/**
 * Turns "this event starts this function" into a {@link StartRequest}: every expression of the function's flow control
 * evaluated on the event, once. The store applies it in this order, as Inngest does:
 *
 *   batch → idempotency → rateLimit → debounce → singleton → the run (slots, throttle, cancelOn, timeouts)
 *
 * Expressions look at the first event. Where one gives `false`, or looks at something missing, `rateLimit`,
 * `idempotency` and `singleton` do not apply; for the others, all such events share one key.
 */

/** What may differ between starts of one function. */
export interface StartOptions {
  readonly now: number;
  /** @default a new one */
  readonly runId?: string | undefined;
  readonly invokedBy?: StartRequest["invokedBy"];
  /** Not before this time, epoch ms. @default the event's `ts`, if that is ahead */
  readonly notBefore?: number | undefined;
  /** @default the sender's id of the event, for 24 hours */
  readonly idempotency?: StartRequest["idempotency"];
  /** What the start says itself. Counts before the function's `defaults`, and both before the rest of the function. */
  readonly details?: StartDetails | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long an event's id, and `idempotency`, keep a second start away. */
export const IDEMPOTENCY_MS = DAY_MS;
/** How long a cancellation is waited for if nothing else is said. */
export const DEFAULT_CANCEL_TIMEOUT_MS = 365 * DAY_MS;
/** Event times from here on are taken for mistakes: the run starts at once. */
const LAST_EVENT_TIME = Date.UTC(2100, 0, 1);
/** Inngest's documentation says 600; its server lets through twelve hours. */
const MAX_PRIORITY_SECONDS = 12 * 60 * 60;

/** Requests for all functions that an event starts. */
export function startsOf(index: TriggerIndex, event: RunEvent, now: number): StartRequest[] {
  return index
    .match(event, now)
    .map((definition) => createStartRequest(definition, [event], { now }));
}

/**
 * The request to start a function on these events.
 *
 * @param events At least one; expressions look at the first.
 */
export function createStartRequest(
  definition: FunctionDeclaration,
  events: readonly [RunEvent, ...RunEvent[]],
  options: StartOptions,
): StartRequest {
  const [event] = events;
  const { now } = options;
  const input = { event, now };
  const batch = batchOf(definition, input);
  const request: StartRequest = {
    functionId: definition.id,
    runId: options.runId ?? createRunId(now),
    events,
    notBefore: options.notBefore ?? startTimeOf(event, now),
    idempotency: options.idempotency ?? idempotencyOf(definition, event, now),
    rateLimit: batch === undefined ? rateLimitOf(definition, input) : undefined,
    throttle: throttleOf(definition, input),
    debounce: debounceOf(definition, input),
    batch,
    singleton: singletonOf(definition, input),
    slots: slotsOf(definition, input),
    prioritySeconds: priorityOf(definition, input),
    startTimeoutMs: definition.timeouts?.startMs,
    finishTimeoutMs: definition.timeouts?.finishMs,
    cancelOn: batch === undefined ? cancelOnOf(definition, input) : [],
    invokedBy: options.invokedBy,
  };
  const { details = definition.defaults } = options;
  return details ? withDetails(request, { ...definition.defaults, ...details }, now) : request;
}

function startTimeOf({ ts }: RunEvent, now: number): number | undefined {
  return ts > now && ts < LAST_EVENT_TIME ? ts : undefined;
}

function idempotencyOf({ id }: FunctionDeclaration, { externalId }: RunEvent, now: number) {
  if (externalId === undefined) return undefined;
  return { key: flowKey("event", id, externalId), until: now + IDEMPOTENCY_MS };
}

/** `idempotency` is a rate limit of one in 24 hours, and takes the place of another, as in Inngest. */
function rateLimitOf(
  { id, rateLimit, idempotency }: FunctionDeclaration,
  input: ExpressionInput,
): RateSpec | undefined {
  if (idempotency !== undefined) {
    const value = optionalKeyText(idempotency, input);
    if (value === undefined) return undefined;
    const key = flowKey("idempotency", id, value);
    return { key, limit: 1, periodMs: IDEMPOTENCY_MS, burst: 0, mode: "gcra" };
  }
  if (rateLimit === undefined) return undefined;
  const { limit, periodMs, mode = "gcra" } = rateLimit;
  const value = rateLimit.key === undefined ? "" : optionalKeyText(rateLimit.key, input);
  if (value === undefined) return undefined;
  const burst = mode === "gcra" ? rateLimitBurst(limit) : 0;
  return { key: flowKey("rateLimit", id, value), limit, periodMs, burst, mode };
}

function throttleOf(
  { id, throttle }: FunctionDeclaration,
  input: ExpressionInput,
): RateSpec | undefined {
  if (throttle === undefined) return undefined;
  const { limit, periodMs, burst = 0 } = throttle;
  const key = flowKey("throttle", id, textOrEmpty(throttle.key, input));
  return { key, limit, periodMs, burst, mode: "gcra" };
}

function debounceOf({ id, debounce }: FunctionDeclaration, input: ExpressionInput) {
  if (debounce === undefined) return undefined;
  const { periodMs, timeoutMs } = debounce;
  return { key: flowKey("debounce", id, textOrEmpty(debounce.key, input)), periodMs, timeoutMs };
}

/** An event that `if` keeps out of the batch starts a run of its own, at once. */
function batchOf({ id, batchEvents }: FunctionDeclaration, input: ExpressionInput) {
  if (batchEvents === undefined) return undefined;
  if (batchEvents.if !== undefined && !holds(batchEvents.if, input)) return undefined;
  const { maxSize, timeoutMs } = batchEvents;
  return { key: flowKey("batch", id, textOrEmpty(batchEvents.key, input)), maxSize, timeoutMs };
}

function singletonOf({ id, singleton }: FunctionDeclaration, input: ExpressionInput) {
  if (singleton === undefined) return undefined;
  const value = singleton.key === undefined ? "" : optionalKeyText(singleton.key, input);
  if (value === undefined) return undefined;
  return { key: flowKey("singleton", id, value), mode: singleton.mode };
}

/** One claim a key: of two limits on the same key the lower one counts. */
function slotsOf({ id, concurrency = [] }: FunctionDeclaration, input: ExpressionInput) {
  const limits = new Map<string, number>();
  for (const option of concurrency) {
    if (option.limit < 1) continue;
    const key = slotKey(id, option, input);
    limits.set(key, Math.min(limits.get(key) ?? option.limit, option.limit));
  }
  return [...limits].map(([key, limit]): SlotClaim => ({ key, limit }));
}

/** In the scopes env and account, functions whose keys have the same value share it, whatever the expression. */
function slotKey(
  id: string,
  { key, scope = "fn" }: ConcurrencyOption,
  input: ExpressionInput,
): string {
  if (key === undefined) return flowKey("fn", id);
  const value = keyText(key, input);
  return scope === "fn" ? flowKey("fn", id, key, value) : flowKey(scope, value);
}

function priorityOf({ priority }: FunctionDeclaration, input: ExpressionInput): number {
  if (priority === undefined) return 0;
  const seconds = evaluateExpression(priority.run, input);
  if (typeof seconds !== "number") return 0;
  return Math.trunc(Math.min(Math.max(seconds, -MAX_PRIORITY_SECONDS), MAX_PRIORITY_SECONDS));
}

function cancelOnOf(
  { cancelOn = [] }: FunctionDeclaration,
  { event, now }: ExpressionInput,
): WaitSpec[] {
  return cancelOn.map((entry) =>
    planWait(entry, event, now + (entry.timeoutMs ?? DEFAULT_CANCEL_TIMEOUT_MS), now),
  );
}

const textOrEmpty = (expression: string | undefined, input: ExpressionInput): string =>
  expression === undefined ? "" : keyText(expression, input);
