/** The process that measures one contestant, and nothing but it. Started by session.ts. */
import { CheckError } from "./check-error.ts";
import type { Site } from "./contestant.ts";
import type { Sample, Scale } from "./measure.ts";
import { allMeasures } from "./suite.ts";
import { find, suiteOf } from "./suites.ts";
import { packageVersion } from "./versions.ts";

export interface Task {
  readonly suite: string;
  readonly contestant: string;
  readonly measures: readonly string[];
  readonly scale: Scale;
  readonly site: Site;
  readonly serverPid: number | undefined;
}

export type Answer =
  | { readonly kind: "begin"; readonly measure: string }
  | { readonly kind: "sample"; readonly measure: string; readonly sample: Sample }
  | { readonly kind: "versions"; readonly versions: Record<string, string> }
  | { readonly kind: "failed"; readonly why: string };

const {
  suite: suiteId,
  contestant: id,
  measures,
  scale,
  site,
  serverPid,
} = JSON.parse(process.argv[2] ?? "") as Task;
// Nobody would read the results.
process.once("disconnect", () => process.exit(1));
let current = "loading";
try {
  const suite = suiteOf(suiteId);
  const contestant = find(suite.contestants, id, "contestant");
  const adapter = await contestant.load();
  const packages = Object.fromEntries(
    contestant.packages.map((name) => [name, packageVersion(name)]),
  );
  await answer({ kind: "versions", versions: packages });
  for (const measure of measures) {
    current = measure;
    await answer({ kind: "begin", measure });
    const newStore = () => adapter.create(site);
    const sample = await find(allMeasures(suite), measure, "measure").run({
      contestant: id,
      site,
      serverPid,
      scale,
      newStore,
    });
    await answer({ kind: "sample", measure, sample });
  }
} catch (error) {
  const why =
    error instanceof CheckError
      ? `CHECK FAILED ${error.message}`
      : String((error as Error).stack ?? error);
  await answer({ kind: "failed", why: `${current}: ${why}` });
}
// What a library may still have open (a pool, a timer) ends here.
process.exit();

function answer(message: Answer): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}
