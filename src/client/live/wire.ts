import type { ServerSentEvent } from "./event-stream.ts";
import type { LiveMessage, LiveProblem, Wants } from "./source.ts";

/** The request that opens a stream. The topics are in the body and the token in a header: neither ends up in a log. */
export function streamRequest(
  wants: Wants,
  position: string | undefined,
  bearer: string | undefined,
): RequestInit {
  const tokens = [...new Set(wants.values())].filter((token) => token !== undefined);
  // Nobody in particular comes as the one whom the first of them is for.
  const who = bearer ?? tokens[0];
  return {
    method: "POST",
    cache: "no-store",
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      ...(who !== undefined && { authorization: `Bearer ${who}` }),
      ...(position !== undefined && { "last-event-id": position }),
    },
    body: JSON.stringify({ topics: [...wants.keys()], tokens, isPartial: true }),
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
  const { status, statusText } = response;
  const { code = `HTTP_${status}`, detail = statusText } = problem ?? {};
  return { status, code, detail };
}
