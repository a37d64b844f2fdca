import { type ChildProcess, fork } from "node:child_process";
import { relative } from "node:path";
import { type CommandInput, EXIT } from "../command.ts";
import { findFiles, foldersOf } from "../program/find-files.ts";
import { nextSignal } from "../serve/until-signal.ts";
import { CHILD, type DevMessage } from "./messages.ts";
import { FileWatch } from "./watch-files.ts";

/**
 * Runs the program in a process of its own, and in a new one each time that one of its files changes. The old one
 * finishes what it is at before, for a moment.
 *
 * @returns the exit code, after a signal
 * @throws {LonghaulError} CLI_BAD_FILE if there are no files
 */
export async function supervise({ args, out }: CommandInput): Promise<number> {
  // Where there is nothing, there is no change to wait for.
  const files = findFiles(args);
  let port = "";
  let child: ChildProcess | undefined;
  let isEnding = false;
  let isChanging = false;

  const begin = (): void => {
    // A group of its own: Ctrl-C in the terminal is for this process alone, which passes it on.
    child = fork(process.argv[1]!, process.argv.slice(2), {
      env: { ...process.env, [CHILD]: port || "first" },
      detached: true,
    });
    child.on("message", (message: DevMessage) => {
      if (message.type === "file") watch.add(message.file);
      else port = String(message.port);
    });
    child.on("exit", (code) => {
      child = undefined;
      if (isEnding) return;
      if (isChanging) begin();
      else out.note(`It has ended${code === null ? "" : ` with ${code}`}. It waits for a change.`);
      isChanging = false;
    });
  };
  const watch = new FileWatch((file) => {
    out.note(`${relative(process.cwd(), file)} has changed: starting again`);
    if (child === undefined) return begin();
    isChanging = true;
    child.kill("SIGTERM");
  });
  // What cannot even be read is loaded again once it was mended.
  for (const file of files) watch.add(file);
  for (const folder of foldersOf(args)) watch.addFolder(folder);
  const signal = nextSignal();
  begin();
  const name = (await signal) as NodeJS.Signals;
  isEnding = true;
  watch.close();
  return child === undefined ? EXIT.ok : end(child, name);
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  return new Promise((resolve) => {
    child.on("exit", (code) => resolve(code ?? EXIT.failed));
    child.kill(signal);
    void nextSignal().then(() => child.kill("SIGKILL"));
  });
}
