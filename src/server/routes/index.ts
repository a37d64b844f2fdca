import { adminRoutes } from "./admin/index.ts";
import { liveRoutes } from "./live/index.ts";
import { queueRoutes } from "./queues/index.ts";
import { runRoutes } from "./runs/index.ts";
import { systemRoutes } from "./system/index.ts";
import { taskRunRoutes } from "./task-runs/index.ts";

/** Every route of the API. */
export const routes = [
  ...systemRoutes,
  ...queueRoutes,
  ...runRoutes,
  ...adminRoutes,
  ...liveRoutes,
  ...taskRunRoutes,
] as const;
