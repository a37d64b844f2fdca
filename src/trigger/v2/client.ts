import { LonghaulError } from "../../core/errors.ts";
import { attach, type Attachable, type RunHost } from "../../runs/hosting.ts";
import type { Untyped } from "../types/untyped.ts";
import type { SchemaIn } from "../schema.ts";
import { bindClient, hostOf } from "./binding.ts";
import { DynamicSchedule } from "./dynamic-schedule.ts";
import {
  type EventLog,
  logOf,
  type SendEvent,
  type SendEventOptions,
  toEventInput,
} from "./events/event.ts";
import type { PayloadSchema } from "./events/payload.ts";
import {
  cancelEvent,
  cancelRunsOfEvent,
  type FoundEvent,
  getEvent,
} from "./events/stored-events.ts";
import { isLogLevel, type LogLevel } from "./io/logger.ts";
import { readStatuses, type StatusRecord } from "./io/status.ts";
import { envValues, type KeyValues } from "./io/storage.ts";
import { Job } from "./job.ts";
import { type ConcurrencyLimit, isLimit, type JobOptions, slugOf } from "./job-options.ts";
import type { EndListeners } from "./runs/end-listeners.ts";
import {
  cancelRunsOfJob,
  getRun,
  type GetRunOptions,
  getRuns,
  type GetRunsOptions,
  type JobRun,
  type ListedRun,
} from "./runs/job-runs.ts";
import { type GetLogsOptions, getRunLogs, type RunLog } from "./runs/run-logs.ts";
import type { FailedRunNotification, SuccessfulRunNotification } from "./runs/run-notification.ts";
import type { JobTrigger } from "./triggers/trigger.ts";

/** What makes a client. */
export interface TriggerClientOptions {
  /** The first part of its jobs' ids in the store. */
  readonly id: string;
  /** No effect: there is no server that would ask for it. */
  readonly apiKey?: string | undefined;
  /** No effect: there is no server. */
  readonly apiUrl?: string | undefined;
  /** What of `io.logger` is kept. @default "info" */
  readonly logLevel?: LogLevel | undefined;
  /** No effect: the client does nothing that would be worth a line. */
  readonly verbose?: boolean | undefined;
  /** Writes what `io.logger` logs to the console too. @default false */
  readonly ioLogLocalEnabled?: boolean | undefined;
}

/** An event as `client.defineEvent` describes it. */
export interface EventDefinition<TSchema extends PayloadSchema | undefined> {
  readonly name: string;
  readonly schema: TSchema;
  readonly source?: string | undefined;
  /** For people. */
  readonly examples?: readonly Untyped[] | undefined;
  /** One such event, to be sent. */
  create(
    payload: TSchema extends PayloadSchema ? SchemaIn<TSchema> : Untyped,
    options?: Omit<SendEvent, "name" | "payload">,
  ): SendEvent;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof TriggerClientOptions>([
  ...(["id", "apiKey", "apiUrl", "logLevel", "verbose", "ioLogLocalEnabled"] as const),
]);

/**
 * A client of Trigger.dev's older API: makes jobs, sends events, reads runs. It needs no server: jobs run where a runtime
 * serves the client, and events go to the store of that runtime (binding.ts says which, if there are several or none).
 *
 * @example
 * export const client = new TriggerClient({ id: "video-platform" });
 * client.defineJob({
 *   id: "welcome",
 *   name: "Welcome",
 *   version: "1.0.0",
 *   trigger: eventTrigger({ name: "user.created" }),
 *   run: async (payload, io) => {
 *     await io.wait("a-day", 24 * 60 * 60);
 *     await io.runTask("mail", async () => sendMail(payload.email));
 *   },
 * });
 * await using longhaul = createLonghaul({ functions: [client] });
 * await longhaul.start();
 * await client.sendEvent({ name: "user.created", payload: { email: "ada@example.org" } });
 */
export class TriggerClient implements Attachable {
  readonly options: TriggerClientOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #hosts = new Set<RunHost>();
  readonly #succeeded: EndListeners["runSucceeded"][number][] = [];
  readonly #failed: EndListeners["runFailed"][number][] = [];

  /** @throws {LonghaulError} TRIGGER_V2_BAD_CALL */
  constructor(options: TriggerClientOptions) {
    const refuse = (reason: string): never => {
      throw new LonghaulError("TRIGGER_V2_BAD_CALL", { call: "new TriggerClient()", reason });
    };
    if (typeof options?.id !== "string" || options.id === "") refuse("it has no id");
    const { logLevel } = options;
    if (logLevel !== undefined && !isLogLevel(logLevel))
      refuse(`there is no log level ${String(logLevel)}`);
    const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
    if (unknown !== undefined) refuse(`there is no option ${unknown}`);
    this.options = options;
  }

  get id(): string {
    return this.options.id;
  }

  get logLevel(): LogLevel {
    return this.options.logLevel ?? "info";
  }

  /** Values by name, for every job: what `io.store.env` is in a run. */
  get store(): { readonly env: KeyValues } {
    return { env: envValues(() => hostOf(this)) };
  }

  /** @throws {LonghaulError} TRIGGER_V2_BAD_JOB, TRIGGER_V2_UNSUPPORTED, RUNS_BAD_TRIGGER */
  defineJob<TTrigger extends JobTrigger, TOutput = Untyped>(
    options: JobOptions<TTrigger, TOutput>,
  ): Job<TTrigger, TOutput> {
    const job = new Job(this, options);
    if (this.#jobs.has(job.id))
      throw new LonghaulError("TRIGGER_V2_BAD_JOB", {
        job: job.id,
        reason: "the client has a job of this id",
      });
    const any = job as unknown as Job;
    this.#jobs.set(job.id, any);
    for (const host of this.#hosts) any.registerWith(host);
    return job;
  }

  /** Describes an event: a name, and what its payload looks like. Give it to `eventTrigger`, or send what it creates. */
  defineEvent<TSchema extends PayloadSchema | undefined = undefined>(options: {
    readonly name: string;
    readonly schema?: TSchema;
    readonly source?: string | undefined;
    readonly examples?: readonly Untyped[] | undefined;
  }): EventDefinition<TSchema> {
    const { name, schema, source, examples } = options;
    if (typeof name !== "string" || name === "")
      throw new LonghaulError("TRIGGER_V2_BAD_EVENT", {
        event: "without a name",
        reason: "it has no name",
      });
    return {
      name,
      schema: schema as TSchema,
      ...(source !== undefined && { source }),
      ...(examples !== undefined && { examples }),
      create: (payload, rest) => ({
        ...rest,
        name,
        payload: payload as unknown,
        source: rest?.source ?? source,
      }),
    };
  }

  /** A bound that several jobs share: how many of their runs are under way at once. */
  defineConcurrencyLimit({ id, limit }: ConcurrencyLimit): ConcurrencyLimit {
    if (typeof id !== "string" || id === "" || !isLimit(limit))
      throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
        call: "defineConcurrencyLimit()",
        reason: "it needs an id, and a limit that is a whole number from 1 up",
      });
    return { id, limit };
  }

  /** A trigger whose schedules are registered while the program runs. */
  defineDynamicSchedule(options: { readonly id: string }): DynamicSchedule {
    return new DynamicSchedule(this, options.id);
  }

  /** @throws {LonghaulError} TRIGGER_V2_UNSUPPORTED */
  defineDynamicTrigger(_options: unknown): never {
    throw unsupported("defineDynamicTrigger()", "there are no webhook sources; send an event");
  }

  /** @throws {LonghaulError} TRIGGER_V2_UNSUPPORTED */
  defineHttpEndpoint(_options: unknown): never {
    throw unsupported("defineHttpEndpoint()", "send an event from a route of your own");
  }

  /** Sends an event. Resolves once it, and the runs that it starts, are on disk. @throws {LonghaulError} TRIGGER_V2_BAD_EVENT */
  async sendEvent(event: SendEvent, options: SendEventOptions = {}): Promise<EventLog> {
    const [log] = await this.sendEvents([event], options);
    return log!;
  }

  /** Sends events, all or none. @throws {LonghaulError} TRIGGER_V2_BAD_EVENT */
  async sendEvents(
    events: readonly SendEvent[],
    options: SendEventOptions = {},
  ): Promise<EventLog[]> {
    const host = hostOf(this);
    const inputs = events.map((event) => toEventInput(event, options, host.now()));
    const ids = await host.send(inputs);
    return events.map((event, i) => logOf(event, options, ids[i]!));
  }

  /** An event that has started runs, or will. */
  async getEvent(eventId: string): Promise<FoundEvent | undefined> {
    return getEvent(hostOf(this), eventId);
  }

  /** Keeps the runs from starting that a delayed event would start. */
  async cancelEvent(eventId: string): Promise<FoundEvent | undefined> {
    return cancelEvent(hostOf(this), eventId);
  }

  /** Cancels the runs of an event. @returns their ids */
  async cancelRunsForEvent(eventId: string): Promise<string[]> {
    return cancelRunsOfEvent(hostOf(this), eventId);
  }

  /** Cancels the runs of a job. @returns their ids */
  async cancelRunsForJob(jobId: string): Promise<string[]> {
    return cancelRunsOfJob(hostOf(this), `${this.id}-${slugOf(jobId)}`);
  }

  /** Cancels a run. @returns the run; `undefined` if there is none */
  async cancelRun(runId: string): Promise<JobRun | undefined> {
    const host = hostOf(this);
    await host.cancel(runId);
    return getRun(host, runId);
  }

  /** A run, with its tasks and statuses. */
  async getRun(runId: string, options?: GetRunOptions): Promise<JobRun | undefined> {
    return getRun(hostOf(this), runId, options);
  }

  /** The runs of a job, newest first. */
  async getRuns(
    jobId: string,
    options?: GetRunsOptions,
  ): Promise<{ runs: ListedRun[]; nextCursor?: string }> {
    return getRuns(hostOf(this), `${this.id}-${slugOf(jobId)}`, options);
  }

  /** What `io.createStatus` said in a run. */
  async getRunStatuses(runId: string): Promise<{ statuses: StatusRecord[] }> {
    return { statuses: await readStatuses(hostOf(this), runId) };
  }

  /** What `io.logger` said in a run, oldest first. */
  async getRunLogs(
    runId: string,
    options?: GetLogsOptions,
  ): Promise<{ logs: RunLog[]; nextCursor?: string }> {
    return getRunLogs(hostOf(this), runId, options);
  }

  /** Calls a listener at the end of every run of the client's jobs that begins to run from now on. */
  on(event: "runSucceeded", listener: (run: SuccessfulRunNotification) => unknown): void;
  on(event: "runFailed", listener: (run: FailedRunNotification) => unknown): void;
  on(event: string, listener: (run: never) => unknown): void {
    if (event === "runSucceeded")
      this.#succeeded.push(listener as EndListeners["runSucceeded"][number]);
    else if (event === "runFailed")
      this.#failed.push(listener as EndListeners["runFailed"][number]);
    else
      throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
        call: "client.on()",
        reason: `there are runSucceeded and runFailed, and no ${event}`,
      });
    // Who listens makes a function of its own of a job.
    for (const host of this.#hosts) for (const job of this.#jobs.values()) job.registerWith(host);
  }

  /** @internal */
  get listeners(): EndListeners {
    return { runSucceeded: this.#succeeded, runFailed: this.#failed };
  }

  /** Registers all jobs of the client with a runtime, those too that are made later. */
  [attach](host: RunHost): () => void {
    for (const job of this.#jobs.values()) job.registerWith(host);
    this.#hosts.add(host);
    const unbind = bindClient(this, host);
    return () => {
      this.#hosts.delete(host);
      unbind();
    };
  }

  /** @internal Writes to the console. */
  print(level: LogLevel, message: string, properties?: object): void {
    console[level](`[${this.id}] ${message}`, ...(properties === undefined ? [] : [properties]));
  }
}

const unsupported = (feature: string, reason: string): LonghaulError =>
  new LonghaulError("TRIGGER_V2_UNSUPPORTED", { feature, reason });
