import { abort, pause, resume } from "./change.ts";
import { start } from "./start.ts";

/** Tasks, whatever they are made of, as pages start them and look after them. */
export const taskRunRoutes = [start, pause, resume, abort] as const;
