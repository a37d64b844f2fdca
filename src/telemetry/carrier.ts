import {
  type Context,
  createTraceState,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  trace,
} from "@opentelemetry/api";

/**
 * A context as text: what the registered propagators write (baggage, say), and W3C's `traceparent` if none of them wrote
 * it, so that traces hold together also where nobody has registered one.
 *
 * @returns `undefined` if there is nothing to tell
 */
export function toCarrier(context: Context): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context, carrier);
  const span = trace.getSpanContext(context);
  if (span && isSpanContextValid(span) && carrier["traceparent"] === undefined) {
    const flags = span.traceFlags.toString(16).padStart(2, "0");
    carrier["traceparent"] = `00-${span.traceId}-${span.spanId}-${flags}`;
    const state = span.traceState?.serialize();
    if (state) carrier["tracestate"] = state;
  }
  return Object.keys(carrier).length === 0 ? undefined : JSON.stringify(carrier);
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The context that {@link toCarrier} wrote, below `base`; `base` itself for anything else. */
export function fromCarrier(text: string | undefined, base: Context = ROOT_CONTEXT): Context {
  const carrier = readCarrier(text);
  if (carrier === undefined) return base;
  const extracted = propagation.extract(base, carrier);
  if (trace.getSpanContext(extracted) !== trace.getSpanContext(base)) return extracted;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(carrier["traceparent"] ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return extracted;
  const state = carrier["tracestate"];
  return trace.setSpanContext(extracted, {
    ...{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true },
    ...(state !== undefined && { traceState: createTraceState(state) }),
  });
}

function readCarrier(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  try {
    const carrier: unknown = JSON.parse(text);
    return typeof carrier === "object" && carrier !== null
      ? (carrier as Record<string, string>)
      : undefined;
  } catch {
    // Jobs may come from producers with a telemetry of their own.
    return undefined;
  }
}
