import { defineConfig } from "longhaul/trigger/v3";

export default defineConfig({
  project: "my-app",
  runtime: "node",
  retries: {
    enabledInDev: true,
    default: {
      maxAttempts: 3,
      minTimeoutInMs: 1000,
      maxTimeoutInMs: 10000,
      factor: 2,
    },
  },
});
