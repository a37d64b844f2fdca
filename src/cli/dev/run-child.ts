import { createClient } from "../../client/create-client.ts";
import type { Longhaul } from "../../runtime/longhaul.ts";
import { partsOf } from "../../runtime/parts.ts";
import { createServer, type LonghaulServer } from "../../server/create-server.ts";
import { MAX_TOPICS } from "../../server/live/hub.ts";
import type { CommandInput } from "../command.ts";
import { follow } from "../follow.ts";
import type { Output } from "../output.ts";
import { type OpenProgram, openProgram } from "../program/open-program.ts";
import { listen } from "../serve/listen.ts";
import { closeProgram, describe, serverOptions, startOrClose } from "../serve/run-program.ts";
import { nextSignal, untilSignal } from "../serve/until-signal.ts";
import { BOARD_PATH, openBoard, withBoard } from "./board.ts";
import { ChangeReader } from "./change-lines.ts";
import { CHILD, type DevMessage } from "./messages.ts";
import { showChange } from "./show-change.ts";

/** Somebody waits for the restart. */
const GRACE_MS = 5_000;

/** Runs a program with a server, and tells every change of its jobs and runs, until a signal. */
export async function runDevChild({ args, values, out }: CommandInput): Promise<number> {
  const signal = nextSignal();
  const tell = (message: DevMessage): void => void process.send?.(message);
  const program = await openProgram(args, values, (file) => tell({ type: "file", file }));
  const { longhaul, manager, queues } = program;
  const server = createServer(longhaul, {
    ...serverOptions({ values }, { local: true }),
    manager,
  });
  const lines = printChanges(program, server, out);
  await startOrClose(longhaul);
  const board = await openBoard(queues, partsOf(longhaul).connection);
  const served = await listen(withBoard(server, board), values, {
    mayMove: true,
    before: portBefore(),
  });
  tell({ type: "listening", port: served.port });
  out.note(await greeting(longhaul, queues, served.url, board !== undefined));
  return untilSignal(signal, values.duration("grace") ?? GRACE_MS, out, async (graceMs) => {
    await closeProgram(program, graceMs);
    await served.close({ graceMs });
    await lines;
  });
}

/** Of the process before this one: pages that are open go on working. */
function portBefore(): number | undefined {
  const port = Number(process.env[CHILD]);
  return Number.isInteger(port) ? port : undefined;
}

async function greeting(
  longhaul: Longhaul,
  queues: readonly string[],
  url: string,
  hasBoard: boolean,
): Promise<string> {
  const { functions, store } = await longhaul.health();
  const board = hasBoard
    ? `${url}${BOARD_PATH}`
    : "npm install @bull-board/api @bull-board/hono, to see the queues in the browser";
  return [
    `Working on ${describe(functions, queues)}.`,
    `  store  ${store}`,
    `  API    ${url}/api/v1/docs`,
    ...(queues.length > 0 ? [`  board  ${board}`] : []),
  ].join("\n");
}

/** Begins at once, so that the first changes are told too. */
async function printChanges(
  { longhaul, queues }: OpenProgram,
  server: LonghaulServer,
  out: Output,
): Promise<void> {
  const { functions } = await longhaul.health();
  const topics = [
    ...queues.map((queue) => `queue:${queue}`),
    ...functions.map((id) => `function:${id}`),
  ];
  if (topics.length > MAX_TOPICS)
    out.note(`Changes are told of the first ${MAX_TOPICS} queues and functions only.`);
  const client = createClient({
    baseUrl: "http://localhost",
    fetch: (url, init) => server.fetch(new Request(url, init), { remoteAddress: "127.0.0.1" }),
  });
  const reader = new ChangeReader(Date.now);
  const print = (event: string, data: string): void => {
    for (const change of reader.read(event, data))
      out.line(
        out.isJson
          ? JSON.stringify({ at: new Date().toISOString(), ...change })
          : showChange(change, new Date(), out.paint),
      );
  };
  try {
    await follow(client, topics.slice(0, MAX_TOPICS), print);
  } catch (error) {
    out.error(error);
  }
}
