import { LonghaulError } from "../core/errors.ts";
import type { FunctionDefinition, RunHandle } from "../runs/definition.ts";
import { validateDefinition } from "../runs/flow-control/validate.ts";
import { attach, type Attachable, type RunHost } from "../runs/hosting.ts";
import { bindClient } from "./binding.ts";
import type { Inngest } from "./client.ts";
import { decideRetry } from "./errors.ts";
import { endEventsOf } from "./end-events.ts";
import { internalEvents } from "./internal-events.ts";
import { type FunctionPlan, readFunction } from "./options/read-function.ts";
import { execute } from "./run/execute.ts";
import type { AnyFunction, Untyped } from "./types/json.ts";

/** What is added to a function's id to name its `onFailure`. */
const FAILURE_SUFFIX = "-failure";

/** Tries after the first of an `onFailure` handler. */
const FAILURE_RETRIES = 1;

/**
 * A function, made by `createFunction`. It does nothing until a runtime serves it: `createLonghaul({ functions })` or
 * `serve({ client, functions })`.
 *
 * @typeParam TInput What `step.invoke` has to give it.
 * @typeParam TOutput What its handler returns.
 */
export class InngestFunction<TInput = Untyped, TOutput = Untyped> implements Attachable {
  /** Never there: it carries the types. */
  declare readonly types: { readonly input: TInput; readonly output: TOutput };
  readonly client: Inngest.Any;
  /** The options as they were given, with the triggers. */
  readonly opts: Readonly<Record<string, Untyped>> & { readonly id: string };
  /** The options as they were understood. */
  readonly plan: FunctionPlan;
  readonly #handler: AnyFunction;
  /** How many runtimes serve it. */
  #attachments = 0;

  /** @internal Use `createFunction`. */
  constructor(client: Inngest.Any, options: object, triggers: unknown, handler: unknown) {
    this.client = client;
    this.plan = readFunction(options, triggers, handler);
    this.opts = { ...(options as { id: string }), triggers };
    this.#handler = handler as AnyFunction;
    // What cannot work is refused here, where the stack shows the line.
    for (const definition of this.#definitions(client.id, unattached))
      validateDefinition(definition);
    for (const middleware of this.plan.middleware)
      if ("onRegister" in middleware) middleware.onRegister?.({ client, fn: this });
  }

  get name(): string {
    return this.plan.name;
  }

  get description(): string | undefined {
    return this.plan.description;
  }

  /** The function's id; with a prefix, which is the client's id, the one it has in the store. */
  id(prefix?: string): string {
    return prefix === undefined ? this.plan.id : `${prefix}-${this.plan.id}`;
  }

  /** Registers the function, and its `onFailure`, with a runtime, and sends what its client sends there. */
  [attach](host: RunHost): () => void {
    this.registerWith(host, this.client.id);
    const unbind = bindClient(this.client, host);
    this.#attachments++;
    return () => {
      unbind();
      this.#attachments--;
    };
  }

  /** Whether a runtime serves it. */
  get isAttached(): boolean {
    return this.#attachments > 0;
  }

  /** @internal Registers the function; `prefix` is the first part of its id in the store. */
  registerWith(host: RunHost, prefix: string): void {
    host.register(this.#definitions(prefix, () => host));
  }

  #definitions(prefix: string, host: () => RunHost): FunctionDefinition[] {
    const { plan } = this;
    const id = this.id(prefix);
    const shared = {
      backoff: plan.backoff,
      decideRetry: (error: unknown) => decideRetry(error, host().now()),
      endEvents: endEventsOf,
    };
    const main: FunctionDefinition = {
      ...plan.flow,
      ...shared,
      id,
      name: plan.name,
      triggers: plan.triggers,
      retries: plan.retries,
      handler: async (run: RunHandle) =>
        execute({ fn: this, handler: this.#handler, run, host: host() }),
    };
    const { onFailure } = plan;
    if (onFailure === undefined) return [main];
    const failure: FunctionDefinition = {
      ...shared,
      id: `${id}${FAILURE_SUFFIX}`,
      name: `${plan.name} (failure)`,
      triggers: [
        {
          event: internalEvents.FunctionFailed,
          if: `event.data.function_id == ${JSON.stringify(id)}`,
        },
      ],
      retries: FAILURE_RETRIES,
      handler: async (run: RunHandle) =>
        execute({ fn: this, handler: onFailure, run, host: host(), isFailure: true }),
    };
    return [main, failure];
  }
}

/** Any function, whatever it takes and gives. */
export type AnyInngestFunction = InngestFunction;

export declare namespace InngestFunction {
  /** Any function, whatever it takes and gives. */
  type Any = InngestFunction;
  /** What can be served. */
  type Like = InngestFunction;
}

/** Whether something was made by `createFunction`. */
export const isInngestFunction = (input: unknown): input is AnyInngestFunction =>
  input instanceof InngestFunction;

function unattached(): never {
  throw new LonghaulError("INNGEST_NOT_IN_FUNCTION", { tool: "a function's handler" });
}
