/** Lists the repository's source files for the checks beside this one. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const SOURCE = /\.(ts|tsx|mts|js|mjs|sql)$/;

/** @param {string} folder @returns {string[]} paths with forward slashes, sorted; none when the folder is missing */
export function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).replaceAll("\\", "/"))
    .filter((path) => !path.includes("/node_modules/"))
    .sort();
}
