import { existsSync } from "node:fs";
import { openConnection } from "../../storage/sqlite/connection.ts";
import { loadMigrations, schemaVersion } from "../../storage/sqlite/migrations.ts";
import { openShared } from "../../storage/shared-stores.ts";
import { type Command, STORE_OPTIONS } from "../command.ts";
import { storeUrl } from "../with-client.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "Bring the schema of the store up to date; make the store if it is not there",
  details:
    "Programs do it by themselves when they open the store, unless they are told migrate: false. One transaction: it is done, or the file is as it was.",
  args: [],
  options: {
    ...STORE_OPTIONS,
    "dry-run": { kind: "flag", help: "Only say what would be done" },
  },
  examples: ["migrate --dry-run", "migrate --url file:/var/lib/app/jobs.db"],
  run: async ({ values, out }) => {
    const url = storeUrl(values, true);
    const path = url.slice("file:".length);
    const from = versionOf(path);
    const pending = loadMigrations().filter(({ version }) => version > from);
    const steps = pending.map(({ version, name }) => ({ version, name }));
    const isDryRun = values.flag("dry-run");
    if (!isDryRun && (steps.length > 0 || !existsSync(path))) await openShared(url).release();
    const to = steps.at(-1)?.version ?? from;
    out.result({ store: path, from, to, steps, isDryRun }, () => {
      if (steps.length === 0) return `${path} is up to date (version ${from}).`;
      const lines = steps.map(({ version, name }) => `  ${version} ${name}`);
      const verb = isDryRun ? "would go" : "went";
      return [`${path} ${verb} from version ${from} to ${to}:`, ...lines].join("\n");
    });
  },
};

/** The version of the file; 0 if it is not there. */
function versionOf(path: string): number {
  if (!existsSync(path)) return 0;
  const connection = openConnection({ path, readOnly: true });
  try {
    return schemaVersion(connection);
  } finally {
    connection.close();
  }
}
