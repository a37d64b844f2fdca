/** The process that measures one contestant, and nothing but it. Started by session.ts. */
import type { Site, Store } from "./contestants/contestant.ts";
import { contestantOf } from "./contestants/index.ts";
import { DeliveryError } from "./delivery.ts";
import { measureOf } from "./measures/index.ts";
import type { Sample, Scale } from "./measures/measure.ts";
import { packageVersion } from "./versions.ts";

export interface Task {
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
  const contestant = contestantOf(id);
  const adapter = await contestant.load();
  const packages = Object.fromEntries(
    contestant.packages.map((name) => [name, packageVersion(name)]),
  );
  await answer({ kind: "versions", versions: packages });
  for (const measure of measures) {
    current = measure;
    await answer({ kind: "begin", measure });
    const newStore = (): Promise<Store> => adapter.create(site);
    const sample = await measureOf(measure).run({
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
    error instanceof DeliveryError
      ? `DELIVERY CHECK FAILED ${error.message}`
      : String((error as Error).stack ?? error);
  await answer({ kind: "failed", why: `${current}: ${why}` });
}
// What a library may still have open (a pool, a timer) ends here.
process.exit();

function answer(message: Answer): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}
