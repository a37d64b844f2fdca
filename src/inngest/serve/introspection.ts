import type { AnyInngestFunction } from "../function.ts";
import type { ServeOptions } from "./options.ts";

/** The version of the description's shape, as Inngest counts it. */
const SCHEMA_VERSION = "2024-05-24";

/**
 * What is registered, in the shape of Inngest's introspection.
 *
 * @param maySee Whether whoever asks may know more than how many functions there are.
 */
export function describeApp(options: ServeOptions, framework: string, maySee: boolean): object {
  const { client, functions } = options;
  const common = {
    extra: { is_mode_explicit: client.options.isDev !== undefined, native_crypto: true },
    function_count: functions.length,
    has_event_key: client.eventKey !== undefined && client.eventKey !== "",
    has_signing_key: client.signingKeys.length > 0 || options.signingKey !== undefined,
    mode: client.isDev ? "dev" : "cloud",
    schema_version: SCHEMA_VERSION,
  };
  if (!maySee) return common;
  const app = options.id ?? client.id;
  return {
    ...common,
    authentication_succeeded: true,
    app_id: app,
    app_version: client.appVersion ?? null,
    env: null,
    framework,
    sdk_language: "js",
    serve_origin: options.serveOrigin ?? options.serveHost ?? null,
    serve_path: options.servePath ?? null,
    functions: functions.map((fn) => describeFunction(fn, app)),
  };
}

function describeFunction(fn: AnyInngestFunction, app: string): object {
  const { plan } = fn;
  return {
    id: fn.id(app),
    name: plan.name,
    description: plan.description,
    triggers: plan.triggers,
    retries: plan.retries,
    ...plan.flow,
    has_on_failure: plan.onFailure !== undefined,
  };
}
