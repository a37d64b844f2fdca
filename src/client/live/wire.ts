import type { ServerSentEvent } from "./event-stream.ts";
import type { LiveMessage, LiveProblem, Wants } from "./source.ts";

/** The request that opens a stream. The topics are in the body and the token in a header: neither ends up in a log. */
export function streamRequest(
  wants: Wants,
  position: string | undefined,
  bearer: string | undefined,
): RequestInit {
  return {
    method: "POST",
    cache: "no-store",
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(position !== undefined && { "last-event-id": position }),
    },
    body: JSON.stringify({ topics: [...wants.keys()] }),
  };
}

/** What an event says. */
export function readMessage({ event, data }: ServerSentEvent): LiveMessage {
  return { event, data: JSON.parse(data) as unknown } as LiveMessage;
}

/** Why a request failed. What is no problem document (a proxy's page) is told by its status. */
export async function problemOf(response: Response): Promise<LiveProblem> {
  const problem = (await response.json().catch(() => undefined)) as
    Partial<LiveProblem> | undefined;
  const { code = `HTTP_${response.status}`, detail = response.statusText } = problem ?? {};
  return { code, detail };
}
