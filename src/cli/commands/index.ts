import type { Command } from "../command.ts";
import { dev } from "./dev.ts";
import { doctor } from "./doctor.ts";
import { migrate } from "./migrate.ts";
import { queuesClean, queuesGet, queuesList, queuesPause, queuesResume } from "./queues.ts";
import { retry } from "./retry.ts";
import { server, start, worker } from "./run.ts";
import { runsCancel, runsGet, runsList, runsReplay, runsTail } from "./runs.ts";
import { send, trigger } from "./send.ts";
import { tokensCreate, tokensList, tokensRevoke } from "./tokens.ts";

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  dev,
  start,
  worker,
  server,
  send,
  trigger,
  runsList,
  runsGet,
  runsCancel,
  runsReplay,
  runsTail,
  queuesList,
  queuesGet,
  queuesPause,
  queuesResume,
  queuesClean,
  retry,
  migrate,
  doctor,
  tokensCreate,
  tokensList,
  tokensRevoke,
];
