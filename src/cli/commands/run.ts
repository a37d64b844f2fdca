import { type Command, STORE_OPTIONS } from "../command.ts";
import { exitOnError } from "../serve/exit-on-error.ts";
import {
  RUN_OPTIONS,
  runBoth,
  runServer,
  runWorker,
  SERVER_OPTIONS,
} from "../serve/run-program.ts";

const FILES =
  "Files and folders may be TypeScript. Without any, longhaul.config.ts is loaded, else src/{jobs,trigger,inngest,workers}. What they export is run: functions, tasks, workers, or one runtime that createLonghaul made.";

export const start: Command = {
  name: "start",
  summary: "Run functions and workers, and serve the API, in one process",
  details: FILES,
  args: ["[files…]"],
  options: { ...STORE_OPTIONS, ...SERVER_OPTIONS, ...RUN_OPTIONS },
  examples: [
    "start",
    "start src/jobs --host 0.0.0.0 --port 8080 --grace 60s",
    "start dist/jobs.js --url file:/var/lib/app/jobs.db",
  ],
  run: (input) => exitOnError(input.out, () => runBoth(input)),
};

export const worker: Command = {
  name: "worker",
  summary: "Run functions and workers, without a server",
  details: FILES,
  args: ["[files…]"],
  options: { ...STORE_OPTIONS, ...RUN_OPTIONS },
  examples: ["worker src/workers/emails.ts src/workers/images.ts", "worker src/jobs --grace 5m"],
  run: (input) => exitOnError(input.out, () => runWorker(input)),
};

export const server: Command = {
  name: "server",
  summary: "Serve the API, without running anything",
  details:
    "Everybody needs a token. If there is none of an admin, and LONGHAUL_ADMIN_TOKEN is not set, one is made and shown once.",
  args: [],
  options: { ...STORE_OPTIONS, ...SERVER_OPTIONS, ...RUN_OPTIONS },
  examples: ["server", "server --host 0.0.0.0 --port 8080 --url file:/var/lib/app/jobs.db"],
  run: runServer,
};
