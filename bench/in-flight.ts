/** Calls `work` so many times, with `inFlight` calls under way at any time. */
export async function inFlight(
  inFlight: number,
  times: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let left = times;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}
