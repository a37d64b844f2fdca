/** The suites, the one that is taken unless said first. */
import { queues } from "./queues/suite.ts";
import { runs } from "./runs/suite.ts";
import { server } from "./server/suite.ts";
import type { Suite } from "./suite.ts";
import { tasks } from "./tasks/suite.ts";

export const suites: readonly [Suite, ...Suite[]] = [queues, runs, tasks, server];

export const suiteOf = (id: string): Suite => find(suites, id, "suite");

/** @throws when there is none of that id */
export function find<T extends { readonly id: string }>(
  all: readonly T[],
  id: string,
  what: string,
): T {
  const found = all.find((each) => each.id === id);
  if (found === undefined)
    throw new Error(`no ${what} "${id}"; there are ${all.map((each) => each.id).join(", ")}`);
  return found;
}
