/**
 * Calls at once, and then at most once in `throttleMs`; the last call is never lost.
 *
 * @returns the throttled function, and one that forgets what is still to be called
 */
export function throttle(call: () => void, throttleMs: number): [() => void, () => void] {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const tick = (): void => {
    timer = undefined;
    if (isDue) throttled();
  };
  const throttled = (): void => {
    if (timer !== undefined) {
      isDue = true;
      return;
    }
    isDue = false;
    timer = setTimeout(tick, throttleMs);
    call();
  };
  return [throttled, () => clearTimeout(timer)];
}
