import { createRequire } from "node:module";
import { type Command, EXIT, exitCodeOf } from "./command.ts";
import { helpOf, overview } from "./help.ts";
import { Output, type Streams } from "./output.ts";
import { parseCommand } from "./parse-command.ts";
import { suggest } from "./suggest.ts";
import { usage } from "./values.ts";

/**
 * Does what a command line says.
 *
 * @param given all that stands behind `longhaul`
 * @returns the exit code
 */
export async function runCli(
  given: readonly string[],
  commands: readonly Command[],
  streams: Streams,
): Promise<number> {
  const out = new Output(given.includes("--json"), streams);
  try {
    return await dispatch(given, commands, out);
  } catch (error) {
    out.error(error);
    return exitCodeOf(error);
  }
}

async function dispatch(
  given: readonly string[],
  commands: readonly Command[],
  out: Output,
): Promise<number> {
  const [first = "--help", second] = given;
  if (first === "--version" || first === "-v") {
    out.line(version());
    return EXIT.ok;
  }
  if (["--help", "-h", "help"].includes(first)) {
    out.line(overview(commands));
    return given.length === 0 ? EXIT.usage : EXIT.ok;
  }
  const words = commands.find(({ name }) => name === `${first} ${second ?? ""}`) ? 2 : 1;
  const name = given.slice(0, words).join(" ");
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return group(first, second, commands, out);
  const { args, values } = parseCommand(command, given.slice(words));
  if (values.flag("help")) {
    out.line(helpOf(command));
    return EXIT.ok;
  }
  return (await command.run({ args, values, out })) ?? EXIT.ok;
}

/** `runs` is no command, but the first word of some. */
function group(
  first: string,
  second: string | undefined,
  commands: readonly Command[],
  out: Output,
): number {
  const members = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (members.length > 0 && (second === undefined || second === "--help" || second === "-h")) {
    out.line(overview(members));
    return second === undefined ? EXIT.usage : EXIT.ok;
  }
  const names = commands.map(({ name }) => name);
  const asked = members.length > 0 ? `${first} ${second!}` : first;
  const firsts = names.map((name) => name.split(" ")[0]!);
  const near = suggest(asked, members.length > 0 ? names : [...new Set(firsts)]);
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  throw usage(`There is no command "${asked}"${hint}`);
}

/** The package knows itself by its name, wherever this file is built to. */
function version(): string {
  const require = createRequire(import.meta.url);
  return (require("longhaul/package.json") as { version: string }).version;
}
