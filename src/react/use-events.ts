import { useEffect, useRef, useState } from "react";
import type { LiveQueueEvent } from "../server/live/messages.ts";
import { ApiError } from "../client/api-error.ts";
import { useHost } from "./provider.ts";
import type { FollowOptions, Live } from "./use-live.ts";
import { useConnection } from "./use-topic.ts";

/** What happened, and in which queue. */
export type TopicEvent = LiveQueueEvent & { readonly queue: string };

/** How {@link useEvents} follows queues. */
export interface UseEventsOptions extends Pick<FollowOptions, "enabled" | "token"> {
  /** Called once for each event, in order. */
  readonly onEvent?: ((event: TopicEvent) => void) | undefined;
  /** How many events are kept; the oldest go first. @default 100 */
  readonly historyLimit?: number | undefined;
}

/** Follows what happens in queues from now on: jobs that are added, become active, complete, … */
export function useEvents(
  queues: string | readonly string[],
  options: UseEventsOptions = {},
): Omit<Live<readonly TopicEvent[]>, "stop"> & { readonly clear: () => void } {
  const { enabled = true, token, historyLimit = 100 } = options;
  const host = useHost();
  const [events, setEvents] = useState<readonly TopicEvent[]>([]);
  const [isKnown, setKnown] = useState(false);
  const newest = useRef(options.onEvent);
  useEffect(() => {
    newest.current = options.onEvent;
  });
  // The same names in another array are the same queues.
  const names = JSON.stringify([queues].flat());
  useEffect(() => {
    if (!enabled) return undefined;
    const stops = (JSON.parse(names) as string[]).map((queue) => {
      const topic = `queue:${queue}`;
      // What was said before this hook looked is not its own, whoever in this browser it was said to.
      let said: number | undefined = host.get(topic).isKnown ? host.get(topic).said : undefined;
      const look = (): void => {
        const state = host.get(topic);
        if (!state.isKnown) return;
        setKnown(true);
        const count = Math.max(state.said - (said ?? state.said), 0);
        ({ said } = state);
        if (count === 0) return;
        const more: TopicEvent[] = [];
        for (const event of (state.events ?? []).slice(-count)) more.push({ ...event, queue });
        setEvents((events) => [...events, ...more].slice(-historyLimit));
        for (const event of more) newest.current?.(event);
      };
      return host.follow(topic, look, token);
    });
    return () => {
      for (const stop of stops) stop();
    };
  }, [host, names, enabled, token, historyLimit]);
  const { status: connection, problem } = useConnection(enabled);
  return {
    data: events,
    error: problem && new ApiError(problem),
    status: problem ? "error" : isKnown ? "success" : "pending",
    connection,
    isPaused: connection === "paused",
    refetch: () => host.reconnect(),
    clear: () => setEvents([]),
  };
}
