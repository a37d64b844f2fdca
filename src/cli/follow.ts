import { readEventStream } from "../client/live/event-stream.ts";
import type { LonghaulClient } from "../client/create-client.ts";

/**
 * Follows live topics until the stream ends.
 *
 * @param onMessage is given the name of each message and its JSON
 * @param options.onOpen is called once what is told from then on is new
 */
export async function follow(
  client: LonghaulClient,
  topics: readonly string[],
  onMessage: (event: string, data: string) => void,
  { signal, onOpen }: { signal?: AbortSignal; onOpen?: () => void } = {},
): Promise<void> {
  const body = { topics: [...topics], throttleMs: 0 };
  const answer = (await client.live.post({ body }, { signal })) as unknown as Response;
  const waiting = new Set(topics);
  for await (const { events } of readEventStream(answer.body!))
    for (const { event, data } of events) {
      onMessage(event, data);
      if (event !== "snapshot" || waiting.size === 0) continue;
      waiting.delete((JSON.parse(data) as { topic: string }).topic);
      if (waiting.size === 0) onOpen?.();
    }
}
