import { propagation, ROOT_CONTEXT, type TextMapPropagator, trace } from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";
import { fromCarrier, toCarrier } from "./carrier.ts";

afterEach(() => propagation.disable());

const spanContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
};
const inSpan = trace.setSpanContext(ROOT_CONTEXT, spanContext);

test("a context comes back, also where no propagator is registered", () => {
  const text = toCarrier(inSpan)!;
  expect(JSON.parse(text)).toEqual({
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  });
  expect(trace.getSpanContext(fromCarrier(text))).toEqual({ ...spanContext, isRemote: true });
});

test("what a registered propagator writes travels along", () => {
  const propagator: TextMapPropagator<Record<string, string>> = {
    inject: (_, carrier) => void (carrier["x-tenant"] = "t1"),
    extract: (context, carrier) => context.setValue(KEY, carrier["x-tenant"]),
    fields: () => ["x-tenant"],
  };
  const KEY = Symbol("tenant");
  propagation.setGlobalPropagator(propagator);
  const back = fromCarrier(toCarrier(inSpan));
  expect(back.getValue(KEY)).toBe("t1");
  expect(trace.getSpanContext(back)?.spanId).toBe(spanContext.spanId);
});

test.each([undefined, "", "nonsense", "null", '{"traceparent":"00-xyz"}'])(
  "%j is no context",
  (text) => expect(trace.getSpanContext(fromCarrier(text))).toBeUndefined(),
);

test("outside of a trace there is nothing to tell", () => {
  expect(toCarrier(ROOT_CONTEXT)).toBeUndefined();
});
