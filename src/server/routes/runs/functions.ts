import { z } from "zod";
import { listFunctions, readFunction } from "../../../runs/browse/functions.ts";
import { INVOKED_EVENT } from "../../../runs/engine.ts";
import type { StartDetails } from "../../../runs/store/start-details.ts";
import { MAX_KEY_LENGTH } from "../../../runs/store/limits.ts";
import { dueTime, durationMs } from "../../../trigger/durations.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { route } from "../../route.ts";
import { duration, durationOrTime, id, json } from "./fields.ts";
import { notFound } from "./find-run.ts";
import { functionInfo, showFunction } from "./show-function.ts";
import { started, startOne } from "./started.ts";
import { tags } from "./trigger-options.ts";

const params = z.object({ functionId: id });

export const functions = route({
  id: "functions.list",
  summary: "Functions and tasks, by their ids",
  description: "Those that processes of the store execute, and those of which it keeps runs.",
  role: "viewer",
  query: z.strictObject(pageQuery),
  answer: pageOf(functionInfo),
  handler: async ({ query: { limit, cursor }, host }) => {
    const [after] = (decodeCursor(cursor, ["string"]) ?? []) as [string?];
    const found = await listFunctions(host.parts.store, { limit: limit + 1, after });
    return toPage(
      found,
      limit,
      (one) => [one.id],
      (one) => showFunction(one, host),
    );
  },
});

export const oneFunction = route({
  id: "functions.get",
  summary: "A function or a task",
  role: "viewer",
  scopes: ({ params: { functionId } }) => [`read:function:${functionId}`],
  params,
  answer: functionInfo,
  handler: async ({ params: { functionId }, host }) => {
    const found = await readFunction(host.parts.store, functionId);
    return showFunction(found ?? notFound("function", functionId), host);
  },
});

/** Idempotency keys count so long if nothing else is said. */
const KEY_TTL = "24h";

export const invoke = route({
  id: "functions.invoke",
  summary: "Starts a run of a function",
  description:
    "Without waiting for its end: `GET /runs/{id}?wait=30s` does. The function's flow control counts.",
  role: "operator",
  scopes: ({ params: { functionId } }) => [`trigger:task:${functionId}`],
  params,
  body: z.strictObject({
    /** What the function finds as `event.data`. */
    data: z.record(z.string(), json).default({}),
    user: json.optional(),
    v: z.string().optional(),
    /** The same key starts one run of the function. */
    idempotencyKey: z.string().min(1).max(MAX_KEY_LENGTH).optional(),
    /** @default "24h" */
    idempotencyKeyTTL: duration.optional(),
    /** Starts it later: so long from now, or at a time. */
    delay: durationOrTime.optional(),
    tags: tags.optional(),
  }),
  answer: started,
  status: 201,
  handler: async ({ params: { functionId }, body, host, idempotencyKey: sentKey }) => {
    const { data, user, v, idempotencyKey = sentKey, idempotencyKeyTTL = KEY_TTL, delay } = body;
    const now = host.parts.clock.now();
    const until = now + durationMs(idempotencyKeyTTL, "idempotencyKeyTTL");
    const details: StartDetails = {
      ...(idempotencyKey !== undefined && { idempotency: { key: idempotencyKey, until } }),
      ...(delay !== undefined && { notBefore: dueTime(delay, now, "delay") }),
      ...(body.tags && { tags: body.tags }),
    };
    const event = { name: INVOKED_EVENT, data, user, v };
    return startOne(host, { functionId, events: [event], details });
  },
});
