/** How a header says when more requests are taken. */
export type ResetFormat =
  "unix_timestamp" | "unix_timestamp_in_ms" | "iso_8601" | "iso_8601_duration_openai_variant";

/**
 * When more requests are taken, epoch ms; `undefined` if the text does not say.
 * @param now Where durations begin.
 */
export function readReset(text: string, format: ResetFormat, now: number): number | undefined {
  switch (format) {
    case "unix_timestamp":
      return finite(Number(text) * 1_000);
    case "unix_timestamp_in_ms":
      return finite(Number(text));
    case "iso_8601":
      return finite(Date.parse(text));
    case "iso_8601_duration_openai_variant": {
      const ms = readParts(text.trim());
      return ms === undefined ? undefined : now + ms;
    }
  }
}

const PART_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** `1s`, `6m0s`, `120ms`, `1d2h3m4.5s`. */
function readParts(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g))
    total += Number(amount) * PART_MS[unit!]!;
  return Math.ceil(total);
}

const finite = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined);
