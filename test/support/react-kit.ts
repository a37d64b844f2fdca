/** Hooks in a page of happy-dom, against a real server in the same process: its streams are real, only the network is not. */
import { Window } from "happy-dom";
import { onTestFinished } from "vitest";

const window = new Window({ url: "http://test/" });
Object.assign(globalThis, {
  window,
  document: window.document,
  sessionStorage: window.sessionStorage,
  IS_REACT_ACT_ENVIRONMENT: true,
});
// Newer Node has one of its own, with locks, which no tab of a page shares with it.
Object.defineProperty(globalThis, "navigator", { value: window.navigator, configurable: true });
// React looks at the page when it is loaded.
const { act, createElement, StrictMode } = await import("react");
const { createRoot } = await import("react-dom/client");
const { LonghaulProvider } = await import("../../src/react/index.ts");

/** A hook that is rendered, and what it returned last. */
export interface RenderedHook<Value> {
  readonly current: Value;
  /** Everything it returned. */
  readonly all: readonly Value[];
  /** Resolves once what it returns is like this. */
  until(isLike: (value: Value) => boolean): Promise<Value>;
  unmount(): Promise<void>;
}

/** Sends what the hooks fetch to a server. It ends with the running test. */
export function connectFetch(server: { fetch(request: Request): Promise<Response> }): void {
  const before = globalThis.fetch;
  globalThis.fetch = (input, init) =>
    server.fetch(new Request(new URL(input as string, "http://test"), init));
  onTestFinished(() => {
    globalThis.fetch = before;
  });
}

/** Renders a hook in StrictMode, below a provider. It is unmounted with the running test. */
export async function renderHook<Value>(
  useHook: () => Value,
  provider: { readonly token?: string } = {},
): Promise<RenderedHook<Value>> {
  const all: Value[] = [];
  let changed = (): void => {};
  function Probe(): null {
    all.push(useHook());
    changed();
    return null;
  }
  const root = createRoot(document.createElement("div"));
  const tree = createElement(LonghaulProvider, provider, createElement(Probe));
  await act(async () => root.render(createElement(StrictMode, null, tree)));
  let isMounted = true;
  const unmount = async (): Promise<void> => {
    if (isMounted) await act(async () => root.unmount());
    isMounted = false;
  };
  onTestFinished(unmount);
  return {
    get current() {
      return all.at(-1)!;
    },
    all,
    until: async (isLike) => {
      while (!isLike(all.at(-1)!))
        await act(() => new Promise<void>((resolve) => (changed = resolve)));
      return all.at(-1)!;
    },
    unmount,
  };
}

export { act };
