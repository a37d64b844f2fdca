import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
} from "react";
import type { LiveOptions } from "../client/live/live-client.ts";
import { Host } from "./host.ts";

const HostContext = createContext(new Host());

/** Which server the hooks below talk to. */
export interface LonghaulProviderProps extends Pick<
  LiveOptions,
  "baseUrl" | "token" | "share" | "hiddenForMs"
> {
  readonly children?: ReactNode;
}

/**
 * Says which server hooks talk to, and as whom. Without one they talk to the page's own origin, with its cookies.
 *
 * @example
 * <LonghaulProvider baseUrl="/jobs" token={() => fetchToken()}>
 *   <App />
 * </LonghaulProvider>
 */
export function LonghaulProvider(props: LonghaulProviderProps): ReactElement {
  const { baseUrl, token, share, hiddenForMs, children } = props;
  // A function written in place is another one at each rendering; the newest is called.
  const newest = useRef(token);
  useEffect(() => {
    newest.current = token;
  });
  const text = typeof token === "function" ? undefined : token;
  const isFunction = typeof token === "function";
  const host = useMemo(() => {
    const getToken = (): ReturnType<Exclude<typeof token, string | undefined>> =>
      typeof newest.current === "function" ? newest.current() : newest.current;
    return new Host({ baseUrl, token: isFunction ? getToken : text, share, hiddenForMs });
  }, [baseUrl, text, isFunction, share, hiddenForMs]);
  useEffect(() => () => host.close(), [host]);
  return createElement(HostContext.Provider, { value: host }, children);
}

/** The server of the nearest provider. */
export const useHost = (): Host => useContext(HostContext);
