import { isAttachable } from "../../runs/hosting.ts";
import { limitMs, YEAR_MS } from "../durations.ts";
import { inheritSessions, mergeSessions } from "../events/sessions.ts";
import { InngestFunctionReference } from "../function-reference.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { StepCall } from "../run/take-step.ts";
import type { Untyped } from "../types/json.ts";
import type { StepOptions } from "../types/steps.ts";
import { badStep, nameOf } from "./step-options.ts";
import type { ToolParts } from "./tools.ts";

/** A call as middleware sees it: what Inngest's SDK tells its server. */
interface InvokeInput {
  readonly function_id: string;
  readonly payload: {
    readonly data?: Untyped;
    readonly user?: Untyped;
    readonly v?: string | undefined;
    readonly meta?: Untyped;
  };
  readonly timeout?: unknown;
}

/** Describes `step.invoke`. */
export function invoke(
  parts: ToolParts,
  options: StepOptions,
  call: Readonly<Record<string, Untyped>> | undefined,
): StepCall {
  const { function: target, data, user, v, meta, timeout } = call ?? {};
  const input: InvokeInput = {
    function_id: idOf(target, parts.execution().client.id, options),
    payload: {
      data: data ?? {},
      ...(user !== undefined && { user }),
      ...(v !== undefined && { v }),
      ...(meta !== undefined && { meta }),
    },
    ...(timeout !== undefined && { timeout }),
  };
  return {
    type: "invoke",
    options,
    input: [input],
    perform: async (options, [input]) => perform(parts, options, input as InvokeInput),
  };
}

function perform(
  { run, host, execution }: ToolParts,
  options: StepOptions,
  { function_id: functionId, payload, timeout }: InvokeInput,
): Promise<unknown> {
  const { client, sessions } = execution();
  const { data, user, v, meta } = payload;
  const inherited = inheritSessions({ meta }, client.inherits ? sessions : undefined);
  return run.invoke(options.id, {
    functionId,
    data: data ?? {},
    v,
    user,
    meta: mergeSessions("of step.invoke", inherited.meta),
    timeoutMs:
      timeout === undefined ? YEAR_MS : limitMs(timeout, host.now(), nameOf("invoke", options)),
  });
}

function idOf(target: unknown, app: string, options: StepOptions): string {
  if (isAttachable(target) && "client" in target) {
    const fn = target as AnyInngestFunction;
    return fn.id(fn.client.id);
  }
  if (target instanceof InngestFunctionReference)
    return `${target.appId ?? app}-${target.functionId}`;
  if (typeof target === "string" && target !== "") return target;
  throw badStep(
    options,
    "its function is neither a function, a reference nor a function's full id",
  );
}
