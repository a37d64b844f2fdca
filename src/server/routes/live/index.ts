import { openStream, postStream } from "./stream.ts";

/** Live updates. */
export const liveRoutes = [openStream, postStream] as const;
