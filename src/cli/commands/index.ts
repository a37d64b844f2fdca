import type { Command } from "../command.ts";
import { doctor } from "./doctor.ts";
import { migrate } from "./migrate.ts";
import { tokensCreate, tokensList, tokensRevoke } from "./tokens.ts";

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  migrate,
  doctor,
  tokensCreate,
  tokensList,
  tokensRevoke,
];
