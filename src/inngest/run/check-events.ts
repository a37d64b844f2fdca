import { type Issues, issuesOf, refuseIssues } from "../events/check-schema.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import { internalEvents } from "../internal-events.ts";
import { patternsFor } from "../../runs/event-names.ts";

type Event = { readonly name: string; readonly data: unknown };
type Schemas = ReadonlyMap<string, readonly StandardSchemaV1[]>;

/**
 * Holds the events of a run to the schemas of the triggers that they fit; one of them has to accept.
 *
 * @throws {LonghaulError} INNGEST_EVENT_INVALID
 */
export async function checkEvents(events: readonly Event[], schemas: Schemas): Promise<void> {
  for (const { name, data } of events) await checkData(name, data, schemasFor(name, schemas));
}

/** @throws {LonghaulError} INNGEST_EVENT_INVALID if no schema accepts the data; without schemas all data is fine. */
export async function checkData(
  name: string,
  data: unknown,
  schemas: readonly StandardSchemaV1[],
): Promise<void> {
  let problem: Issues;
  for (const schema of schemas) {
    problem = await issuesOf(schema, data);
    if (problem === undefined) return;
  }
  refuseIssues(name, problem);
}

function schemasFor(name: string, schemas: Schemas): readonly StandardSchemaV1[] {
  if (name === internalEvents.FunctionInvoked)
    return schemas.get(name) ?? [...schemas.values()].flat();
  // The name's own schemas come first; a trigger by pattern speaks for names that have none.
  return schemas.get(name) ?? patternsFor(name).flatMap((pattern) => schemas.get(pattern) ?? []);
}
