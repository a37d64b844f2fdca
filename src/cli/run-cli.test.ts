import { describe, expect, test } from "vitest";
import { cli, newStoreUrl } from "../../test/support/cli-kit.ts";
import { commands } from "./commands/index.ts";
import type { Command } from "./command.ts";
import { progressBar } from "./output.ts";
import { parseCommand } from "./parse-command.ts";
import { suggest } from "./suggest.ts";
import { table } from "./table.ts";

const names = commands.map(({ name }) => name);

describe("the help", () => {
  test("names all commands, and each of them has examples that are right", async () => {
    const { code, stdout } = await cli(["--help"]);
    expect(code).toBe(0);
    for (const name of names) expect(stdout).toContain(`  ${name}`);
    for (const command of commands) {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        const words = wordsOf(example);
        expect(words.slice(0, command.name.split(" ").length).join(" ")).toBe(command.name);
        parseCommand(command, words.slice(command.name.split(" ").length));
      }
    }
  });

  test.each(names)("of %s shows its options and examples", async (name) => {
    const { code, stdout } = await cli([...name.split(" "), "--help"]);
    const { options, examples, summary } = commands.find((command) => command.name === name)!;
    expect(code).toBe(0);
    expect(stdout).toContain(summary);
    for (const option of Object.keys(options)) expect(stdout).toContain(`--${option}`);
    for (const example of examples) expect(stdout).toContain(`longhaul ${example}`);
  });

  test("of a first word shows the commands that begin with it", async () => {
    const { code, stdout } = await cli(["tokens", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("tokens create <name>");
    expect(stdout).not.toContain("runs list");
    expect((await cli(["tokens"])).code).toBe(2);
  });

  test("is what one gets for nothing, and then nothing was done", async () => {
    expect(await cli([])).toMatchObject({ code: 2, stdout: expect.stringContaining("Usage:") });
  });
});

describe("a command line that is wrong ends with 2, and a word on what was meant", () => {
  test.each([
    [["tokens", "lst"], 'no command "tokens lst"; did you mean "tokens list"?'],
    [["dcotor"], 'no command "dcotor"; did you mean "doctor"?'],
    [["run", "list"], 'no command "run"; did you mean "runs"?'],
    [["xyzzy"], 'no command "xyzzy"'],
    [["runs", "list", "--stat", "failed"], "no option --stat; did you mean --state?"],
    [["runs", "list", "--sever", "x"], "no option --sever; did you mean --server?"],
    [["runs", "list", "-x"], "no option -x"],
    [["runs", "list", "--state"], "--state needs a value"],
    [["runs", "list", "--state", "a", "--state", "b"], "--state is there twice"],
    [["runs", "list", "--limit", "many"], "--limit is no number: many"],
    [["runs", "list", "extra"], 'does not take "extra"'],
    [["migrate", "--dry-run=no"], "--dry-run takes no value"],
    [["runs", "get"], "needs <runId>"],
    [["server", "--port", "65536"], "--port is no port: 65536"],
    [["worker", "--grace", "soon"], "--grace is no duration"],
    [["tokens", "create", "x", "--role", "root"], "--role is viewer, operator or admin"],
    [["tokens", "create", "x"], "Give --role, or --scope"],
    [["queues", "clean", "x", "--state", "active"], "--state is one of"],
    [["send", "x", "{"], "This is no JSON"],
    [["send", "x", "[1]"], "The data of an event is a JSON object"],
    [["runs", "list", "--url", ":memory:"], "The store of the command line is a file"],
    [["runs", "list", "--server", "jobs"], "--server is no URL"],
  ])("%j: %s", async (args, expected) => {
    const withStore = args[0] === "send" ? [...args, "--url", newStoreUrl()] : args;
    const { code, stdout, stderr } = await cli(withStore);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(expected);
  });
});

test("with --json, errors are JSON too, and only on stderr", async () => {
  const url = newStoreUrl();
  const { code, stdout, stderr } = await cli(["runs", "list", "--url", url, "--json"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  const { error } = JSON.parse(stderr) as { error: Record<string, string> };
  expect(error).toMatchObject({ code: "CLI_NO_STORE", hint: expect.any(String) });
});

test("a command that fails in a way that nobody foresaw ends with 1 and says why", async () => {
  const broken: Command = {
    ...{ name: "break", summary: "", args: [], options: {}, examples: [] },
    run: () => Promise.reject(new TypeError("oh no")),
  };
  const { runCli } = await import("./run-cli.ts");
  let stderr = "";
  const stream = { write: (text: string) => (stderr += text) } as never;
  expect(await runCli(["break"], [broken], { stdout: stream, stderr: stream })).toBe(1);
  expect(stderr).toContain("error oh no");
});

test("what is near is suggested, what is far is not", () => {
  expect(suggest("statee", ["state", "server"])).toBe("state");
  expect(suggest("tsate", ["state", "server"])).toBe("state");
  expect(suggest("dry", ["dry-run", "url"])).toBe("dry-run");
  expect(suggest("qqq", ["state", "server"])).toBeUndefined();
});

test("durations have units, or are milliseconds", () => {
  const grace = (text: string) =>
    parseCommand(
      commands.find(({ name }) => name === "worker")!,
      ["--grace", text],
    ).values.duration("grace");
  expect(["250", "250ms", "1.5s", "2m", "3h", "7d", "1w"].map(grace)).toEqual([
    250, 250, 1_500, 120_000, 10_800_000, 604_800_000, 604_800_000,
  ]);
});

test("columns are as wide as what is in them, colours aside", () => {
  expect(table(["A", "B"], [])).toBe("");
  expect(
    table(
      ["NAME", "N"],
      [
        ["\u001b[31mlonger\u001b[0m", "1"],
        ["x", "22"],
      ],
    ),
  ).toBe("NAME    N\n\u001b[31mlonger\u001b[0m  1\nx       22");
});

test("a bar goes from nothing to full, and the full one stays", () => {
  expect(progressBar("Cleaning", 0, 4)).toContain(`${"░".repeat(30)} 0 %  0/4`);
  expect(progressBar("Cleaning", 1, 4)).toMatch(/^\r.*Cleaning █{8}░{22} 25 % {2}1\/4$/);
  expect(progressBar("Cleaning", 4, 4)).toMatch(/█{30} 100 % {2}4\/4\n$/);
});

/** Splits as a shell does, as far as the examples need it. */
function wordsOf(line: string): string[] {
  return [...line.replace(/ < .*/, "").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain!,
  );
}
