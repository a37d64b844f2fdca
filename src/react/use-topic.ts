import { useCallback, useSyncExternalStore } from "react";
import type { Connection } from "../client/live/live-store.ts";
import { NOTHING, type TopicState } from "../client/live/topic-state.ts";
import { useHost } from "./provider.ts";
import { throttle } from "./throttle.ts";

const nothing = (): TopicState => NOTHING;
const IDLE: Connection = { status: "idle" };
const idle = (): Connection => IDLE;
const noop = (): void => {};

/** What is known of a topic; `undefined` follows none. */
export function useTopic(
  topic: string | undefined,
  throttleMs: number,
  token?: string,
): TopicState {
  const host = useHost();
  const subscribe = useCallback(
    (onChange: () => void) => {
      if (topic === undefined) return noop;
      const [changed, cancel] = throttle(onChange, throttleMs);
      const stop = host.follow(topic, changed, token);
      return () => {
        stop();
        cancel();
      };
    },
    [host, topic, throttleMs, token],
  );
  const get = (): TopicState => (topic === undefined ? NOTHING : host.get(topic));
  return useSyncExternalStore(subscribe, get, nothing);
}

/** How the connection is. @param isUsed whether to make one */
export function useConnection(isUsed: boolean): Connection {
  const host = useHost();
  const subscribe = useCallback(
    (onChange: () => void) => (isUsed ? host.onConnection(onChange) : noop),
    [host, isUsed],
  );
  return useSyncExternalStore(subscribe, isUsed ? () => host.connection : idle, idle);
}
