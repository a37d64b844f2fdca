import { AsyncLocalStorage } from "node:async_hooks";
import type { AnyInngestFunction } from "../function.ts";
import type { Logger } from "../logger.ts";
import { chain } from "../maybe.ts";
import type { AnyContext } from "../types/context.ts";
import type { MaybePromise } from "../types/json.ts";
import type { MemoizedSteps, Response, StepInfo, TransformStepInputArgs } from "./middleware.ts";
import type { RunMiddleware } from "./run-middleware.ts";

/** The middleware whose `wrapStep` a step is taken in: it does not wrap the steps that it takes itself. */
const wrapping = new AsyncLocalStorage<ReadonlySet<RunMiddleware>>();

type Observer = Extract<keyof RunMiddleware, `on${string}`>;

/** The middleware of one execution: what is to be called, in which order. */
export class MiddlewareStack {
  readonly #list: readonly RunMiddleware[];
  readonly #fn: AnyInngestFunction;
  readonly #logger: Logger;
  #ctx: AnyContext;
  #memoizationEnded = false;

  constructor(
    list: readonly RunMiddleware[],
    about: { ctx: AnyContext; fn: AnyInngestFunction; logger: Logger },
  ) {
    this.#list = list;
    this.#ctx = about.ctx;
    this.#fn = about.fn;
    this.#logger = about.logger;
  }

  /** Whether anybody looks at, or changes, known steps before the handler begins. */
  get readsSteps(): boolean {
    return this.#list.some((one) => one.transformFunctionInput);
  }

  /** The context that handler and middleware share from now on, and the known steps as middleware left them. */
  async transformFunctionInput(
    steps: MemoizedSteps,
  ): Promise<{ ctx: AnyContext; steps: MemoizedSteps }> {
    let args = { ctx: this.#ctx, fn: this.#fn, steps };
    for (const one of this.#list)
      if (one.transformFunctionInput) args = (await one.transformFunctionInput(args)) ?? args;
    this.#ctx = args.ctx;
    return args;
  }

  transformStepInput(args: TransformStepInputArgs): MaybePromise<TransformStepInputArgs> {
    let result: MaybePromise<TransformStepInputArgs> = args;
    for (const one of this.#list)
      if (one.transformStepInput)
        result = chain(result, (before) =>
          chain(one.transformStepInput!(before), (after) => after ?? before),
        );
    return result;
  }

  wrapRequest(
    request: Omit<Parameters<NonNullable<RunMiddleware["wrapRequest"]>>[0], "next" | "fn">,
    core: () => Promise<Response>,
  ): Promise<Response> {
    return this.#wrap("wrapRequest", core, (wrap, next) =>
      wrap({ ...request, fn: this.#fn, next }),
    );
  }

  /** Whether anybody wraps whole executions. */
  get wrapsRequests(): boolean {
    return this.#list.some((one) => one.wrapRequest);
  }

  wrapFunctionHandler(core: () => Promise<unknown>): Promise<unknown> {
    return this.#wrap("wrapFunctionHandler", core, (wrap, next) =>
      wrap({ ctx: this.#ctx, fn: this.#fn, next }),
    );
  }

  wrapStep(stepInfo: StepInfo, core: () => Promise<unknown>): Promise<unknown> {
    const outer = wrapping.getStore() ?? new Set();
    return this.#wrap("wrapStep", core, (wrap, next, one) => {
      const args = {
        ctx: this.#ctx,
        fn: this.#fn,
        next: () => wrapping.run(outer, next),
        stepInfo,
      };
      return outer.has(one) ? next() : wrapping.run(new Set([...outer, one]), () => wrap(args));
    });
  }

  wrapStepHandler(stepInfo: StepInfo, core: () => Promise<unknown>): Promise<unknown> {
    return this.#wrap("wrapStepHandler", core, (wrap, next) =>
      wrap({ ctx: this.#ctx, fn: this.#fn, next, stepInfo }),
    );
  }

  /** Tells observers; what they throw is logged. */
  async tell<T extends Observer>(observer: T, details: object = {}): Promise<void> {
    for (const one of this.#list) {
      const method = one[observer] as ((args: object) => MaybePromise<void>) | undefined;
      try {
        await method?.call(one, { ctx: this.#ctx, fn: this.#fn, ...details });
      } catch (err) {
        this.#logger.error({ err, hook: observer, middleware: one.id }, "middleware failed");
      }
    }
  }

  /** Known steps have been gone through. Told once. */
  endMemoization(): MaybePromise<void> {
    if (this.#memoizationEnded) return undefined;
    this.#memoizationEnded = true;
    return this.tell("onMemoizationEnd");
  }

  /** The first of the list outermost. */
  #wrap<T, K extends "wrapRequest" | "wrapFunctionHandler" | "wrapStep" | "wrapStepHandler">(
    hook: K,
    core: () => Promise<T>,
    call: (
      wrap: NonNullable<RunMiddleware[K]>,
      next: () => Promise<T>,
      one: RunMiddleware,
    ) => Promise<unknown>,
  ): Promise<T> {
    let chained = core;
    for (const one of this.#list.toReversed()) {
      const next = chained;
      const wrap = one[hook];
      if (wrap) chained = () => call(wrap.bind(one) as typeof wrap, next, one) as Promise<T>;
    }
    return chained();
  }
}
