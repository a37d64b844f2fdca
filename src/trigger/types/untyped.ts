/** A value of any type, for code that chose not to describe its data: the same freedom that Trigger.dev's types give it. */
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would break code that was written against Trigger.dev
export type Untyped = any;

export type MaybePromise<T> = T | Promise<T>;
export type OneOrMany<T> = T | readonly T[];
