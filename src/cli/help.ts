import { type Command, GLOBAL_OPTIONS, type OptionSpec } from "./command.ts";
import { table } from "./table.ts";

/** What `longhaul --help` says. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, args, summary }) => [
    `  ${[name, ...args].join(" ")}`,
    summary,
  ]);
  return [
    "longhaul: jobs, events and durable workflows in one file",
    "",
    "Usage: longhaul <command> [options]",
    "",
    table(["Commands:", ""], rows),
    "",
    "longhaul <command> --help shows its options, with examples.",
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong.",
  ].join("\n");
}

/** What `longhaul <command> --help` says. */
export function helpOf({ name, args, summary, details, options, examples }: Command): string {
  const specs = Object.entries({ ...options, ...GLOBAL_OPTIONS });
  const rows = specs.map(([option, spec]) => [`  ${nameOf(option, spec)}`, spec.help]);
  return [
    summary,
    ...(details === undefined ? [] : ["", details]),
    "",
    `Usage: longhaul ${[name, ...args].join(" ")} [options]`,
    "",
    table(["Options:", ""], rows),
    "",
    "Examples:",
    ...examples.map((example) => `  longhaul ${example}`),
  ].join("\n");
}

function nameOf(option: string, { short, value = "", isList = false }: OptionSpec): string {
  const names = short === undefined ? `--${option}` : `-${short}, --${option}`;
  return `${names}${value && ` ${value}`}${isList ? " …" : ""}`;
}
