import type { RetryDecision } from "../../../runs/definition.ts";

/**
 * Carries out of a task's body what is to be done about its error, to the engine, which records the error itself.
 * Users never see it.
 */
export class TaskFailure extends Error {
  readonly decision: RetryDecision;

  constructor(decision: RetryDecision) {
    super("A task failed");
    this.decision = decision;
  }
}

/** What the engine does about an error: what the task has decided, and nothing about the code between tasks. */
export const decideRetry = (error: unknown): RetryDecision =>
  error instanceof TaskFailure ? error.decision : { retry: false };
