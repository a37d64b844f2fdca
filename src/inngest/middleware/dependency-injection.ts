import { BaseMiddleware, type TransformFunctionInputArgs } from "./middleware.ts";

/** The class that {@link dependencyInjectionMiddleware} makes. */
interface Injecting<TContext extends object> {
  new (args: ConstructorParameters<typeof BaseMiddleware>[0]): BaseMiddleware & {
    transformFunctionInput(
      args: TransformFunctionInputArgs,
    ): TransformFunctionInputArgs & { ctx: TContext };
  };
}

/**
 * Middleware that gives all handlers something more: `dependencyInjectionMiddleware({ db })`, then
 * `async ({ event, db }) => …`.
 */
export function dependencyInjectionMiddleware<TContext extends object>(
  context: TContext,
): Injecting<TContext> {
  return class extends BaseMiddleware {
    readonly id = "longhaul:dependency-injection";

    override transformFunctionInput(
      args: TransformFunctionInputArgs,
    ): TransformFunctionInputArgs & { ctx: TContext } {
      return { ...args, ctx: { ...args.ctx, ...context } };
    }
  };
}
