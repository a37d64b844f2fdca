/** A value of any type, for code that chose not to describe its data: the same freedom that Inngest's types give it. */
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would break code that was written against Inngest
export type Untyped = any;

/** Functions as type parameters are matched by: parameters are contravariant, so only `any` matches all of them. */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type AnyFunction = (...args: any[]) => unknown;

export type IsAny<T> = 0 extends 1 & T ? true : false;
export type IsNever<T> = [T] extends [never] ? true : false;
export type MaybePromise<T> = T | Promise<T>;
export type SingleOrArray<T> = T | readonly T[];
/** Shows an intersection as one object type. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** What JSON.stringify leaves out of objects, and writes as null in lists. */
type NotJson = ((...args: never[]) => unknown) | symbol | undefined;

/** What a value is after it was written as JSON and read again: a Date is a string, a function is gone. */
export type Jsonify<T> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? T
      : T extends string | number | boolean | null
        ? T
        : T extends { toJSON(): infer Json }
          ? Jsonify<Json>
          : T extends NotJson | bigint
            ? never
            : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
              ? Record<string, never>
              : T extends readonly unknown[]
                ? { -readonly [K in keyof T]: T[K] extends NotJson ? null : Jsonify<T[K]> }
                : T extends object
                  ? JsonifyObject<T>
                  : never;

type JsonifyObject<T extends object> = Simplify<
  {
    -readonly [K in keyof T as IsKept<T, K> extends true ? K : never]: Jsonify<T[K]>;
  } & {
    -readonly [K in keyof T as IsMaybeKept<T, K> extends true ? K : never]?: Jsonify<
      Exclude<T[K], undefined>
    >;
  }
>;

type IsKept<T, K extends keyof T> = K extends symbol
  ? false
  : IsAny<T[K]> extends true
    ? true
    : unknown extends T[K]
      ? true
      : undefined extends T[K]
        ? false
        : IsNever<Exclude<T[K], NotJson>> extends true
          ? false
          : true;

/** An optional property, or one that may be undefined. */
type IsMaybeKept<T, K extends keyof T> = K extends symbol
  ? false
  : IsAny<T[K]> extends true
    ? false
    : unknown extends T[K]
      ? false
      : undefined extends T[K]
        ? IsNever<Exclude<T[K], NotJson>> extends true
          ? false
          : true
        : false;

/** What a step or function gives, before JSON: awaited, and `null` where it gives nothing. */
export type Output<T> =
  IsAny<T> extends true ? T : IsNever<Awaited<T>> extends true ? null : NullForVoid<Awaited<T>>;

type NullForVoid<T> = IsAny<T> extends true ? T : unknown extends T ? T : T extends void ? null : T;
