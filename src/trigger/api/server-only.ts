import {
  createBatchTriggerPublicToken,
  createPublicToken,
  createTriggerPublicToken,
} from "./public-tokens.ts";
import { unsupported } from "./refusals.ts";

/**
 * What has no meaning without Trigger.dev's server. It is here so that code that uses it is told so where it does, and
 * by name.
 */

const NO_SERVER = "calls go to the store of this process, so there is nobody to sign in to";
const NO_SWITCH =
  "calls of this process need no token; give what createPublicToken returns to whoever does";
const NO_VARIABLES = "tasks run in your process and see its environment";
const NO_DEPLOYMENTS = "tasks run in your process, with the code it has";

/** A function that refuses to be called. */
type Refusing = (...args: readonly unknown[]) => never;

const refusing =
  (feature: string, reason: string): Refusing =>
  () =>
    unsupported(feature, reason);

/** Refused: which store is used is said by `createLonghaul`, or by LONGHAUL_URL. @throws {LonghaulError} TASK_UNSUPPORTED */
export const configure: Refusing = refusing("configure", NO_SERVER);

/** Tokens for browsers; the rest is refused. @throws {LonghaulError} TASK_UNSUPPORTED */
export const auth = {
  configure: refusing("auth.configure", NO_SERVER),
  withAuth: refusing("auth.withAuth", NO_SERVER),
  createPublicToken,
  createTriggerPublicToken,
  createBatchTriggerPublicToken,
  withPublicToken: refusing("auth.withPublicToken", NO_SWITCH),
  withTriggerPublicToken: refusing("auth.withTriggerPublicToken", NO_SWITCH),
  withBatchTriggerPublicToken: refusing("auth.withBatchTriggerPublicToken", NO_SWITCH),
};

/** Refused: use `process.env`. @throws {LonghaulError} TASK_UNSUPPORTED */
export const envvars = {
  list: refusing("envvars.list", NO_VARIABLES),
  create: refusing("envvars.create", NO_VARIABLES),
  retrieve: refusing("envvars.retrieve", NO_VARIABLES),
  update: refusing("envvars.update", NO_VARIABLES),
  del: refusing("envvars.del", NO_VARIABLES),
  upload: refusing("envvars.upload", NO_VARIABLES),
};

/** Refused. @throws {LonghaulError} TASK_UNSUPPORTED */
export const deployments = {
  retrieveCurrent: refusing("deployments.retrieveCurrent", NO_DEPLOYMENTS),
  list: refusing("deployments.list", NO_DEPLOYMENTS),
};

/** Refused: use `runs.list`. @throws {LonghaulError} TASK_UNSUPPORTED */
export const query = {
  execute: refusing("query.execute", "there is no language to query runs with; use runs.list"),
};

/** Refused. @throws {LonghaulError} TASK_UNSUPPORTED */
export const webhooks = {
  constructEvent: refusing(
    "webhooks.constructEvent",
    "alerts are signed as Standard Webhooks says; check them as that says",
  ),
};
