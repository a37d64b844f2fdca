/** Files stay small and are named alike: at most 600 lines each, a median of at most 120, kebab-case. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceFiles } from "./source-files.mjs";

const LONGEST = 600;
const MEDIAN = 120;
/** Files that may be longer, each with its reason. Preferably empty. @type {Record<string, string>} */
const EXCEPTIONS = {};

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)+$/;

/** @param {string} path */
export function isKebabCase(path) {
  return KEBAB_CASE.test(basename(path));
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

function main() {
  const problems = [];
  const files = ["src", "test", "scripts", "examples", "bench"].flatMap(sourceFiles);
  const lines = new Map(
    files.map((path) => [path, readFileSync(path, "utf8").split("\n").length - 1]),
  );
  for (const [path, count] of lines) {
    if (!isKebabCase(path)) problems.push(`${path}: not kebab-case`);
    if (count > LONGEST && !(path in EXCEPTIONS)) {
      problems.push(`${path}: ${count} lines, ${LONGEST} at most`);
    }
  }
  for (const path of Object.keys(EXCEPTIONS)) {
    if ((lines.get(path) ?? 0) <= LONGEST) problems.push(`${path}: no longer needs its exception`);
  }
  // Tests are as long as their cases; the median is about what one reads to understand the program.
  const source = [...lines].filter(([path]) => path.startsWith("src/") && !path.includes(".test"));
  const middle = median(source.map(([, count]) => count));
  if (middle > MEDIAN) problems.push(`the median file has ${middle} lines, ${MEDIAN} at most`);
  const longest = Math.max(...source.map(([, count]) => count));
  console.log(
    `check-files: ${source.length} files in src, median ${middle} lines, longest ${longest}`,
  );
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
