import type { RunEvent } from "../../runs/types.ts";
import type { ReceivedEvent } from "../types/events.ts";

/** An event as handlers see it: `id` is the sender's where there is one. */
export function toUserEvent(event: RunEvent): ReceivedEvent {
  const { externalId, id, name, data, ts, v, user, meta } = event;
  return {
    id: externalId ?? id,
    name,
    data,
    ts,
    ...(v !== undefined && { v }),
    ...(user !== undefined && { user }),
    ...(meta !== undefined && { meta: meta as NonNullable<ReceivedEvent["meta"]> }),
  };
}
