import { parseArgs } from "node:util";
import { type Command, GLOBAL_OPTIONS, type OptionSpec } from "./command.ts";
import { suggest } from "./suggest.ts";
import { usage, Values } from "./values.ts";

/** What was given to a command. */
export interface ParsedCommand {
  readonly args: readonly string[];
  readonly values: Values;
}

/**
 * Reads what stands behind the name of a command.
 *
 * @throws {LonghaulError} CLI_BAD_USAGE, with what was probably meant
 */
export function parseCommand(command: Command, given: readonly string[]): ParsedCommand {
  const specs: Record<string, OptionSpec> = { ...GLOBAL_OPTIONS, ...command.options };
  const { tokens } = parseArgs({
    args: [...given],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { kind, short }]) => [
        name,
        {
          type: kind === "flag" ? ("boolean" as const) : ("string" as const),
          ...(short !== undefined && { short }),
        },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const args: string[] = [];
  const values = new Map<string, (string | boolean)[]>();
  for (const token of tokens) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind !== "option") continue;
    if (!Object.hasOwn(specs, token.name)) throw unknownOption(token.rawName, command, specs);
    values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? true]);
  }
  const parsed = { args, values: new Values(specs, values) };
  if (!parsed.values.flag("help")) requireArgs(command, args);
  return parsed;
}

function unknownOption(
  rawName: string,
  { name }: Command,
  specs: Readonly<Record<string, OptionSpec>>,
) {
  const near = suggest(rawName.replace(/^-+/, ""), Object.keys(specs));
  const hint = near === undefined ? "" : `; did you mean --${near}?`;
  return usage(`longhaul ${name} has no option ${rawName}${hint}`);
}

function requireArgs({ name, args }: Command, given: readonly string[]): void {
  const needed = args.filter((arg) => arg.startsWith("<"));
  if (given.length < needed.length) throw usage(`longhaul ${name} needs ${needed[given.length]!}`);
  const takesMany = args.at(-1)?.includes("…") === true;
  if (!takesMany && given.length > args.length)
    throw usage(`longhaul ${name} does not take "${given[args.length]!}"`);
}
