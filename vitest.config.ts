import { defineConfig } from "vitest/config";

/** `unit` needs nothing but Node; `services` needs the servers that `scripts/test.sh` starts. */
export default defineConfig({
  test: {
    pool: "forks",
    coverage: { provider: "v8", include: ["src/**"], exclude: ["**/*.test.ts"] },
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/conformance/**/*.test.ts", "test/seeds/**/*.test.ts"] } },
      { test: { name: "faults", include: ["test/faults/**/*.test.ts"], testTimeout: 120_000, fileParallelism: false } },
      { test: { name: "services", include: ["test/compat/**/*.test.ts"], testTimeout: 60_000, fileParallelism: false } },
    ],
  },
});
