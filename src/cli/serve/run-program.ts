import type { TaskQueue } from "../../manager/index.ts";
import { createLonghaul, type Longhaul } from "../../runtime/longhaul.ts";
import type { AuthOptions } from "../../server/auth/options.ts";
import { createServer } from "../../server/create-server.ts";
import type { CommandInput, OptionSpec } from "../command.ts";
import type { Program } from "../program/collect.ts";
import { openProgram } from "../program/open-program.ts";
import { offerFirstToken } from "./first-token.ts";
import { LISTEN_OPTIONS, listen } from "./listen.ts";
import { nextSignal, untilSignal } from "./until-signal.ts";

/** How long SIGTERM lets what is under way finish, unless it is told otherwise. */
export const GRACE_MS = 30_000;
/** Requests have little to finish; workers get what is left. */
const HTTP_GRACE_MS = 5_000;

/** What commands take that run until they are told to stop. */
export const RUN_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  grace: {
    ...{ kind: "duration", value: "<time>" },
    help: "How long SIGTERM lets what is under way finish (default: 30s)",
  },
};

/** What servers take, beside where they listen. */
export const SERVER_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  ...LISTEN_OPTIONS,
  origin: {
    ...{ kind: "text", value: "<origin>", isList: true },
    help: "A site whose pages may use the server, such as https://app.example.com",
  },
  redact: {
    ...{ kind: "text", value: "<path>", isList: true },
    help: "What of payloads is shown to nobody, such as password or card.number",
  },
  "public-url": {
    ...{ kind: "text", value: "<url>" },
    help: "Where the server is reached from outside, for addresses that it hands out",
  },
};

/** A part of a program that can be closed. */
type Close = (graceMs: number) => Promise<void>;

/** Runs what files export, until a signal. */
export async function runWorker({ args, values, out }: CommandInput): Promise<number> {
  const signal = nextSignal();
  const program = await openProgram(args, values);
  const { longhaul } = program;
  await startOrClose(longhaul);
  const close = (graceMs: number): Promise<void> => closeProgram(program, graceMs);
  const { functions } = await longhaul.health();
  out.note(`Working on ${describe(functions, program.queues)}.`);
  return untilSignal(signal, values.duration("grace") ?? GRACE_MS, out, close);
}

/** Serves the API, until a signal. */
export async function runServer({ values, out }: CommandInput): Promise<number> {
  const signal = nextSignal();
  const longhaul = createLonghaul({ url: values.text("url") });
  await startOrClose(longhaul);
  const stopServing = await startServer(longhaul, { values, out, args: [] });
  return untilSignal(signal, values.duration("grace") ?? GRACE_MS, out, async (graceMs) => {
    await stopServing(graceMs);
    await longhaul.close({ timeoutMs: graceMs });
  });
}

/** Both, in one process. */
export async function runBoth({ args, values, out }: CommandInput): Promise<number> {
  const signal = nextSignal();
  const program = await openProgram(args, values);
  const { longhaul, queues } = program;
  await startOrClose(longhaul);
  const stopServing = await startServer(longhaul, { values, out, args }, program.manager);
  const { functions } = await longhaul.health();
  out.note(`Working on ${describe(functions, queues)}.`);
  return untilSignal(signal, values.duration("grace") ?? GRACE_MS, out, async (graceMs) => {
    await stopServing(graceMs);
    await closeProgram(program, graceMs);
  });
}

async function startServer(
  longhaul: Longhaul,
  { values, out }: CommandInput,
  manager?: TaskQueue,
): Promise<Close> {
  try {
    const server = createServer(longhaul, { ...serverOptions({ values }), manager });
    const served = await listen(server, values);
    await offerFirstToken(longhaul, out);
    out.note(`Listening at ${served.url}`);
    return (graceMs) => served.close({ graceMs: Math.min(graceMs, HTTP_GRACE_MS) });
  } catch (error) {
    await longhaul.close();
    throw error;
  }
}

/** What the options of the command line are as options of a server. */
export function serverOptions({ values }: Pick<CommandInput, "values">, auth: AuthOptions = {}) {
  return {
    auth: { ...auth, origins: values.list("origin") },
    redact: values.list("redact"),
    publicUrl: values.text("public-url"),
  };
}

/** A runtime that cannot be started leaves nothing open. */
export async function startOrClose(longhaul: Longhaul): Promise<void> {
  try {
    await longhaul.start();
  } catch (error) {
    await longhaul.close();
    throw error;
  }
}

/** Closes a runtime, and workers of the program that it does not have. */
export async function closeProgram(
  { longhaul, workers, manager }: Program & { readonly longhaul: Longhaul },
  graceMs: number,
): Promise<void> {
  const own = manager ? [...workers, manager] : workers;
  const closing = [longhaul.close({ timeoutMs: graceMs }), ...own.map((one) => one.close())];
  await Promise.all(closing);
}

/** Such as `3 functions and the queues emails, images`. Functions of our own are not counted. */
export function describe(functions: readonly string[], queues: readonly string[]): string {
  const { length } = functions.filter((id) => !id.startsWith("longhaul/"));
  const parts = [
    ...(length > 0 ? [`${length} ${length === 1 ? "function" : "functions"}`] : []),
    ...(queues.length > 0
      ? [`the ${queues.length === 1 ? "queue" : "queues"} ${queues.join(", ")}`]
      : []),
  ];
  return parts.join(" and ") || "nothing";
}
