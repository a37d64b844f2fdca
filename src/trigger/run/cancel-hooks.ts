import { hooksOf } from "../hooks/hook-set.ts";
import { runAt, type TaskScope } from "./scope.ts";

const MAX_CANCEL_MS = 10_000;

/** What a watch for the cancellation of a run is told. */
export interface CancelWatch {
  /** `run` was called. */
  ran(result: Promise<unknown>): void;
  /** The attempt is over. */
  stop(): void;
}

/**
 * Calls `onCancel` when the run is canceled while its code is running, after its signal was aborted. What the hooks do is
 * no part of the run any more: it is not journaled. Ten seconds, then nobody waits for them.
 */
export function watchForCancel(scope: TaskScope): CancelWatch {
  const hooks = hooksOf("onCancel", scope.globals, scope.plan.hooks);
  if (hooks.length === 0) return { ran: () => {}, stop: () => {} };
  let runPromise: Promise<unknown> = new Promise(() => {});
  let isOver = false;
  scope.run.onLeave(() => {
    if (isOver) return;
    isOver = true;
    void runAt({ scope, inside: "onCancel" }, () => cancel()).catch((error: unknown) =>
      scope.log.problem("onCancel", error),
    );
  });
  async function cancel(): Promise<void> {
    const record = await scope.host.getRun(scope.run.id);
    if (record?.state !== "canceled" || !scope.hookParams) return;
    const params = { ...scope.hookParams, runPromise };
    const calls = async (): Promise<void> => {
      for (const hook of hooks) await hook(params);
    };
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_CANCEL_MS).unref();
    });
    try {
      await Promise.race([calls(), tooLong]);
    } finally {
      clearTimeout(timer);
    }
    await scope.log.settle();
  }
  return {
    ran: (result) => {
      runPromise = result;
      // Whoever waits for it sees what it throws; nobody has to.
      result.catch(() => {});
    },
    stop: () => {
      isOver = true;
    },
  };
}
