import { isLonghaulError, LonghaulError } from "../../core/errors.ts";
import { type Inngest, isInngest } from "../client.ts";
import { type AnyInngestFunction, isInngestFunction } from "../function.ts";
import { isLogLevel, type LogLevel } from "../logger.ts";
import { describe } from "../options/problem.ts";

/** What `serve` needs, and may be told. */
export interface ServeOptions {
  readonly client: Inngest.Any;
  readonly functions: readonly AnyInngestFunction[];
  /** The first part of the functions' ids in the store. @default the client's id */
  readonly id?: string | undefined;
  /** The path it is mounted on, for its own description. For Fastify's plugin: where to mount. */
  readonly servePath?: string | undefined;
  /** Where it can be reached from outside, for its own description. */
  readonly serveOrigin?: string | undefined;
  /** The name of {@link ServeOptions.serveOrigin} in v3. */
  readonly serveHost?: string | undefined;
  /** Who presents it may see which functions there are. @default the client's */
  readonly signingKey?: string | undefined;
  readonly signingKeyFallback?: string | undefined;
  /** How much it says itself. @default "info" */
  readonly logLevel?: LogLevel | undefined;
  /** How results travel to Inngest's server. Nothing travels here; accepted as it is. */
  readonly streaming?: boolean | "allow" | "force" | undefined;
  /** Whether whoever knows the address may register the functions. They are registered anyway; accepted as it is. */
  readonly enableUnauthedSync?: boolean | undefined;
}

/** Options that ask for Inngest's server. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  baseUrl: "there is no server to name",
  fetch: "there is no server to call",
};

const NAMES: readonly string[] = [
  "client",
  "functions",
  "id",
  "servePath",
  "serveOrigin",
  "serveHost",
  "signingKey",
  "signingKeyFallback",
  "logLevel",
  "streaming",
  "enableUnauthedSync",
];

/** @throws {LonghaulError} INNGEST_BAD_SERVE_OPTION */
export function checkServeOptions(options: ServeOptions): void {
  const raw = options as unknown as Readonly<Record<string, unknown>>;
  for (const [option, value] of Object.entries(raw)) {
    if (value === undefined) continue;
    const reason = NAMES.includes(option)
      ? checks[option]?.(value)
      : (ELSEWHERE[option] ?? "there is no such option");
    if (reason !== undefined) throw bad(option, reason);
  }
  if (!isInngest(raw["client"])) throw bad("client", "it is made by new Inngest()");
  if (!Array.isArray(raw["functions"])) throw bad("functions", "it is a list");
  for (const fn of raw["functions"] as unknown[])
    if (!isInngestFunction(fn))
      throw bad("functions", `${describe(fn)} in it was not made by createFunction()`);
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? undefined : `it is a string, not ${describe(value)}`;
const oneOf =
  (...values: unknown[]) =>
  (value: unknown): string | undefined =>
    values.includes(value) ? undefined : `it is one of ${values.map(String).join(", ")}`;

const checks: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  id: text,
  servePath: text,
  serveOrigin: text,
  serveHost: text,
  signingKey: text,
  signingKeyFallback: text,
  logLevel: (value) => (isLogLevel(value) ? undefined : "it is no log level"),
  streaming: oneOf(true, false, "allow", "force"),
  enableUnauthedSync: oneOf(true, false),
};

function bad(option: string, reason: string): LonghaulError {
  return new LonghaulError("INNGEST_BAD_SERVE_OPTION", { option, reason });
}

/** What to answer for an error. */
export function problemOf(error: unknown): {
  status: number;
  code: string;
  error: string;
  hint?: string;
} {
  if (isLonghaulError(error)) {
    const { status, code, message, hint } = error;
    return { status, code, error: message, hint };
  }
  // What else went wrong is nobody's business outside.
  return { status: 500, code: "INTERNAL", error: "Something went wrong" };
}
