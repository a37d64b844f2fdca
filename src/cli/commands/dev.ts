import { type Command, STORE_OPTIONS } from "../command.ts";
import { CHILD } from "../dev/messages.ts";
import { runDevChild } from "../dev/run-child.ts";
import { supervise } from "../dev/supervise.ts";
import { exitOnError } from "../serve/exit-on-error.ts";
import { RUN_OPTIONS, SERVER_OPTIONS } from "../serve/run-program.ts";

export const dev: Command = {
  name: "dev",
  summary:
    "Run functions and workers with a server, tell every change, start again when a file changes",
  details:
    "Files and folders may be TypeScript. Without any, longhaul.config.ts is loaded, else src/{jobs,trigger,inngest,workers}. Whoever is on this machine needs no login; nobody else gets in. Bull Board is at /board.",
  args: ["[files…]"],
  options: { ...STORE_OPTIONS, ...SERVER_OPTIONS, ...RUN_OPTIONS },
  examples: ["dev", "dev src/jobs.ts", "dev src/jobs src/workers --port 5000 --url file:dev.db"],
  run: (input) =>
    process.env[CHILD] === undefined
      ? supervise(input)
      : exitOnError(input.out, () => runDevChild(input)),
};
