import { flowKey } from "./flow-control/keys.ts";
import type { DebounceRequest, StartRequest } from "./store/run-store.ts";
import type { StartDebounce, StartDetails } from "./store/start-details.ts";

/** A request with what its start says itself in the place of what its function says. */
export function withDetails(request: StartRequest, said: StartDetails, now: number): StartRequest {
  const { notBefore, ttlMs, idempotency, slots, prioritySeconds, debounce, ...details } = said;
  return {
    ...request,
    notBefore: notBefore !== undefined && notBefore > now ? notBefore : request.notBefore,
    startTimeoutMs: ttlMs ?? request.startTimeoutMs,
    idempotency: idempotency ?? request.idempotency,
    slots: slots ?? request.slots,
    prioritySeconds: prioritySeconds ?? request.prioritySeconds,
    debounce: debounce ? debounceOf(request.functionId, debounce) : request.debounce,
    details,
  };
}

const debounceOf = (
  functionId: string,
  { key, delayMs, mode, maxDelayMs }: StartDebounce,
): DebounceRequest => ({
  key: flowKey("debounce", functionId, key),
  periodMs: delayMs,
  mode,
  maxDelayMs,
});
