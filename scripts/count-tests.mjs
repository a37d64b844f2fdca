/**
 * Adds up vitest's JSON reports and prints one line: `N passed, N failed`.
 *   node scripts/count-tests.mjs <folder of reports> [folder that must have run tests]...
 * Fails when a test failed, or when a folder that must have tests had none.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {{ name: string, status: string, assertionResults: { status: string }[] }[]} testResults
 */

const [folder = "", ...mustRun] = process.argv.slice(2);
/** @type {Report[]} */
const reports = readdirSync(folder).map((name) =>
  JSON.parse(readFileSync(join(folder, name), "utf8")),
);
const files = reports.flatMap((report) => report.testResults);

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
let failed = reports.reduce((sum, report) => sum + report.numFailedTests, 0);
// A file that does not load has no tests to fail.
failed += files.filter(
  (file) =>
    file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"),
).length;

for (const place of mustRun) {
  const ran = files.some(
    (file) =>
      relative(".", file.name).startsWith(`${place}/`) &&
      file.assertionResults.some(({ status }) => status === "passed"),
  );
  if (ran) continue;
  console.error(`no test of ${place} ran`);
  failed += 1;
}
// A stage that is no test can fail too (lint, coverage); the closing line must not look green then.
if (process.env.FAILED_STAGE !== undefined && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
