import { LonghaulError } from "../../core/errors.ts";
import { realSetImmediate } from "../../core/real-timers.ts";
import { serveFunctions } from "../binding.ts";
import { ConsoleLogger, type Logger } from "../logger.ts";
import { type Access, accessOf, type Caller } from "./access.ts";
import { describeApp } from "./introspection.ts";
import { checkServeOptions, problemOf, type ServeOptions } from "./options.ts";

/** A request of any framework. */
export interface ServeRequest extends Caller {
  readonly method: string;
  /**
   * The body: text, or what the framework has made of it.
   * @throws {LonghaulError} INNGEST_BODY_TOO_LARGE
   */
  body(limit: number): Promise<unknown>;
}

/** The answer to it. */
export interface ServeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Bytes of a request: an event of the largest kind, and room for its frame. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_EVENTS = 5_000;

/**
 * Registers functions with this process's runtime (binding.ts says which), and answers:
 *
 *   GET   what is registered: how many functions; for those who may see them, which
 *   PUT   that they are registered
 *   POST  takes one event or a list, as JSON, from those who may send; answers with their ids
 *
 * Functions begin to run in the next turn of the event loop, not at the call: a runtime that is made right after it
 * still takes precedence over the default store, and a build that only loads the module opens nothing.
 *
 * @param framework The name of the framework, for the description.
 * @throws {LonghaulError} INNGEST_BAD_SERVE_OPTION
 */
export function createServeHandler(
  framework: string,
  options: ServeOptions,
): (request: ServeRequest) => Promise<ServeResponse> {
  checkServeOptions(options);
  const { client, functions, id = client.id, logLevel } = options;
  const logger: Logger =
    logLevel === undefined ? client.internalLogger : new ConsoleLogger({ level: logLevel });
  let serving: Promise<void> | undefined;
  const ensureServing = (): Promise<void> => {
    serving ??= serveFunctions(client, functions, id).catch((error: unknown) => {
      serving = undefined;
      throw error;
    });
    return serving;
  };
  if (!isBuilding())
    realSetImmediate(() => {
      ensureServing().catch((err: unknown) => logger.error({ err }, "functions cannot be served"));
    });

  return async (request) => {
    try {
      const access = accessOf(request, client, signingKeysOf(options));
      await ensureServing();
      return await answer(request, access, { framework, options });
    } catch (error) {
      const { status, ...problem } = problemOf(error);
      if (status >= 500) logger.error({ err: error }, "a request failed");
      return json(status, { ...problem, status, ids: [] });
    }
  };
}

async function answer(
  request: ServeRequest,
  access: Access,
  about: { framework: string; options: ServeOptions },
): Promise<ServeResponse> {
  switch (request.method.toUpperCase()) {
    case "GET":
      return json(200, describeApp(about.options, about.framework, access.maySee));
    case "PUT":
      return json(200, { message: "Successfully registered", modified: false });
    case "POST":
      return json(200, { ...(await takeEvents(request, access, about.options)), status: 200 });
    default:
      return { ...json(405, { error: "Use GET, PUT or POST" }), headers: ALLOW };
  }
}

async function takeEvents(
  request: ServeRequest,
  access: Access,
  { client }: ServeOptions,
): Promise<{ ids: string[] }> {
  if (request.url.searchParams.has("fnId"))
    throw new LonghaulError("INNGEST_UNSUPPORTED", {
      feature: "calls by Inngest's server",
      reason: "functions run by themselves where they are served",
    });
  if (!access.maySend) throw new LonghaulError("INNGEST_EVENT_KEY", { reason: access.reason });
  // Other types are what a web page may send anywhere without asking.
  if (!/^application\/json\b/i.test(request.header("content-type") ?? ""))
    throw new LonghaulError("INNGEST_BAD_REQUEST", { reason: "its type is not application/json" });
  const events = readEvents(await request.body(MAX_BODY_BYTES));
  return events.length === 0 ? { ids: [] } : client.send(events as never);
}

function readEvents(body: unknown): readonly unknown[] {
  const content = typeof body === "string" ? parse(body) : body;
  const events: readonly unknown[] = Array.isArray(content) ? content : [content];
  if (events.length <= MAX_EVENTS) return events;
  throw new LonghaulError("INNGEST_BAD_REQUEST", {
    reason: `it has ${events.length} events, more than ${MAX_EVENTS}`,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new LonghaulError("INNGEST_BAD_REQUEST", { reason: "its body is no JSON" }, { cause });
  }
}

function signingKeysOf({ signingKey, signingKeyFallback }: ServeOptions): readonly string[] {
  return [signingKey, signingKeyFallback].filter((key) => key !== undefined);
}

/** Next loads route modules while it builds. */
const isBuilding = (): boolean => process.env["NEXT_PHASE"] === "phase-production-build";

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };
const ALLOW = { ...HEADERS, allow: "GET, PUT, POST" };

const json = (status: number, content: unknown): ServeResponse => ({
  status,
  headers: HEADERS,
  body: JSON.stringify(content),
});
