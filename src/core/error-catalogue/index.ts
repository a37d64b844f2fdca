import { alertErrors } from "./alert.ts";
import { authErrors } from "./auth.ts";
import { bullmqErrors } from "./bullmq.ts";
import { cliErrors } from "./cli.ts";
import { httpErrors } from "./http.ts";
import { inngestErrors } from "./inngest.ts";
import { liveErrors } from "./live.ts";
import { managerErrors } from "./manager.ts";
import { runErrors } from "./run.ts";
import { runsErrors } from "./runs.ts";
import { runtimeErrors } from "./runtime.ts";
import { serverErrors } from "./server.ts";
import { storeErrors } from "./store.ts";
import { taskErrors } from "./task.ts";
import { triggerErrors } from "./trigger.ts";

export type { ErrorEntry } from "./entry.ts";

/** Every error code, in alphabetical order. */
export const errorCatalogue = {
  ...alertErrors,
  ...authErrors,
  ...bullmqErrors,
  ...cliErrors,
  ...httpErrors,
  ...inngestErrors,
  ...liveErrors,
  ...managerErrors,
  ...runsErrors,
  ...runtimeErrors,
  ...runErrors,
  ...serverErrors,
  ...storeErrors,
  ...taskErrors,
  ...triggerErrors,
} as const;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;
