const CODES = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, dim: 2, bold: 1 };

/** Colours a text, or leaves it as it is. */
export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

/** Colours for a stream: none if it is no terminal, or NO_COLOR says so; FORCE_COLOR wants them anywhere. */
export function colorsFor(stream: { readonly isTTY?: boolean | undefined }): Paint {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  const isOn = isForced || (stream.isTTY === true && !NO_COLOR);
  const entries = Object.entries(CODES).map(([name, code]) => [
    name,
    (text: string) => (isOn ? `\u001b[${code}m${text}\u001b[0m` : text),
  ]);
  return Object.fromEntries(entries) as Paint;
}
