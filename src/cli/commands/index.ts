import type { Command } from "../command.ts";
import { dev } from "./dev.ts";
import { doctor } from "./doctor.ts";
import { migrate } from "./migrate.ts";
import { server, start, worker } from "./run.ts";
import { tokensCreate, tokensList, tokensRevoke } from "./tokens.ts";

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  dev,
  start,
  worker,
  server,
  migrate,
  doctor,
  tokensCreate,
  tokensList,
  tokensRevoke,
];
