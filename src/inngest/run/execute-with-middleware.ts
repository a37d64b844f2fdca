import type { Response } from "../middleware/middleware.ts";
import { createRunMiddleware } from "../middleware/run-middleware.ts";
import { MiddlewareStack } from "../middleware/stack.ts";
import { decideRetry } from "../errors.ts";
import { flushLogger } from "../logger.ts";
import { callHandler, type PreparedExecution } from "./call-handler.ts";
import { asError, legacySteps, MiddlewareSteps } from "./middleware-steps.ts";

/** How the handler ended; nothing if the run left the worker before. */
type Settled = { readonly output: unknown } | { readonly error: unknown } | undefined;

/** Runs a handler with everything that middleware wants to see or change around it. */
export async function executeWithMiddleware(execution: PreparedExecution): Promise<unknown> {
  const { fn, run, ctx, host, middleware } = execution;
  const { client } = fn;
  const list = await createRunMiddleware(middleware, {
    client,
    fn,
    ctx,
    steps: () => legacySteps(run.journal, host.now()),
  });
  const stack = new MiddlewareStack(list, { ctx, fn, logger: client.logger });
  const steps = new MiddlewareSteps(run, { stack, fn, now: () => host.now() });
  execution.takeThrough(steps.take);

  // A run that leaves the worker ends its execution, but its handler never settles.
  const left = new Promise<undefined>((resolve) => run.onLeave(() => resolve(undefined)));
  let handled: Promise<Settled> | undefined;
  const settled = (): Promise<Settled> => (handled ??= settle(runHandler(execution, stack, steps)));
  const ended = async (): Promise<Settled> => {
    const result = await Promise.race([settled(), left]);
    await stack.tell("onExecutionEnd");
    await flushLogger(client.logger);
    return result;
  };

  const refused = await aroundRequest(execution, stack, ended);
  if (refused !== undefined) throw refused.error;
  const result = await settled();
  if (result !== undefined && "error" in result) throw result.error;
  return result?.output;
}

/** Goes through `wrapRequest`, if there is any. Middleware that throws there makes the execution fail. */
async function aroundRequest(
  execution: PreparedExecution,
  stack: MiddlewareStack,
  ended: () => Promise<Settled>,
): Promise<{ readonly error: unknown } | undefined> {
  if (!stack.wrapsRequests) {
    await ended();
    return undefined;
  }
  const { run, fn, ctx } = execution;
  const request = {
    requestArgs: [],
    requestInfo: {
      body: () => Promise.resolve({ event: ctx.event, events: ctx.events }),
      headers: {},
      method: "POST",
      url: new URL(`longhaul:///${fn.id(fn.client.id)}/${run.id}`),
    },
    runId: run.id,
  };
  try {
    await stack.wrapRequest(request, async () => responseOf(await ended()));
    return undefined;
  } catch (error) {
    return { error };
  }
}

async function runHandler(
  execution: PreparedExecution,
  stack: MiddlewareStack,
  steps: MiddlewareSteps,
): Promise<unknown> {
  const { run, fn, ctx: first, host } = execution;
  const before = stack.readsSteps ? steps.memoized : {};
  const { ctx, steps: after } = await stack.transformFunctionInput(before);
  steps.replace(before, after);
  if (!run.isReplaying) await stack.endMemoization();
  if (run.journal.length === 0 && run.attempt === 0) await stack.tell("onRunStart");
  try {
    const output = await stack.wrapFunctionHandler(async () => {
      try {
        return await callHandler(execution, ctx);
      } finally {
        await stack.endMemoization();
      }
    });
    await stack.endMemoization();
    await stack.tell("onRunComplete", { output });
    return output;
  } catch (thrown) {
    await stack.endMemoization();
    const isFinalAttempt =
      run.attempt + 1 >= run.maxAttempts || !decideRetry(thrown, host.now()).retry;
    await stack.tell("onRunError", { error: asError(thrown), isFinalAttempt });
    (ctx ?? first).logger.error({ err: thrown }, `${fn.id(fn.client.id)} failed`);
    throw thrown;
  }
}

async function settle(handler: Promise<unknown>): Promise<Settled> {
  try {
    return { output: await handler };
  } catch (error) {
    return { error };
  }
}

function responseOf(result: Settled): Response {
  if (result === undefined) return { status: 206, headers: {}, body: "[]" };
  if ("output" in result)
    return { status: 200, headers: {}, body: JSON.stringify(result.output ?? null) ?? "null" };
  const { name, message } = asError(result.error);
  return { status: 500, headers: {}, body: JSON.stringify({ name, message }) };
}
