import { ApiError } from "../client/api-error.ts";
import { isLonghaulError } from "../core/errors.ts";
import { colorsFor, type Paint } from "./colors.ts";

/** Where a command writes. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** What a command says: to people, or with `--json` to programs. Results go to stdout, all else to stderr. */
export class Output {
  readonly isJson: boolean;
  /** Colours of stdout, if it shows any. */
  readonly paint: Paint;
  readonly #streams: Streams;

  constructor(isJson: boolean, streams: Streams) {
    this.isJson = isJson;
    this.paint = colorsFor(streams.stdout);
    this.#streams = streams;
  }

  /** The result: the value as JSON, or what `show` makes of it for people. */
  result<T>(value: T, show: (value: T) => string): void {
    this.line(this.isJson ? JSON.stringify(value) : show(value));
  }

  /** A line of a result that goes on, such as one change of many. */
  line(text: string): void {
    if (text !== "") this.#streams.stdout.write(`${text}\n`);
  }

  /** Something to know that is no result. */
  note(text: string): void {
    this.#streams.stderr.write(`${text}\n`);
  }

  /** Why it failed. */
  error(error: unknown): void {
    const known = isLonghaulError(error) || error instanceof ApiError ? error : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (this.isJson) {
      const { code = "CLI_FAILED", hint = "" } = known ?? {};
      this.note(JSON.stringify({ error: { code, message, hint } }));
      return;
    }
    const paint = colorsFor(this.#streams.stderr);
    this.note(`${paint.red("error")} ${message}`);
    if (known?.hint !== undefined) this.note(`      ${known.hint}`);
    else if (error instanceof Error && process.env["DEBUG"]) this.note(error.stack ?? "");
  }

  /** A bar for something that takes long: on a terminal only, and never among the results. */
  progress(label: string): (done: number, total: number) => void {
    const { stderr } = this.#streams;
    if (this.isJson || !stderr.isTTY) return () => {};
    return (done, total) => stderr.write(progressBar(label, done, total));
  }
}

const BAR_WIDTH = 30;

/** A line that replaces itself; the last one stays. */
export function progressBar(label: string, done: number, total: number): string {
  const share = total <= 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const end = done >= total ? "\n" : "";
  return `\r\u001b[K${label} ${bar} ${Math.floor(share * 100)} %  ${done}/${total}${end}`;
}
