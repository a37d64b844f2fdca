/**
 * Imports point one way:
 *   core <- storage <- queue, runs <- bullmq, inngest, trigger; bullmq <- manager; all <- server <- cli
 * `client`, `react` and `ui` import only types, from `core` and `server`. Files do not import each other in a circle.
 * Tests may import anything. Found by scanning import statements, not by compiling.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { sourceFiles } from "./source-files.mjs";

const STORE = ["core", "storage"];
const ENGINES = [...STORE, "queue", "runs"];
// The idioms are thin: they reach the store through an engine, never directly.
const IDIOM = ["core", "queue", "runs"];
const SERVER = [...ENGINES, "bullmq", "inngest", "trigger", "manager", "runtime", "client"];

/** What each folder of src may import, besides itself. @type {Record<string, string[]>} */
const ALLOWED = {
  core: [],
  storage: ["core"],
  queue: STORE,
  runs: STORE,
  bullmq: IDIOM,
  inngest: IDIOM,
  trigger: IDIOM,
  manager: [...IDIOM, "bullmq"],
  // What `longhaul` and `longhaul/testing` are made of: it knows the engines, and functions by their definitions.
  runtime: ENGINES,
  testing: [...ENGINES, "inngest", "runtime"],
  alerts: [...ENGINES, "runtime"],
  "http-schedules": ["core", "runs"],
  telemetry: ["core", "runs"],
  server: SERVER,
  cli: [...SERVER, "server"],
  client: [],
  react: ["client"],
  ui: ["client"],
};
/** What these import elsewhere is gone once compiled: the shapes of the API, and of its routes. */
const TYPES_ONLY = { from: ["client", "react", "ui"], to: ["core", "server"] };
const INPUT_OUTPUT =
  /^node:(child_process|cluster|dgram|fs|http|http2|https|net|readline|sqlite|tls|worker_threads)(\/|$)/;

/** `import … from "x"`, `export … from "x"`, `import "x"`; the clause holds no string, call or assignment. */
const STATEMENT = /^[ \t]*(?:import|export)\b([^"'`;=()]*?)["']([^"']+)["']/gm;
/** `import("x")` and the `new URL("x", import.meta.url)` of a worker thread. */
const EXPRESSION = /(?:\bimport\(|\bnew URL\()\s*["']([^"']+)["']/g;

/**
 * @param {string} text A module's source.
 * @returns {{ specifier: string, typeOnly: boolean }[]}
 */
export function importsOf(text) {
  const code = text.replaceAll(/^[ \t]*(\/\/|\/?\*).*$/gm, "");
  const statements = [...code.matchAll(STATEMENT)].map(([, clause = "", specifier = ""]) => ({
    specifier,
    typeOnly: /^\s*type\s+[\w{*]/.test(clause) && !/^\s*type\s+from\s*$/.test(clause),
  }));
  const expressions = [...code.matchAll(EXPRESSION)].map(([, specifier = ""]) => ({
    specifier,
    typeOnly: false,
  }));
  return [...statements, ...expressions];
}

/**
 * @param {ReadonlyMap<string, string>} files Source text by path, such as `src/queue/claim.ts`.
 * @returns {string[]} what is wrong, one sentence each
 */
export function findProblems(files) {
  const problems = [];
  /** @type {Map<string, string[]>} */
  const graph = new Map();
  for (const [path, text] of files) {
    if (isTest(path)) continue;
    /** @type {string[]} */
    const needed = [];
    graph.set(path, needed);
    for (const { specifier, typeOnly } of importsOf(text)) {
      if (!specifier.startsWith(".")) {
        if (folderOf(path) === "core" && INPUT_OUTPUT.test(specifier))
          problems.push(`${path}: core does no I/O (${specifier})`);
        continue;
      }
      const target = join(dirname(path), specifier);
      if (!typeOnly) needed.push(target);
      const problem = judge(path, target, typeOnly);
      if (problem !== undefined) problems.push(problem);
    }
  }
  return [...problems, ...findCycles(graph)];
}

/** @param {string} path @param {string} target @param {boolean} typeOnly @returns {string | undefined} */
function judge(path, target, typeOnly) {
  const [from, to] = [folderOf(path), folderOf(target)];
  // A file directly in src puts the parts together and may import them all.
  if (from === undefined || from === to) return undefined;
  if (!(from in ALLOWED)) return `${path}: name the folder "${from}" in scripts/check-imports.mjs`;
  if (to === undefined) return `${path}: imports ${target}, which is not below it`;
  if (isTest(target)) return `${path}: imports the test ${target}`;
  if (TYPES_ONLY.from.includes(from) && TYPES_ONLY.to.includes(to)) {
    return typeOnly ? undefined : `${path}: imports more than types from ${target}`;
  }
  return ALLOWED[from]?.includes(to)
    ? undefined
    : `${path}: ${from} must not import ${to} (${target})`;
}

/** @param {ReadonlyMap<string, string[]>} graph */
function findCycles(graph) {
  /** @type {string[]} */
  const problems = [];
  const done = new Set();
  /** @param {string} path @param {string[]} trail */
  const visit = (path, trail) => {
    const start = trail.indexOf(path);
    if (start >= 0) problems.push(`circle: ${[...trail.slice(start), path].join(" -> ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return problems;
}

/** @param {string} path @returns {string | undefined} `queue` for `src/queue/add.ts`; none outside src or directly in it */
function folderOf(path) {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** @param {string} path */
function isTest(path) {
  return !path.startsWith("src/") || /\.test(-d)?\.tsx?$/.test(path);
}

function main() {
  const files = new Map(
    sourceFiles("src")
      .filter((path) => !path.endsWith(".sql"))
      .map((path) => [path, readFileSync(path, "utf8")]),
  );
  const problems = findProblems(files);
  console.log(`check-imports: ${files.size} files`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
