import { LonghaulError } from "../core/errors.ts";
import type { OptionSpec } from "./command.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What was given for the options of a command, checked against what they are. */
export class Values {
  readonly #values = new Map<string, readonly (string | boolean)[]>();

  /** @throws {LonghaulError} CLI_BAD_USAGE */
  constructor(
    specs: Readonly<Record<string, OptionSpec>>,
    given: ReadonlyMap<string, readonly (string | boolean)[]>,
  ) {
    for (const [name, values] of given) {
      const { kind, isList = false } = specs[name]!;
      if (!isList && kind !== "flag" && values.length > 1) throw usage(`--${name} is there twice`);
      for (const value of values) check(name, kind, value);
      this.#values.set(name, values);
    }
  }

  flag(name: string): boolean {
    return this.#values.get(name)?.at(-1) === true;
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.[0] as string | undefined;
  }

  list(name: string): readonly string[] {
    return (this.#values.get(name) ?? []) as readonly string[];
  }

  /** Of options that are numbers or ports. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** Of options that are durations, in milliseconds. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : durationOf(text);
  }
}

/** @returns undefined if the text is no duration such as 30s, 5m, 2h, 7d or a number of milliseconds */
function durationOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?$/.exec(text);
  return match ? Math.round(Number(match[1]) * UNITS[match[2] ?? "ms"]!) : undefined;
}

function check(name: string, kind: OptionSpec["kind"], value: string | boolean): void {
  if (kind === "flag") {
    if (typeof value !== "boolean") throw usage(`--${name} takes no value`);
    return;
  }
  if (typeof value !== "string" || value === "") throw usage(`--${name} needs a value`);
  if (kind === "number" && !/^\d+$/.test(value)) throw usage(`--${name} is no number: ${value}`);
  if (kind === "port" && !(/^\d+$/.test(value) && Number(value) < 65_536))
    throw usage(`--${name} is no port: ${value}`);
  if (kind === "duration" && durationOf(value) === undefined)
    throw usage(`--${name} is no duration such as 30s, 5m, 2h or 7d: ${value}`);
}

/** An error that says how the command line has to be changed. */
export const usage = (reason: string): LonghaulError =>
  new LonghaulError("CLI_BAD_USAGE", { reason });
