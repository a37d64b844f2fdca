import { LonghaulError } from "../core/errors.ts";
import type { EventInput } from "../runs/types.ts";
import type { Inngest } from "./client.ts";
import { issuesOf, refuseIssues } from "./events/check-schema.ts";
import { schemaOf } from "./events/event-type.ts";
import { toEventInput } from "./events/payload.ts";
import { inheritSessions, type Sessions } from "./events/sessions.ts";
import type { AnyInngestFunction } from "./function.ts";
import { chain, chainAll, isPromise } from "./maybe.ts";
import type { LegacySendHooks } from "./middleware/legacy-middleware.ts";
import type { BaseMiddleware } from "./middleware/middleware.ts";
import type { Registered } from "./middleware/registry.ts";
import type { EventPayload } from "./types/events.ts";
import type { MaybePromise } from "./types/json.ts";

/** What `send` gives. */
export interface SendOutput {
  /** The ids of the events, in their order. */
  ids: string[];
}

/** What happens around the storing of events. */
interface SendStage {
  transform?(payloads: EventPayload[]): MaybePromise<EventPayload[]>;
  wrap?(payloads: readonly EventPayload[], next: () => Promise<SendOutput>): Promise<SendOutput>;
  finish?(result: SendOutput): MaybePromise<SendOutput>;
}

/** One `send`. */
export interface Sending {
  readonly client: Inngest.Any;
  /** The function that sends in a step. */
  readonly fn: AnyInngestFunction | null;
  readonly middleware: MaybePromise<readonly Registered[]>;
  readonly payload: unknown;
  /** The sessions of the run that sends. */
  readonly sessions: Sessions | undefined;
}

/** Sends events: middleware, schemas, checks, and then `store`. */
export async function sendEvents(
  sending: Sending,
  store: (events: readonly EventInput[]) => Promise<readonly string[]>,
): Promise<SendOutput> {
  const stages = await stagesOf(sending);
  const payloads = await transform(sending, stages);
  if (payloads.length === 0) return warnOfNothing(sending);
  const events = payloads.map(toEventInput);
  let next = async (): Promise<SendOutput> => ({ ids: [...(await store(events))] });
  for (const stage of stages.toReversed()) {
    const inner = next;
    if (stage.wrap) next = () => stage.wrap!(payloads, inner);
  }
  return finish(stages, await next());
}

/**
 * Does the same without giving up the turn, so that it can be part of the caller's transaction.
 *
 * @throws {LonghaulError} INNGEST_TRANSACTION if a schema or middleware would have to be waited for
 */
export function sendEventsNow(
  sending: Sending,
  store: (events: readonly EventInput[]) => readonly string[],
): SendOutput {
  const stages = atOnce(stagesOf(sending), "middleware has to be waited for");
  if (stages.some((stage) => stage.wrap))
    throw new LonghaulError("INNGEST_TRANSACTION", {
      reason: "middleware with wrapSendEvent has to be waited for",
    });
  const payloads = atOnce(
    transform(sending, stages),
    "middleware or a schema has to be waited for",
  );
  if (payloads.length === 0) return warnOfNothing(sending);
  const ids = [...store(payloads.map(toEventInput))];
  return atOnce(finish(stages, { ids }), "middleware has to be waited for");
}

function stagesOf({ client, fn, middleware }: Sending): MaybePromise<readonly SendStage[]> {
  return chain(middleware, (registered) => {
    let stages: MaybePromise<readonly SendStage[]> = [];
    for (const one of registered)
      stages = chain(stages, (before) =>
        chain(stageOf(one, client, fn), (stage) => [...before, stage]),
      );
    return stages;
  });
}

function stageOf(
  registered: Registered,
  client: Inngest.Any,
  fn: AnyInngestFunction | null,
): MaybePromise<SendStage> {
  if (registered.kind === "class") return classStage(new registered.class({ client }), fn);
  return chain(registered.hooks.onSendEvent?.() ?? {}, legacyStage);
}

function classStage(instance: BaseMiddleware, fn: AnyInngestFunction | null): SendStage {
  return {
    ...(instance.transformSendEvent && {
      transform: (events) =>
        chain(instance.transformSendEvent!({ events, fn }), (result) => result?.events ?? events),
    }),
    ...(instance.wrapSendEvent && {
      wrap: (events, next) => instance.wrapSendEvent!({ events, fn, next }),
    }),
  };
}

function legacyStage({ transformInput, transformOutput }: LegacySendHooks): SendStage {
  return {
    ...(transformInput && {
      transform: (payloads) =>
        chain(transformInput({ payloads }), (result) => result?.payloads ?? payloads),
    }),
    ...(transformOutput && {
      finish: (result) =>
        chain(transformOutput({ result }), (change) => ({ ...result, ...change?.result })),
    }),
  };
}

/** Schemas look at what the sender wrote; middleware may encrypt it afterwards. */
function transform(
  { payload, sessions }: Sending,
  stages: readonly SendStage[],
): MaybePromise<EventPayload[]> {
  const list = (Array.isArray(payload) ? payload : [payload]) as EventPayload[];
  const payloads = list.map((one) => inheritSessions(one, sessions));
  const checked = payloads.reduce<MaybePromise<void>>(
    (before, one) => chain(before, () => checkSchema(one)),
    undefined,
  );
  return chain(checked, () =>
    chainAll(
      payloads,
      stages.flatMap((stage) => (stage.transform ? [stage.transform] : [])),
    ),
  );
}

function checkSchema(payload: EventPayload): MaybePromise<void> {
  const schema = schemaOf(payload);
  if (schema === undefined) return undefined;
  return chain(issuesOf(schema, payload.data), (issues) => refuseIssues(payload.name, issues));
}

/** In the reverse order, as what comes after something does in v3. */
const finish = (stages: readonly SendStage[], result: SendOutput): MaybePromise<SendOutput> =>
  chainAll(
    result,
    stages.toReversed().flatMap((stage) => (stage.finish ? [stage.finish] : [])),
  );

function warnOfNothing({ client }: Sending): SendOutput {
  client.logger.warn("send() was called with an empty list: nothing was sent");
  return { ids: [] };
}

function atOnce<T>(value: MaybePromise<T>, reason: string): T {
  if (!isPromise(value)) return value;
  value.catch(() => {});
  throw new LonghaulError("INNGEST_TRANSACTION", { reason });
}
