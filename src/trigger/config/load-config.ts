import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LonghaulError } from "../../core/errors.ts";
import { attach, type Attachable, isAttachable } from "../../runs/hosting.ts";
import { planOf } from "../task/catalog.ts";
import { defineConfig, type TriggerConfig } from "./define-config.ts";

/** What a configuration file and its folders have. */
export interface LoadedConfig {
  /** For `createLonghaul({ config })`. */
  readonly config: TriggerConfig & Attachable;
  /** For `createLonghaul({ tasks })`: all tasks that the files of the folders export. */
  readonly tasks: readonly Attachable[];
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const NO_TASKS = /\.(?:test|spec|d)\.[cm]?[jt]sx?$/;
const INIT = /^init\.[cm]?[jt]s$/;

/**
 * Imports `trigger.config.ts` (its default export, or the one named `config`) and the tasks of its folders, `init.ts`
 * first. TypeScript needs a loader, such as `node --import tsx`, or a Node that reads types by itself.
 *
 * @param path of the file, from the working directory
 * @throws {LonghaulError} TASK_BAD_CONFIG, and what a file throws when it is imported
 */
export async function loadConfig(path = "trigger.config.ts"): Promise<LoadedConfig> {
  const file = resolve(path);
  const exports = await load(file);
  const found = (exports["default"] ?? exports["config"]) as TriggerConfig | undefined;
  if (typeof found !== "object" || found === null)
    throw new LonghaulError("TASK_BAD_CONFIG", { file: path, reason: "it exports no config" });
  const handleError = exports["handleError"] as TriggerConfig["handleError"];
  const given = handleError === undefined ? found : { ...found, handleError };
  const config = attach in given ? (given as typeof given & Attachable) : defineConfig(given);
  const folders = (found.dirs ?? ["./trigger"]).map((folder) => resolve(dirname(file), folder));
  const tasks = new Set<Attachable>();
  for (const folder of folders)
    for (const source of await sourcesOf(folder, found.dirs === undefined))
      for (const value of Object.values(await load(source)))
        if (isAttachable(value) && planOf(value)) tasks.add(value);
  return { config, tasks: [...tasks] };
}

const load = async (file: string): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(file).href)) as Record<string, unknown>;

/** The files of a folder and those below, `init` first. */
async function sourcesOf(folder: string, isOptional: boolean): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter(
      (entry) => entry.isFile() && SOURCE.test(entry.name) && !NO_TASKS.test(entry.name),
    );
    const isInit = (name: string): number => (INIT.test(name) ? 0 : 1);
    return files
      .sort((a, b) => isInit(a.name) - isInit(b.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (isOptional && (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new LonghaulError("TASK_BAD_CONFIG", {
      file: folder,
      reason: `the folder cannot be read: ${String(error)}`,
    });
  }
}
