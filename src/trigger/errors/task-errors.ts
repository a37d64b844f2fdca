/** Thrown in a task: the run fails at once, attempts left or not. */
export class AbortTaskRunError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AbortTaskRunError";
  }
}

/** Thrown in a task that has too little memory: it is tried again only with `retry.outOfMemory.machine`. */
export class OutOfMemoryError extends Error {
  constructor(message = "Out of memory") {
    super(message);
    this.name = "OutOfMemoryError";
  }
}

/** Thrown in a task: the run completes at once, with this output. */
export class CompleteTaskWithOutput extends Error {
  readonly output: unknown;

  constructor(output?: unknown) {
    super("The task completes with the output of this error");
    this.name = "CompleteTaskWithOutput";
    this.output = output;
  }
}

/** What `unwrap()` of a child run throws: `cause` is the error that the child failed with. */
export class SubtaskUnwrapError extends Error {
  readonly taskId: string;
  readonly runId: string;

  constructor(taskId: string, runId: string, cause: unknown) {
    super(`Error in ${taskId}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "SubtaskUnwrapError";
    this.taskId = taskId;
    this.runId = runId;
  }
}

/** Why a batch was not triggered; nothing of it was started. */
export class BatchTriggerError extends Error {
  readonly phase: "create" | "stream";
  readonly itemCount: number;

  constructor(phase: "create" | "stream", itemCount: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`The batch of ${itemCount} was not triggered: ${reason}`, { cause });
    this.name = "BatchTriggerError";
    this.phase = phase;
    this.itemCount = itemCount;
  }
}

/** A token that nobody completed in time. */
export class WaitpointTimeoutError extends Error {
  constructor(message = "The token was not completed in time") {
    super(message);
    this.name = "WaitpointTimeoutError";
  }
}

/** A payload that does not fit the schema of its task. The run fails without another attempt. */
export class TaskPayloadParsedError extends Error {
  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Parsing payload with schema failed: ${reason}`, { cause });
    this.name = "TaskPayloadParsedError";
  }
}
