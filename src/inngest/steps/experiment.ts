import { createHash, randomUUID } from "node:crypto";
import { LonghaulError } from "../../core/errors.ts";
import { currentScope } from "../run/scope.ts";
import type { ExperimentSelect } from "./group.ts";

/** Shares by variant: `{ a: 1, b: 3 }` gives b three times as often. */
export type Weights = Readonly<Record<string, number>>;

/** Ways to pick a variant, for `group.experiment`. */
export const experiment = {
  /** Always the same. */
  fixed:
    (variant: string): ExperimentSelect =>
    () =>
      variant,

  /** By chance, decided by the run's id: the same run always gets the same. */
  weighted(weights: Weights): ExperimentSelect {
    checkWeights(weights);
    return () => pick(currentScope()?.execution.runId ?? randomUUID(), weights);
  },

  /** By a value, such as a user's id: the same value always gets the same. Equal shares unless weights are given. */
  bucket(
    value: string | number | null | undefined,
    options: { readonly weights?: Weights } = {},
  ): ExperimentSelect {
    if (options.weights) checkWeights(options.weights);
    return (variants) =>
      pick(
        String(value ?? ""),
        options.weights ?? Object.fromEntries(variants.map((variant) => [variant, 1])),
      );
  },

  /** By a function of yours, called once a run. */
  custom: (select: ExperimentSelect): ExperimentSelect => select,
};

function checkWeights(weights: Weights): void {
  const shares = Object.values(weights);
  const isSound = shares.every((share) => Number.isFinite(share) && share >= 0);
  if (isSound && shares.some((share) => share > 0)) return;
  throw new LonghaulError("INNGEST_BAD_STEP", {
    step: "group.experiment",
    reason: "weights are numbers of at least 0, and one must be more",
  });
}

/** A point between 0 and 1 from a text, looked up on the line of shares. */
function pick(text: string, weights: Weights): string {
  const point = createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
  const shares = Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1));
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  let end = 0;
  for (const [variant, share] of shares) {
    end += share / total;
    if (point < end) return variant;
  }
  return shares.at(-1)?.[0] ?? "";
}
