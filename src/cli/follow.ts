import { readEventStream } from "../client/live/event-stream.ts";
import type { LonghaulClient } from "../client/create-client.ts";

/**
 * Follows live topics until the stream ends.
 *
 * @param onMessage is given the name of each message and its JSON
 */
export async function follow(
  client: LonghaulClient,
  topics: readonly string[],
  onMessage: (event: string, data: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const body = { topics: [...topics], throttleMs: 0 };
  const answer = (await client.live.post({ body }, { signal })) as unknown as Response;
  for await (const { events } of readEventStream(answer.body!))
    for (const { event, data } of events) onMessage(event, data);
}
