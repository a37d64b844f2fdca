import type { MaybePromise } from "./types/json.ts";

/**
 * Goes on with a value: at once if it is there, later if it is promised. What is never asynchronous so stays
 * synchronous, which transactions need and the order of steps relies on.
 */
export function chain<T, R>(
  value: MaybePromise<T>,
  go: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then((known) => go(known)) : go(value);
}

/** Passes a value through functions, one after the other. */
export function chainAll<T>(
  value: MaybePromise<T>,
  steps: readonly ((value: T) => MaybePromise<T>)[],
): MaybePromise<T> {
  return steps.reduce<MaybePromise<T>>((before, step) => chain(before, step), value);
}

export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { then?: unknown }).then === "function";
