import { isLonghaulError, LonghaulError } from "../../core/errors.ts";
import type { EventSchemas } from "../events/event-schemas.ts";
import { EventSchemas as Schemas } from "../events/event-schemas.ts";
import type { Logger } from "../logger.ts";
import type { Untyped } from "../types/json.ts";
import type { MiddlewareList } from "../types/middleware.ts";
import type { CheckpointingInput } from "./function-options.ts";
import { describe, OptionProblem, optionalText, refuseUnknown, requireObject } from "./problem.ts";
import { checkCheckpointing } from "./read-function.ts";
import { readMiddleware } from "./read-middleware.ts";

/** Options of a client. */
export interface ClientOptions {
  /** The application's id: the first part of its functions' ids in the store. */
  readonly id: string;
  /** What `serve` asks of those who send events by HTTP. @default env INNGEST_EVENT_KEY */
  readonly eventKey?: string | undefined;
  /** What `serve` asks of those who look at the functions by HTTP. @default env INNGEST_SIGNING_KEY */
  readonly signingKey?: string | undefined;
  /** The key before, while keys are being exchanged. @default env INNGEST_SIGNING_KEY_FALLBACK */
  readonly signingKeyFallback?: string | undefined;
  /** Whether this is a developer's machine: `serve` then needs no key from the machine itself. @default env INNGEST_DEV, else whether NODE_ENV is "development" */
  readonly isDev?: boolean | undefined;
  /** What `step.fetch` calls. @default the global fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Types of events, as in v3. */
  readonly schemas?: EventSchemas<Untyped> | undefined;
  /** What `ctx.logger` and the client log to. @default the console, from "info" */
  readonly logger?: Logger | undefined;
  /** What the client itself logs to. @default `logger` */
  readonly internalLogger?: Logger | undefined;
  readonly middleware?: MiddlewareList | undefined;
  /** The version of your program; `serve` shows it. */
  readonly appVersion?: string | undefined;
  /** Whether events that a run sends belong to its sessions. @default env INNGEST_SESSION_PROPAGATION, else true */
  readonly sessionPropagation?: boolean | undefined;
  /** Steps are stored the moment they are done, so there is nothing to choose; accepted as it is. */
  readonly checkpointing?: CheckpointingInput | undefined;
  readonly experimentalCheckpointing?: CheckpointingInput | undefined;
  /** Parallel steps never cost a round trip; accepted as it is. */
  readonly optimizeParallelism?: boolean | undefined;
}

/** Client options, understood. */
export interface ClientPlan {
  readonly id: string;
  readonly appVersion: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly schemas: EventSchemas<Untyped> | undefined;
  readonly logger: Logger | undefined;
  readonly internalLogger: Logger | undefined;
  readonly middleware: MiddlewareList;
}

/** Options of Inngest's that ask for its server, each with what to do instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  baseUrl: "functions run in this process, and there is no server to name",
  env: "environments are kept apart by giving each a store of its own (LONGHAUL_URL)",
  endpointAdapter: "endpoints are no functions here; send an event from the endpoint",
  aiMetadata: "nothing is collected from OpenTelemetry",
};

const NAMES = [
  "id",
  "eventKey",
  "signingKey",
  "signingKeyFallback",
  "isDev",
  "fetch",
  "schemas",
  "logger",
  "internalLogger",
  "middleware",
  "appVersion",
  "sessionPropagation",
  "checkpointing",
  "experimentalCheckpointing",
  "optimizeParallelism",
];

/** @throws {LonghaulError} INNGEST_BAD_CLIENT_OPTION */
export function readClientOptions(options: unknown): ClientPlan {
  let client = "without an id";
  try {
    const raw = requireObject(options, "the argument of new Inngest()");
    const id = optionalText(raw["id"], "id");
    if (id === undefined) throw new OptionProblem("it has no id");
    client = id;
    return readPlan(id, raw);
  } catch (error) {
    if (!(error instanceof OptionProblem || isLonghaulError(error, "INNGEST_BAD_DURATION")))
      throw error;
    throw new LonghaulError(
      "INNGEST_BAD_CLIENT_OPTION",
      { client, reason: error.message },
      { cause: error },
    );
  }
}

function readPlan(id: string, raw: Readonly<Record<string, unknown>>): ClientPlan {
  for (const [option, reason] of Object.entries(ELSEWHERE))
    // `false` and `undefined` ask for nothing.
    if (raw[option] !== undefined && raw[option] !== false)
      throw new OptionProblem(`${option} has no meaning here: ${reason}`);
  refuseUnknown(raw, [...NAMES, ...Object.keys(ELSEWHERE)], "a client");
  checkCheckpointing(raw["checkpointing"] ?? raw["experimentalCheckpointing"], "checkpointing");
  for (const option of ["eventKey", "signingKey", "signingKeyFallback"])
    if (typeof raw[option] !== "string" && raw[option] !== undefined)
      throw new OptionProblem(`${option} is a string, not ${describe(raw[option])}`);
  for (const option of ["isDev", "sessionPropagation", "optimizeParallelism"])
    if (typeof raw[option] !== "boolean" && raw[option] !== undefined)
      throw new OptionProblem(`${option} is true or false, not ${describe(raw[option])}`);
  const { fetch, schemas } = raw;
  if (fetch !== undefined && typeof fetch !== "function")
    throw new OptionProblem(`fetch is a function, not ${describe(fetch)}`);
  if (schemas !== undefined && !(schemas instanceof Schemas))
    throw new OptionProblem("schemas is new EventSchemas() of longhaul/inngest");
  return {
    id,
    appVersion: optionalText(raw["appVersion"], "appVersion"),
    fetch:
      (fetch as typeof globalThis.fetch | undefined) ?? ((...args) => globalThis.fetch(...args)),
    schemas,
    logger: readLogger(raw["logger"], "logger"),
    internalLogger: readLogger(raw["internalLogger"], "internalLogger"),
    middleware: readMiddleware(raw["middleware"]),
  };
}

function readLogger(value: Untyped, option: string): Logger | undefined {
  if (value === undefined) return undefined;
  for (const method of ["debug", "info", "warn", "error"] as const)
    if (typeof value?.[method] !== "function")
      throw new OptionProblem(`${option} has no method ${method}`);
  return value as Logger;
}
