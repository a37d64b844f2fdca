import { isLonghaulError } from "../core/errors.ts";
import type { Output } from "./output.ts";
import type { Values } from "./values.ts";

/** An option of a command. */
export interface OptionSpec {
  /** `flag`: it is there or not. The others take a value. */
  readonly kind: "flag" | "text" | "number" | "duration" | "port";
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
  /** Whether it may be given several times. @default false */
  readonly isList?: boolean;
}

/** What a command is given. */
export interface CommandInput {
  readonly args: readonly string[];
  readonly values: Values;
  readonly out: Output;
}

/** A command of `longhaul`, as data: the help and the check of what is given come from it. */
export interface Command {
  /** One word or two, such as `runs list`. */
  readonly name: string;
  readonly summary: string;
  /** More about it, in the help. */
  readonly details?: string;
  /** The arguments, in order: `<needed>`, `[may be left out]`, and `[any number…]` last. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Lines that work as they are, without `longhaul` in front. */
  readonly examples: readonly string[];
  /** @returns the exit code; 0 if it returns nothing */
  run(input: CommandInput): Promise<number | void>;
}

/** What all commands take. */
export const GLOBAL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { kind: "flag", help: "Print JSON, for programs" },
  help: { kind: "flag", short: "h", help: "Show this" },
};

/** Where commands that look into a store find it. */
export const STORE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  url: {
    kind: "text",
    value: "<url>",
    help: "The store: file:path (default: LONGHAUL_URL, else file:.longhaul/longhaul.db)",
  },
};

/** Where commands that work over the API find it: in a store, or at a server. */
export const API_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  ...STORE_OPTIONS,
  server: {
    kind: "text",
    value: "<url>",
    help: "A server instead of a store, such as https://jobs.example.com",
  },
  token: {
    kind: "text",
    value: "<token>",
    help: "The token for the server (default: LONGHAUL_TOKEN)",
  },
};

/** Exit codes; docs/cli.md lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The exit code of a command that failed. */
export const exitCodeOf = (error: unknown): number =>
  isLonghaulError(error, "CLI_BAD_USAGE") ? EXIT.usage : EXIT.failed;
