import { LonghaulError } from "../core/errors.ts";
import { functionMade, hostOf } from "./binding.ts";
import { type EventsOf } from "./events/event-schemas.ts";
import { type AnyInngestFunction, InngestFunction } from "./function.ts";
import { ConsoleLogger, type Logger } from "./logger.ts";
import { chain } from "./maybe.ts";
import { MiddlewareRegistry, type Registered } from "./middleware/registry.ts";
import {
  type ClientOptions,
  type ClientPlan,
  readClientOptions,
} from "./options/client-options.ts";
import type { FunctionOptions, Joined, TriggerInput } from "./options/function-options.ts";
import { currentScope } from "./run/scope.ts";
import { sendEvents, sendEventsNow, type Sending } from "./send.ts";
import type { FunctionContext } from "./types/context.ts";
import type { EventName, InvokeInput, SendablePayload } from "./types/events.ts";
import type { MaybePromise, SingleOrArray, Untyped } from "./types/json.ts";
import type { MiddlewareList } from "./types/middleware.ts";

/** Options of `send`. */
export interface SendOptions {
  /**
   * Your own connection to Longhaul's file, inside a transaction: a better-sqlite3 `Database`. The events are stored by
   * that transaction: what you wrote and what you sent is committed together, or neither is. `send` then does its work
   * before it returns, and throws instead of rejecting, so that your transaction rolls back.
   */
  readonly transaction?: object | undefined;
  /** @throws {LonghaulError} INNGEST_UNSUPPORTED: environments are stores of their own */
  readonly env?: undefined;
}

type Item<T> = T extends readonly (infer TItem)[] ? TItem : T extends undefined ? never : T;
type MiddlewareOf<TOptions> = TOptions extends { readonly middleware: infer TList }
  ? TList
  : readonly [];

/**
 * A client: makes functions, sends events. Code written for Inngest's client, v3 or v4, works with it.
 *
 * It needs no server and opens nothing by itself: functions run where a runtime serves them, and events go to the
 * store of that runtime (binding.ts says which, if there are several or none).
 *
 * @example
 * const inngest = new Inngest({ id: "shop" });
 * const sendWelcome = inngest.createFunction(
 *   { id: "send-welcome" },
 *   { event: "user/created" },
 *   async ({ event, step }) => {
 *     await step.run("send-email", () => sendEmail(event.data.email));
 *   },
 * );
 * await inngest.send({ name: "user/created", data: { email: "ada@example.org" } });
 */
export class Inngest<const TOptions extends ClientOptions = ClientOptions> {
  readonly id: string;
  /** The options as they were given. */
  readonly options: TOptions;
  readonly #plan: ClientPlan;
  readonly #middleware: MiddlewareRegistry;
  readonly #functions: AnyInngestFunction[] = [];
  readonly #ofFunctions = new WeakMap<AnyInngestFunction, MiddlewareRegistry>();
  #env: Readonly<Record<string, string | undefined>> = {};
  #eventKey: string | undefined;
  #logger: Logger;

  /** @throws {LonghaulError} INNGEST_BAD_CLIENT_OPTION */
  constructor(options: TOptions) {
    this.#plan = readClientOptions(options);
    this.id = this.#plan.id;
    this.options = options;
    this.#logger = this.#plan.logger ?? new ConsoleLogger();
    this.#middleware = new MiddlewareRegistry(this.#plan.middleware, { client: this });
    for (const middleware of this.#plan.middleware)
      if ("onRegister" in middleware) middleware.onRegister?.({ client: this, fn: null });
  }

  /** What `ctx.logger` logs to. */
  get logger(): Logger {
    return this.#logger;
  }

  /** What the client itself logs to. */
  get internalLogger(): Logger {
    return this.#plan.internalLogger ?? this.#logger;
  }

  get appVersion(): string | undefined {
    return this.#plan.appVersion;
  }

  get schemas(): ClientPlan["schemas"] {
    return this.#plan.schemas;
  }

  /** The functions that were made with this client. */
  get funcs(): readonly AnyInngestFunction[] {
    return this.#functions;
  }

  /** What `step.fetch` calls. */
  get fetch(): typeof globalThis.fetch {
    return this.#plan.fetch;
  }

  get eventKey(): string | undefined {
    return this.#eventKey ?? this.options.eventKey ?? this.#variable("INNGEST_EVENT_KEY");
  }

  get signingKeys(): readonly string[] {
    const { signingKey, signingKeyFallback } = this.options;
    return [
      signingKey ?? this.#variable("INNGEST_SIGNING_KEY"),
      signingKeyFallback ?? this.#variable("INNGEST_SIGNING_KEY_FALLBACK"),
    ].filter((key) => key !== undefined && key !== "") as string[];
  }

  /** Whether this is a developer's machine. */
  get isDev(): boolean {
    const { isDev } = this.options;
    if (isDev !== undefined) return isDev;
    const variable = this.#variable("INNGEST_DEV");
    // A URL names a developer's server of Inngest's; it says what `1` says.
    if (variable !== undefined) return !["", "0", "false"].includes(variable.toLowerCase());
    return this.#variable("NODE_ENV") === "development";
  }

  /** Whether what a run sends belongs to the run's sessions. */
  get inherits(): boolean {
    const { sessionPropagation } = this.options;
    if (sessionPropagation !== undefined) return sessionPropagation;
    const variable = this.#variable("INNGEST_SESSION_PROPAGATION")?.toLowerCase();
    return variable !== "0" && variable !== "false";
  }

  /** Resolves when all middleware is initialized. */
  get ready(): Promise<void> {
    return Promise.resolve(this.#middleware.list).then(() => {});
  }

  /** Environment variables that stand before those of the process. */
  setEnvVars(env: Readonly<Record<string, string | undefined>> = {}): this {
    this.#env = env;
    return this;
  }

  /** Sets what `serve` asks of those who send events by HTTP. */
  setEventKey(eventKey: string): void {
    this.#eventKey = eventKey;
  }

  /**
   * Makes a function, in the form of v3, `createFunction(options, trigger, handler)`, or of v4,
   * `createFunction({ …options, triggers }, handler)`.
   *
   * @throws {LonghaulError} INNGEST_BAD_FUNCTION, RUNS_BAD_TRIGGER, RUNS_BAD_FLOW_CONTROL, RUNS_BAD_EXPRESSION
   */
  createFunction<
    const TTrigger extends SingleOrArray<TriggerInput<EventName<EventsOf<TOptions>>>>,
    const TMiddleware extends MiddlewareList = readonly [],
    TOutput = unknown,
  >(
    options: FunctionOptions<
      EventsOf<TOptions>,
      Item<TTrigger>,
      MiddlewareOf<TOptions>,
      TMiddleware
    >,
    trigger: TTrigger,
    handler: (
      context: FunctionContext<
        EventsOf<TOptions>,
        Item<TTrigger>,
        Joined<MiddlewareOf<TOptions>, TMiddleware>
      >,
    ) => TOutput,
  ): InngestFunction<InvokeInput<EventsOf<TOptions>, Item<TTrigger>>, TOutput>;
  createFunction<
    const TTriggers extends SingleOrArray<TriggerInput> | undefined = undefined,
    const TMiddleware extends MiddlewareList = readonly [],
    TOutput = unknown,
  >(
    options: FunctionOptions<
      EventsOf<TOptions>,
      Item<TTriggers>,
      MiddlewareOf<TOptions>,
      TMiddleware
    > & { readonly triggers?: TTriggers },
    handler: (
      context: FunctionContext<
        EventsOf<TOptions>,
        Item<TTriggers>,
        Joined<MiddlewareOf<TOptions>, TMiddleware>
      >,
    ) => TOutput,
  ): InngestFunction<InvokeInput<EventsOf<TOptions>, Item<TTriggers>>, TOutput>;
  createFunction(
    options: { id?: Untyped; triggers?: Untyped },
    ...rest: Untyped[]
  ): InngestFunction {
    if (rest.length > 1 && options?.triggers !== undefined)
      throw new LonghaulError("INNGEST_BAD_FUNCTION", {
        function: String(options.id),
        reason: "its triggers are given twice: as an option and as an argument",
      });
    const [triggers, handler] = rest.length > 1 ? rest : [options?.triggers, rest[0]];
    const fn = new InngestFunction(this, options, triggers, handler);
    this.#functions.push(fn);
    functionMade(this, fn);
    return fn;
  }

  /**
   * Sends one event or many. Resolves with their ids once they, and the runs that they start, are on disk.
   *
   * @throws {LonghaulError} INNGEST_BAD_EVENT, INNGEST_EVENT_INVALID; INNGEST_TRANSACTION with `transaction`
   * @example
   * await inngest.send([
   *   { name: "page/viewed", data: { page: "/pricing" } },
   *   { name: "cta/clicked", data: { button: "signup" } },
   * ]);
   * @example
   * db.transaction(() => {
   *   const { lastInsertRowid } = insertOrder.run(order);
   *   void inngest.send({ name: "order/placed", data: { id: lastInsertRowid } }, { transaction: db });
   * })();
   */
  send(
    payload: SingleOrArray<SendablePayload<EventsOf<TOptions>>>,
    options: SendOptions = {},
  ): Promise<{ ids: string[] }> {
    const sending: Sending = {
      client: this,
      fn: null,
      middleware: this.#middleware.list,
      payload,
      sessions: this.inherits ? currentScope()?.execution.sessions : undefined,
    };
    if ("env" in options && options.env !== undefined) return Promise.reject(noEnvironments());
    if (options.transaction !== undefined)
      return Promise.resolve(this.#sendWithin(options.transaction, sending));
    return sendEvents(sending, async (events) => hostOf(this).send(events));
  }

  /** Sends a signal. Resolves with the id of the run that waited for it, if one did. */
  async sendSignal(options: {
    signal: string;
    /** JSON. */
    data?: unknown;
    /** @throws {LonghaulError} INNGEST_UNSUPPORTED: environments are stores of their own */
    env?: undefined;
  }): Promise<{ runId: string | undefined }> {
    const { signal, data = null } = options;
    if (options.env !== undefined) throw noEnvironments();
    if (typeof signal !== "string" || signal === "")
      throw new LonghaulError("INNGEST_BAD_EVENT", { event: "signal", reason: "it has no name" });
    return { runId: await hostOf(this).signal(signal, data) };
  }

  /** @throws {LonghaulError} INNGEST_UNSUPPORTED */
  endpoint(_handler: unknown): never {
    throw new LonghaulError("INNGEST_UNSUPPORTED", {
      feature: "endpoint()",
      reason: "an HTTP request is no run here; send an event from the endpoint",
    });
  }

  /** Realtime channels, which there are none of. */
  get realtime(): never {
    throw new LonghaulError("INNGEST_UNSUPPORTED", {
      feature: "realtime",
      reason: "there are no channels",
    });
  }

  /** @internal The middleware that applies to a function: the client's, then its own. */
  middlewareOf(fn: AnyInngestFunction): MaybePromise<readonly Registered[]> {
    if (fn.plan.middleware.length === 0) return this.#middleware.list;
    let own = this.#ofFunctions.get(fn);
    if (own === undefined) {
      own = new MiddlewareRegistry(fn.plan.middleware, { client: this, fn });
      this.#ofFunctions.set(fn, own);
    }
    const { list } = own;
    return chain(this.#middleware.list, (first) => chain(list, (second) => [...first, ...second]));
  }

  #sendWithin(handle: object, sending: Sending): { ids: string[] } {
    const host = hostOf(this);
    if (host.sendWithin === undefined)
      throw new LonghaulError("INNGEST_TRANSACTION", {
        reason: "the store of this runtime has no SQLite file",
      });
    const within = host.sendWithin.bind(host);
    return sendEventsNow(sending, (events) => within(handle, events));
  }

  #variable(name: string): string | undefined {
    return this.#env[name] ?? process.env[name];
  }
}

export declare namespace Inngest {
  /** Any client. */
  type Any = Inngest<Untyped>;
  /** Any client. */
  type Like = Inngest<Untyped>;
}

/** Whether something is a client. */
export const isInngest = (input: unknown): input is Inngest.Any => input instanceof Inngest;

const noEnvironments = (): LonghaulError =>
  new LonghaulError("INNGEST_UNSUPPORTED", {
    feature: "environments",
    reason: "each has a store of its own (LONGHAUL_URL)",
  });
