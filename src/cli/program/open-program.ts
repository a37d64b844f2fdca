import { createLonghaul, type Longhaul } from "../../runtime/longhaul.ts";
import { parseStoreUrl } from "../../storage/url.ts";
import type { Values } from "../values.ts";
import { collect, type Program } from "./collect.ts";
import { findFiles } from "./find-files.ts";
import { loadFiles } from "./load.ts";

/** A program that can be started. */
export interface OpenProgram extends Program {
  readonly longhaul: Longhaul;
}

/**
 * Loads files, and makes a runtime of what they export, or takes theirs.
 *
 * @param onFile is told of every file of the program that is loaded
 * @throws {LonghaulError} CLI_BAD_FILE; what opening the store throws
 */
export async function openProgram(
  args: readonly string[],
  values: Values,
  onFile?: (file: string) => void,
): Promise<OpenProgram> {
  const url = values.text("url");
  if (url !== undefined) {
    parseStoreUrl(url);
    // Clients and queues of the program that name no store have the same one.
    process.env["LONGHAUL_URL"] = url;
  }
  const program = collect(await loadFiles(findFiles(args), onFile));
  const { runtime, config, functions, workers } = program;
  const longhaul = runtime ?? createLonghaul({ config, functions, workers });
  return { ...program, longhaul };
}
