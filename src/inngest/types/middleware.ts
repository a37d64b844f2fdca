import type {
  InngestMiddleware,
  MiddlewareOptions,
  MiddlewareRegisterFn,
} from "../middleware/legacy-middleware.ts";
import type { Class, StaticTransform } from "../middleware/middleware.ts";
import type { AnyContext } from "./context.ts";
import type { Jsonify, Untyped } from "./json.ts";

/** A class of middleware of another package, which extends another copy of the base class. */
type ForeignClass = new (args: Untyped) => { readonly id: string };

/** Middleware of either form. */
export type MiddlewareInput =
  Class | ForeignClass | Pick<InngestMiddleware<Untyped>, "name" | "init">;

/** Middleware of a client or function, in order. */
export type MiddlewareList = readonly MiddlewareInput[];

/** What middleware adds to the handler's context. */
export type ContextExtension<TList> = TList extends readonly [infer First, ...infer Rest]
  ? ExtensionOf<First> & ContextExtension<Rest>
  : unknown;

type ExtensionOf<T> =
  T extends InngestMiddleware<infer TOptions extends MiddlewareOptions>
    ? LegacyExtension<TOptions["init"]>
    : T extends abstract new (...args: Untyped[]) => infer TInstance
      ? ClassExtension<TInstance>
      : unknown;

type LegacyExtension<TInit extends MiddlewareRegisterFn> =
  Result<Property<Result<Property<Result<TInit>, "onFunctionRun">>, "transformInput">> extends {
    ctx: infer TContext;
  }
    ? TContext
    : unknown;

type ClassExtension<TInstance> = TInstance extends {
  transformFunctionInput(args: Untyped): infer TResult;
}
  ? Awaited<TResult> extends { ctx: infer TContext }
    ? AddedKeys<TContext>
    : unknown
  : unknown;

/** A middleware that passes the context on adds nothing by that. */
type AddedKeys<TContext> = Omit<TContext, keyof AnyContext> &
  AddedTools<TContext, "step"> &
  AddedTools<TContext, "group">;

type AddedTools<TContext, TKey extends "step" | "group"> = TContext extends {
  [K in TKey]: infer TTools;
}
  ? keyof Omit<TTools, keyof AnyContext[TKey]> extends never
    ? unknown
    : { [K in TKey]: Omit<TTools, keyof AnyContext[TKey]> }
  : unknown;

type Property<T, TKey extends PropertyKey> = T extends { [K in TKey]?: infer TValue }
  ? NonNullable<TValue>
  : never;
type Result<T> = T extends (...args: never[]) => infer TResult ? Awaited<TResult> : never;

/** An object type with the keys of another laid over it; shared keys are both. */
export type Extend<TBase, TExtension> = unknown extends TExtension
  ? TBase
  : keyof TExtension extends never
    ? TBase
    : Omit<TBase, Exclude<keyof TExtension, "step" | "group">> & TExtension;

type TransformKey = "functionOutputTransform" | "stepOutputTransform";

/** What becomes of an output: JSON, unless middleware declares something else. The last in the list comes first. */
export type TransformOutput<TList, T, TKey extends TransformKey> = TList extends readonly [
  ...infer Rest,
  infer Last,
]
  ? DeclaresTransform<Last, TKey> extends true
    ? TransformRest<Rest, ApplyTransform<Last, T, TKey>, TKey>
    : TransformOutput<Rest, T, TKey>
  : Jsonify<T>;

type TransformRest<TList, T, TKey extends TransformKey> = TList extends readonly [
  ...infer Rest,
  infer Last,
]
  ? TransformRest<
      Rest,
      DeclaresTransform<Last, TKey> extends true ? ApplyTransform<Last, T, TKey> : T,
      TKey
    >
  : T;

type DeclaresTransform<T, TKey extends TransformKey> = T extends abstract new (
  ...args: Untyped[]
) => infer TInstance
  ? TInstance extends { [K in TKey]: infer TTransform }
    ? "isDefault" extends keyof TTransform
      ? false
      : true
    : false
  : false;

type ApplyTransform<T, TIn, TKey extends TransformKey> = T extends abstract new (
  ...args: Untyped[]
) => infer TInstance
  ? TInstance extends { [K in TKey]: infer TTransform extends StaticTransform }
    ? (TTransform & { In: TIn })["Out"]
    : Jsonify<TIn>
  : Jsonify<TIn>;
