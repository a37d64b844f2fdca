import type { JournalEntry, StepKind } from "./types.ts";

/** What differs between a step that is called and what it was when its entry was made; `undefined` if nothing does. */
export function changeOf(
  known: Pick<JournalEntry, "kind" | "args"> | undefined,
  kind: StepKind,
  args: string | undefined,
): { readonly known: string; readonly kind: string } | undefined {
  if (known === undefined) return undefined;
  if (known.kind !== kind) return { known: known.kind, kind };
  if (known.args === args) return undefined;
  return { known: describe(kind, known.args), kind: describe(kind, args) };
}

const describe = (kind: StepKind, args: string | undefined): string =>
  args === undefined ? `${kind} without arguments` : `${kind} with the arguments ${args}`;
