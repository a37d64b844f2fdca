/** The exact-delivery check: every job of a run was started once and completed once, and no other was. */
import { CheckError } from "../check-error.ts";

/** Who saw which job. Recording is one push, so that it does not weigh on what is being measured. */
export class DeliveryLedger {
  readonly added: string[] = [];
  readonly started: string[] = [];
  readonly completed: string[] = [];
  readonly errors: Error[] = [];

  /**
   * @param stillWaiting How many added jobs were meant to be left in the store.
   * @throws CheckError with what was lost, doubled or unknown
   */
  verify(stillWaiting = 0): void {
    const problems: string[] = [];
    const added = new Set(this.added);
    if (added.size !== this.added.length)
      problems.push(`${this.added.length - added.size} ids were given twice`);
    for (const [what, ids] of [
      ["started", this.started],
      ["completed", this.completed],
    ] as const) {
      const unique = new Set(ids);
      const unknown = [...unique].filter((id) => !added.has(id));
      const lost = added.size - (unique.size - unknown.length) - stillWaiting;
      if (unique.size !== ids.length)
        problems.push(`${ids.length - unique.size} ${what} more than once (${doubled(ids)})`);
      if (unknown.length > 0)
        problems.push(`${unknown.length} ${what} that nobody added (${sample(unknown)})`);
      if (lost > 0)
        problems.push(
          `${lost} never ${what} (${sample([...added].filter((id) => !unique.has(id)))})`,
        );
      if (lost < 0) problems.push(`${-lost} more ${what} than the store says`);
    }
    for (const error of this.errors.slice(0, 3)) problems.push(`error: ${error.message}`);
    if (problems.length > 0) this.fail(problems.join("; "));
  }

  fail(what: string): never {
    throw new CheckError(`of ${this.added.length} jobs: ${what}`);
  }
}

function doubled(ids: readonly string[]): string {
  const seen = new Set<string>();
  return sample(ids.filter((id) => seen.has(id) || !seen.add(id)));
}

function sample(ids: readonly string[]): string {
  return ids.slice(0, 5).join(", ") + (ids.length > 5 ? ", …" : "");
}
