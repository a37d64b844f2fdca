import type { Inngest } from "../client.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { EventPayload } from "../types/events.ts";
import type { MaybePromise, Untyped } from "../types/json.ts";

/**
 * Middleware in the form of Inngest v3: an object whose `init` gives hooks.
 *
 * `init` is called once a client, and once a function that has middleware of its own; `onFunctionRun` once an
 * execution. Hooks that come before something run in the order of the list, hooks that come after it in reverse.
 */

/** A step whose result is known. */
export interface LegacyStep {
  readonly id: string;
  readonly data?: unknown;
  readonly error?: unknown;
}

/** The result of a step or of the handler. */
export interface LegacyResult {
  readonly data?: unknown;
  readonly error?: unknown;
}

/** The step that a result is of. */
export interface LegacyStepInfo {
  readonly name: string;
  readonly displayName: string;
  readonly op: string;
  readonly opts?: Readonly<Record<string, unknown>> | undefined;
}

/** What `onFunctionRun` is told. */
export interface LegacyRunInfo {
  readonly ctx: { readonly event: Untyped; readonly runId: string };
  readonly fn: AnyInngestFunction;
  readonly steps: readonly LegacyStep[];
  readonly reqArgs: readonly unknown[];
}

/** What `transformInput` is told. */
export interface LegacyRunInput extends Omit<LegacyRunInfo, "ctx"> {
  readonly ctx: Untyped;
}

/** Hooks of one execution. */
export interface LegacyRunHooks {
  transformInput?: (
    args: LegacyRunInput,
  ) => MaybePromise<{ ctx?: object; steps?: readonly { data?: unknown }[] } | undefined | void>;
  beforeMemoization?: () => MaybePromise<void>;
  afterMemoization?: () => MaybePromise<void>;
  beforeExecution?: () => MaybePromise<void>;
  afterExecution?: () => MaybePromise<void>;
  transformOutput?: (args: {
    readonly result: LegacyResult;
    readonly step?: LegacyStepInfo | undefined;
  }) => MaybePromise<{ result?: LegacyResult } | undefined | void>;
  finished?: (args: { readonly result: LegacyResult }) => MaybePromise<void>;
  beforeResponse?: () => MaybePromise<void>;
}

/** Hooks of one `send`. */
export interface LegacySendHooks {
  transformInput?: (args: {
    readonly payloads: readonly EventPayload[];
  }) => MaybePromise<{ payloads?: EventPayload[] } | undefined | void>;
  transformOutput?: (args: {
    readonly result: { readonly ids: string[] };
  }) => MaybePromise<{ result?: object } | undefined | void>;
}

/** What `init` gives. */
export interface MiddlewareRegisterReturn {
  onFunctionRun?: (info: LegacyRunInfo) => MaybePromise<LegacyRunHooks>;
  onSendEvent?: () => MaybePromise<LegacySendHooks>;
}

/** The `init` of a middleware. */
export type MiddlewareRegisterFn = (args: {
  client: Inngest.Any;
  fn?: AnyInngestFunction;
}) => MaybePromise<MiddlewareRegisterReturn>;

/** What a middleware is made of. */
export interface MiddlewareOptions {
  readonly name: string;
  readonly init: MiddlewareRegisterFn;
}

/**
 * Middleware as objects, as in Inngest v3.
 *
 * @example
 * const withDatabase = new InngestMiddleware({
 *   name: "database",
 *   init: () => ({ onFunctionRun: () => ({ transformInput: () => ({ ctx: { db } }) }) }),
 * });
 */
export class InngestMiddleware<TOptions extends MiddlewareOptions> {
  readonly name: TOptions["name"];
  readonly init: TOptions["init"];

  constructor(options: TOptions) {
    this.name = options.name;
    this.init = options.init;
  }
}

export declare namespace InngestMiddleware {
  type Any = InngestMiddleware<Untyped>;
  type Stack = readonly [Any, ...Any[]];
}
