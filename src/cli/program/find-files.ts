import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LonghaulError } from "../../core/errors.ts";

export const CODE = /\.[cm]?[jt]sx?$/;
const NOT_CODE = /\.(d|test|spec)\.[cm]?[jt]sx?$/;
const CONFIGS = ["ts", "mts", "js", "mjs"].map((ending) => `longhaul.config.${ending}`);
/** Where programs keep what they run, if no file says it. */
const FOLDERS = ["jobs", "trigger", "inngest", "workers"];

/**
 * The files to load: those that are named, and those in the folders that are. If none is, `longhaul.config.ts`, else all
 * in `src/jobs`, `src/trigger`, `src/inngest` and `src/workers`, or in such folders without `src`.
 *
 * @returns absolute paths
 * @throws {LonghaulError} CLI_BAD_FILE
 */
export function findFiles(given: readonly string[], folder = process.cwd()): string[] {
  if (given.length > 0) {
    const paths = given.map((path) => resolve(folder, path));
    const missing = paths.find((path) => !existsSync(path));
    if (missing !== undefined) throw bad(missing, "it is not there");
    const files = paths.flatMap(filesIn);
    if (files.length === 0) throw bad(paths.join(", "), "there is no code in it");
    return files;
  }
  const config = CONFIGS.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (config !== undefined) return [config];
  const found = ["src", "."]
    .flatMap((parent) => FOLDERS.map((name) => join(folder, parent, name)))
    .filter((path) => existsSync(path))
    .flatMap(filesIn);
  if (found.length > 0) return found;
  const looked = `neither longhaul.config.ts nor src/{${FOLDERS.join(",")}} is there, and no file was named`;
  throw bad(folder, looked);
}

/** The folders that {@link findFiles} looks through: a new file in one of them belongs to the program. */
export function foldersOf(given: readonly string[], folder = process.cwd()): string[] {
  const named = new Set(given.map((path) => resolve(folder, path)));
  const files = findFiles(given, folder).filter((file) => !named.has(file));
  return [...new Set(files.map((file) => dirname(file)))].filter((path) => path !== folder);
}

/** A file as it is; of a folder, all code in it and below, but for tests and declarations. */
function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && CODE.test(entry.name) && !NOT_CODE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("/node_modules/"))
    .toSorted();
}

const bad = (file: string, reason: string): LonghaulError =>
  new LonghaulError("CLI_BAD_FILE", { file, reason });
