/** Compiles `src` into `dist` and copies what the compiler does not: the SQL migrations. */
import { chmodSync, cpSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";

rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
cpSync("src/storage/sqlite/migrations", "dist/storage/sqlite/migrations", { recursive: true });
// npm does this when it installs; a link to the working copy needs it too.
chmodSync("dist/cli/main.js", 0o755);
