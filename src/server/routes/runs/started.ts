import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import type { StartCall } from "../../../runs/store/start-details.ts";
import type { ServerHost } from "../../server-host.ts";

/** What starts answer. */

/** A run that was started, or one that an equal start made before. */
export const started = z.object({
  id: z.string(),
  /** Whether an idempotency key or a debounce gave a run that was there already. */
  isCached: z.boolean(),
  /** Lets a browser follow this run, for a quarter of an hour. */
  publicToken: z.string(),
});

/**
 * Starts one run.
 * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_START_REFUSED
 */
export async function startOne(
  host: ServerHost,
  call: StartCall,
): Promise<z.input<typeof started>> {
  const [result] = await host.parts.engine.startRuns([call]);
  const { runId, isCached, refused } = result!;
  if (refused) throw startRefused(call.functionId, refused);
  const publicToken = await host.publicTokens.create({ scopes: [`read:run:${runId}`] });
  return { id: runId, isCached, publicToken };
}

export const startRefused = (functionId: string, refused: "limited" | "skipped"): LonghaulError =>
  new LonghaulError("RUNS_START_REFUSED", {
    function: functionId,
    reason: refused === "limited" ? "its rate limit" : "another run of it is going on",
  });
