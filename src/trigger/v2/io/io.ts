import type { SchemaOut } from "../../schema.ts";
import type { Untyped } from "../../types/untyped.ts";
import {
  type EventLog,
  logOf,
  type SendEvent,
  type SendEventOptions,
  toEventInput,
} from "../events/event.ts";
import { cancelEvent, type FoundEvent, getEvent } from "../events/stored-events.ts";
import type { PayloadSchema } from "../events/payload.ts";
import type { DynamicSchedule } from "../dynamic-schedule.ts";
import type { RunScope } from "../run-scope.ts";
import type { CronOptions, IntervalOptions } from "../triggers/scheduled-triggers.ts";
import { backgroundFetch } from "./background-fetch.ts";
import { backgroundPoll, type FetchPollOptions } from "./background-poll.ts";
import { type IOLogger } from "./logger.ts";
import { type RandomOptions, randomNumber } from "./random.ts";
import type { FetchedResponse, FetchOptions, FetchRequestInit } from "./request.ts";
import {
  runTask,
  type RunTaskErrorCallback,
  type RunTaskOptions,
  type ServerTask,
} from "./run-task.ts";
import { type InitialStatus, TriggerStatus } from "./status.ts";
import { type RunStorage, storageOf } from "./storage.ts";
import { keyText, type TaskKey } from "./task-key.ts";
import { LonghaulError } from "../../../core/errors.ts";
import {
  milliseconds,
  waitForEvent,
  type WaitForEventRequest,
  type WaitForEventResult,
} from "./wait-for-event.ts";

/**
 * What a run may do that lasts: tasks, waits, events. Each call has a key; what it came to is kept under it, so that a
 * run that goes on, in this process or another, does nothing twice.
 *
 * Calls may be made side by side, and awaited later or never. A run that waits is put away: its promises stay pending,
 * and nothing is thrown into its code.
 */
export class IO {
  readonly logger: IOLogger;
  /** Values by name: of this run, of its job, and of the whole store. */
  readonly store: RunStorage;
  readonly #scope: () => RunScope;

  /** @internal */
  constructor(scope: () => RunScope, logger: IOLogger) {
    this.#scope = scope;
    this.logger = logger;
    this.store = storageOf(scope);
  }

  /**
   * Runs a callback once, and again if it fails and `options.retry` or `onError` say so. The callback may use `io`
   * itself: it is called again after each wait inside, with what its own tasks came to.
   *
   * @returns what the callback returned, as JSON keeps it
   */
  runTask<T>(
    key: TaskKey,
    callback: (task: ServerTask, io: IO) => Promise<T>,
    options: RunTaskOptions & {
      readonly parseOutput?: ((output: unknown) => T) | undefined;
    } = {},
    onError?: RunTaskErrorCallback,
  ): Promise<T> {
    return quiet(runTask(this.#scope(), key, callback, options, onError));
  }

  /** Waits, in the store: for seconds or months, through restarts. */
  wait(key: TaskKey, seconds: number): Promise<void> {
    return quiet(this.#wait(key, seconds));
  }

  async #wait(key: TaskKey, seconds: number): Promise<void> {
    const { run, host } = this.#scope();
    const dueAt = host.now() + milliseconds(seconds, "io.wait()");
    await run.sleepUntil(keyText(key, "io.wait()"), dueAt);
  }

  /** Waits for an event. @throws {LonghaulError} TRIGGER_V2_TIMEOUT, TRIGGER_V2_INVALID_PAYLOAD */
  waitForEvent<TSchema extends PayloadSchema | undefined = undefined>(
    key: TaskKey,
    event: WaitForEventRequest<TSchema>,
    options: {
      /** @default 3600 */
      readonly timeoutInSeconds?: number | undefined;
    } = {},
  ): Promise<WaitForEventResult<TSchema extends PayloadSchema ? SchemaOut<TSchema> : Untyped>> {
    return quiet(waitForEvent(this.#scope(), key, event, options.timeoutInSeconds));
  }

  /** @throws {LonghaulError} TRIGGER_V2_UNSUPPORTED */
  waitForRequest(_key: TaskKey, _callback: unknown, _options?: unknown): never {
    throw new LonghaulError("TRIGGER_V2_UNSUPPORTED", {
      feature: "io.waitForRequest()",
      reason: "no HTTP server gives the run an address; send an event from a route of yours",
    });
  }

  /** Sends an event, once. */
  sendEvent(key: TaskKey, event: SendEvent, options: SendEventOptions = {}): Promise<EventLog> {
    return quiet(this.#send(key, [event], options).then(([log]) => log!));
  }

  /** Sends events, once, all or none. */
  sendEvents(
    key: TaskKey,
    events: readonly SendEvent[],
    options: SendEventOptions = {},
  ): Promise<EventLog[]> {
    return quiet(this.#send(key, events, options));
  }

  async #send(
    key: TaskKey,
    events: readonly SendEvent[],
    options: SendEventOptions,
  ): Promise<EventLog[]> {
    const { run, host } = this.#scope();
    const inputs = events.map((event) => toEventInput(event, options, host.now()));
    const ids = await run.sendEvents(keyText(key, "io.sendEvent()"), inputs);
    return events.map((event, i) => logOf(event, options, ids[i]!));
  }

  /** An event that was sent, with the runs it has started. */
  getEvent(key: TaskKey, id: string): Promise<FoundEvent | undefined> {
    return quiet(this.#asTask(key, "io.getEvent()", ({ host }) => getEvent(host, id)));
  }

  /** Keeps the runs from starting that a delayed event would start. */
  cancelEvent(key: TaskKey, id: string): Promise<FoundEvent | undefined> {
    return quiet(this.#asTask(key, "io.cancelEvent()", ({ host }) => cancelEvent(host, id)));
  }

  /** Calls back for each item, all at once, as one task. @throws the first error, when all have ended */
  parallel<T, TItem>(
    key: TaskKey,
    items: readonly TItem[],
    callback: (item: TItem, index: number) => Promise<T>,
    options: Pick<RunTaskOptions, "name" | "properties"> = {},
  ): Promise<T[]> {
    const all = async (): Promise<T[]> => {
      const outcomes = await Promise.allSettled(items.map(async (item, i) => callback(item, i)));
      return outcomes.map((outcome) => {
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      });
    };
    return this.runTask(key, all, options);
  }

  /** Catches what a callback throws. Here `try … catch` does the same. */
  async try<T, TCaught>(
    callback: () => Promise<T>,
    onCatch: (error: unknown) => Promise<TCaught>,
  ): Promise<T | TCaught> {
    try {
      return await callback();
    } catch (error) {
      return await onCatch(error);
    }
  }

  /** A random number, the same whenever the run comes by again. */
  random(key: TaskKey, options: RandomOptions = {}): Promise<number> {
    return quiet(this.#asTask(key, "io.random()", () => randomNumber(options, this.logger)));
  }

  /** Notes that the run came this far, and lets others go first. */
  readonly yield = (key: TaskKey): Promise<void> =>
    quiet(this.#asTask(key, "io.yield()", () => undefined));

  /** The same as {@link IO.yield}. */
  readonly brb = this.yield;

  /** Makes a status that readers of the run see: `client.getRunStatuses(runId)`. */
  createStatus(key: TaskKey, initial: InitialStatus): Promise<TriggerStatus> {
    return quiet(this.#createStatus(key, initial));
  }

  async #createStatus(key: TaskKey, initial: InitialStatus): Promise<TriggerStatus> {
    const status = new TriggerStatus(this.#scope(), keyText(key, "io.createStatus()"));
    await status.update(key, initial);
    return status;
  }

  /**
   * Makes a request, and again as `options` say; the run waits in the store between two tries.
   * @returns the body of the answer: JSON where it is, else text
   * @throws {LonghaulError} TRIGGER_V2_FETCH_FAILED
   */
  backgroundFetch<TData = Untyped>(
    key: TaskKey,
    url: string,
    requestInit?: FetchRequestInit,
    options?: FetchOptions,
  ): Promise<TData> {
    const response = this.backgroundFetchResponse<TData>(key, url, requestInit, options);
    return quiet(response.then(({ data }) => data));
  }

  /** The same, with status and headers. @throws {LonghaulError} TRIGGER_V2_FETCH_FAILED */
  backgroundFetchResponse<TData = Untyped>(
    key: TaskKey,
    url: string,
    requestInit?: FetchRequestInit,
    options?: FetchOptions,
  ): Promise<FetchedResponse<TData>> {
    return quiet(this.#fetch(key, url, requestInit, options));
  }

  async #fetch(...args: Parameters<IO["backgroundFetchResponse"]>): Promise<FetchedResponse> {
    return backgroundFetch(this.#scope(), ...(args as [TaskKey, string, undefined, undefined]));
  }

  /**
   * Asks until the answer is as wanted; the run waits in the store between two requests.
   * @throws {LonghaulError} TRIGGER_V2_TIMEOUT, TRIGGER_V2_FETCH_FAILED
   */
  backgroundPoll<TData = Untyped>(key: TaskKey, options: FetchPollOptions): Promise<TData> {
    return quiet(backgroundPoll(this.#scope(), key, options).then(({ data }) => data as TData));
  }

  /** As `schedule.register(id, { type: "interval", options })`, as a task of this key. */
  registerInterval(
    key: TaskKey,
    schedule: DynamicSchedule,
    id: string,
    options: IntervalOptions,
  ): Promise<{ id: string }> {
    return this.runTask(key, async () => schedule.register(id, { type: "interval", options }));
  }

  /** As `schedule.register(id, { type: "cron", options })`, as a task of this key. */
  registerCron(
    key: TaskKey,
    schedule: DynamicSchedule,
    id: string,
    options: CronOptions,
  ): Promise<{ id: string }> {
    return this.runTask(key, async () => schedule.register(id, { type: "cron", options }));
  }

  /** As `schedule.unregister(id)`, as a task of this key. */
  unregisterInterval(
    key: TaskKey,
    schedule: DynamicSchedule,
    id: string,
  ): Promise<{ ok: boolean }> {
    return this.runTask(key, async () => schedule.unregister(id));
  }

  /** As `schedule.unregister(id)`, as a task of this key. */
  unregisterCron(key: TaskKey, schedule: DynamicSchedule, id: string): Promise<{ ok: boolean }> {
    return this.unregisterInterval(key, schedule, id);
  }

  /** A task with plain code. */
  async #asTask<T>(key: TaskKey, call: string, body: (scope: RunScope) => T): Promise<Awaited<T>> {
    const scope = this.#scope();
    return (await scope.run.run(keyText(key, call), () => body(scope))) as Awaited<T>;
  }
}

/** That nobody awaits a branch is no reason to end the process: its failure shows where it is awaited, if it is. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
