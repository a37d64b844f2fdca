/** How long a page may be hidden until its connection is closed: a glance at another tab costs no reconnect. */
const HIDDEN_FOR_MS = 30_000;

/**
 * Says when nobody has looked at the page for a while, and when somebody looks again. Silent outside of browsers.
 *
 * @returns stops it
 */
export function watchVisibility(
  onChange: (isWatched: boolean) => void,
  hiddenForMs = HIDDEN_FOR_MS,
): () => void {
  if (typeof document === "undefined") return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") onChange(true);
    else timer = setTimeout(() => onChange(false), hiddenForMs);
  };
  document.addEventListener("visibilitychange", look);
  if (document.visibilityState !== "visible") look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
