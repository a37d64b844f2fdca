import type { Inngest } from "../client.ts";
import type { AnyInngestFunction } from "../function.ts";
import { chain } from "../maybe.ts";
import type { AnyContext } from "../types/context.ts";
import type { MaybePromise } from "../types/json.ts";
import type { LegacyStep } from "./legacy-middleware.ts";
import { LegacyAdapter } from "./legacy-adapter.ts";
import type { BaseMiddleware } from "./middleware.ts";
import type { Registered } from "./registry.ts";

/** The hooks of one middleware, or of several of the older form, for one execution. */
export type RunMiddleware = Omit<
  BaseMiddleware,
  "client" | "functionOutputTransform" | "stepOutputTransform"
> & {
  /** The execution is over: the handler has settled, or the run has left the worker. */
  onExecutionEnd?(): MaybePromise<void>;
};

/** What middleware is made for. */
export interface RunMiddlewareAbout {
  readonly client: Inngest.Any;
  readonly fn: AnyInngestFunction;
  readonly ctx: AnyContext;
  readonly steps: () => readonly LegacyStep[];
}

/** Makes the hooks of one execution, in the order of the list. Neighbours of the older form become one. */
export function createRunMiddleware(
  registered: readonly Registered[],
  about: RunMiddlewareAbout,
): MaybePromise<readonly RunMiddleware[]> {
  const { client, fn, ctx } = about;
  let made: MaybePromise<readonly RunMiddleware[]> = [];
  for (const one of registered) {
    made = chain(made, (before) => {
      if (one.kind === "class") return [...before, new one.class({ client })];
      const hooks = one.hooks.onFunctionRun?.({
        ctx: { event: ctx.event, runId: ctx.runId },
        fn,
        steps: about.steps(),
        reqArgs: [],
      });
      return chain(hooks ?? {}, (hooks) => {
        const last = before.at(-1);
        if (last instanceof LegacyAdapter) {
          last.add(hooks);
          return before;
        }
        return [...before, new LegacyAdapter(hooks)];
      });
    });
  }
  return made;
}
