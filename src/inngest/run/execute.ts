import { sharedSessions } from "../events/sessions.ts";
import { flushLogger } from "../logger.ts";
import { chain } from "../maybe.ts";
import type { Registered } from "../middleware/registry.ts";
import { sendEvents } from "../send.ts";
import { createGroupTools } from "../steps/group.ts";
import { createStepTools } from "../steps/tools.ts";
import type { MaybePromise } from "../types/json.ts";
import { callHandler, type Execution, type PreparedExecution } from "./call-handler.ts";
import { createContext, failureOf } from "./context.ts";
import { executeWithMiddleware } from "./execute-with-middleware.ts";
import type { ExecutionScope } from "./scope.ts";
import { guarded, plainTaker, type StepTaker } from "./take-step.ts";

/** Runs the handler of a function once from the top: one execution of a run. */
export function execute(execution: Execution): MaybePromise<unknown> {
  const { client } = execution.fn;
  return chain(client.middlewareOf(execution.fn), (middleware) => {
    const prepared = prepare(execution, middleware);
    return middleware.length === 0 ? executePlain(prepared) : executeWithMiddleware(prepared);
  });
}

async function executePlain(execution: PreparedExecution): Promise<unknown> {
  const { fn, ctx } = execution;
  try {
    return await callHandler(execution, ctx);
  } catch (err) {
    ctx.logger.error({ err }, `${fn.id(fn.client.id)} failed`);
    throw err;
  } finally {
    await flushLogger(fn.client.logger);
  }
}

function prepare(execution: Execution, middleware: readonly Registered[]): PreparedExecution {
  const { fn, run, host } = execution;
  const { client } = fn;
  const sessions = sharedSessions(run.events);
  let taker: StepTaker = plainTaker;
  const take = guarded(
    (call) => taker(call),
    () => scope,
  );
  const step = createStepTools({
    run,
    host,
    execution: () => scope,
    take,
    send: (payload, store) =>
      sendEvents(
        { client, fn, middleware, payload, sessions: client.inherits ? sessions : undefined },
        store,
      ),
  });
  const group = createGroupTools((idOrOptions, body) => step.run(idOrOptions, body));
  const scope: ExecutionScope = { runId: run.id, client, fn, step, group, sessions, stepCount: 0 };
  const ctx = createContext(run, { step, group, sessions, logger: client.logger });
  if (execution.isFailure === true) Object.assign(ctx, { error: failureOf(ctx) });
  return {
    ...execution,
    scope,
    ctx,
    middleware,
    takeThrough(next) {
      taker = next;
    },
  };
}
