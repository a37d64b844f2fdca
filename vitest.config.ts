import { defineConfig } from "vitest/config";

/** `unit` needs nothing but Node; `services` needs the servers of `scripts/services/with-services.mjs`. */
export default defineConfig({
  test: {
    pool: "forks",
    // The gate is on what the unit tests run in their own process; child processes and threads do not count.
    coverage: {
      provider: "v8",
      reporter: ["text-summary", "json-summary", "html"],
      include: [
        "src/{core,storage,queue,runs,inngest,trigger,runtime,testing,server,client,react,manager,alerts,telemetry,http-schedules}/**/*.{ts,js}",
      ],
      exclude: ["**/*.test.ts", "src/storage/sqlite/reader-thread.js"],
      thresholds: {
        "src/core/**": { lines: 95 },
        "src/storage/**": { lines: 95 },
        "src/queue/**": { lines: 95 },
        "src/runs/**": { lines: 95 },
        "src/inngest/**": { lines: 95 },
        "src/trigger/**": { lines: 95 },
        "src/runtime/**": { lines: 95 },
        "src/testing/**": { lines: 95 },
        "src/server/**": { lines: 95 },
        "src/client/*.ts": { lines: 95 },
      },
    },
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{src,scripts,bench}/**/*.test.ts",
            "test/{conformance,seeds,server}/**/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "services",
          include: ["test/compat/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "examples",
          include: ["examples/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
