import { exitCodeOf } from "../command.ts";
import type { Output } from "../output.ts";

/**
 * Does something with files of the program. If it fails, says why and ends the process: what the files opened, such as
 * connections and workers, would keep it, and the signals that end others are already taken.
 *
 * @returns what `work` resolves with
 */
export async function exitOnError(out: Output, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    out.error(error);
    process.exit(exitCodeOf(error));
  }
}
