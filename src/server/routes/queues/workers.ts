import { z } from "zod";
import { type ConnectedClient, readConnections } from "../../../queue/browse/connections.ts";
import { route } from "../../route.ts";
import { iso, queueName, time } from "./fields.ts";

/** Who is connected. */

const worker = z.object({
  id: z.string(),
  /** `events`: reads a queue's events. */
  kind: z.enum(["worker", "events"]),
  queue: z.string(),
  /** As it was named; null if it was not. */
  name: z.string().nullable(),
  connectedAt: time,
  /** Its process, as the file knows it. */
  processId: z.string(),
  pid: z.int(),
  /** A fingerprint of the machine. */
  machine: z.string(),
  /** When its process last said that it lives. */
  heartbeatAt: time,
  /** Jobs of the queue that its process works on now. */
  activeJobs: z.int(),
});

/** No store has more connections that anybody would look at. */
const MAX_SHOWN = 5_000;

export const workers = route({
  id: "workers.list",
  summary: "Connected workers and readers of events, the longest connected first",
  role: "viewer",
  query: z.strictObject({ queue: queueName.optional(), kind: worker.shape.kind.optional() }),
  answer: z.object({ data: z.array(worker) }),
  handler: async ({ query: { queue, kind }, host }) => {
    const all = await readConnections(host.parts.store);
    const wanted = all.filter(
      (each) =>
        (queue === undefined || each.queue === queue) && (kind === undefined || each.kind === kind),
    );
    return {
      data: wanted.slice(0, MAX_SHOWN).map(show),
    };
  },
});

const show = ({ connectedAt, heartbeatAt, ...rest }: ConnectedClient): z.input<typeof worker> => ({
  ...rest,
  connectedAt: iso(connectedAt),
  heartbeatAt: iso(heartbeatAt),
});
