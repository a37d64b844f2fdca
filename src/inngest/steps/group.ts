import { LonghaulError } from "../../core/errors.ts";
import { NonRetriableError } from "../errors.ts";
import type { AnyFunction } from "../types/json.ts";
import type { StepOptionsOrId } from "../types/steps.ts";
import { currentScope } from "../run/scope.ts";

/** Options of {@link GroupTools.parallel}. */
export interface ParallelOptions {
  /** Accepted for code written for v4; races need no mark here. */
  readonly mode?: "race" | undefined;
}

/** Picks one of an experiment's variants. Made by `experiment.fixed`, `.weighted`, `.bucket` or `.custom`. */
export type ExperimentSelect = (variants: readonly string[]) => string | Promise<string>;

/** Options of {@link GroupTools.experiment}. */
export interface ExperimentOptions<TVariants extends Record<string, () => unknown>> {
  /** What to do, by name. Each must take a step, so that it is not done again in a replay. */
  readonly variants: TVariants;
  readonly select: ExperimentSelect;
}

/** The variant that was run, and what it gave. */
export interface ExperimentResult<TVariants extends Record<string, () => unknown>> {
  readonly result: Awaited<ReturnType<TVariants[keyof TVariants]>>;
  readonly variant: string;
  readonly experimentRef: { readonly experimentName: string; readonly variant: string };
}

/** What brings several steps together. */
export interface GroupTools {
  /** Runs a callback that starts steps in parallel. The same as calling it: for code written for v4. */
  parallel<T>(callback: () => Promise<T>): Promise<T>;
  parallel<T>(options: ParallelOptions, callback: () => Promise<T>): Promise<T>;
  /** Picks a variant once, remembers which, and runs it. */
  experiment<TVariants extends Record<string, () => unknown>>(
    idOrOptions: StepOptionsOrId,
    options: ExperimentOptions<TVariants>,
  ): Promise<ExperimentResult<TVariants>>;
}

/** Takes the step that picks a variant. */
export type TakeStep = (
  idOrOptions: StepOptionsOrId,
  body: () => Promise<string>,
) => Promise<unknown>;

/** The group tools of an execution. */
export function createGroupTools(takeStep: TakeStep): GroupTools {
  return {
    parallel: async <T>(
      first: ParallelOptions | (() => Promise<T>),
      second?: () => Promise<T>,
    ): Promise<T> => {
      const callback = typeof first === "function" ? first : second;
      if (callback === undefined)
        throw new LonghaulError("INNGEST_BAD_STEP", {
          step: "group.parallel",
          reason: "it needs a callback",
        });
      return callback();
    },
    experiment: (idOrOptions, options) => runExperiment(takeStep, idOrOptions, options),
  };
}

async function runExperiment<TVariants extends Record<string, () => unknown>>(
  takeStep: TakeStep,
  idOrOptions: StepOptionsOrId,
  { variants, select }: ExperimentOptions<TVariants>,
): Promise<ExperimentResult<TVariants>> {
  const experimentName = typeof idOrOptions === "string" ? idOrOptions : idOrOptions.id;
  const names = Object.keys(variants);
  const variant = (await takeStep(idOrOptions, async () => {
    const picked = await select(names);
    if (names.includes(picked)) return picked;
    throw new NonRetriableError(
      `The experiment ${experimentName} has no variant ${picked}, only ${names.join(", ")}`,
    );
  })) as string;
  const run = variants[variant] as AnyFunction | undefined;
  if (run === undefined)
    throw new NonRetriableError(
      `The experiment ${experimentName} had picked ${variant}, which it no longer has`,
    );
  const execution = currentScope()?.execution;
  const before = execution?.stepCount;
  const result = (await run()) as Awaited<ReturnType<TVariants[keyof TVariants]>>;
  if (execution !== undefined && execution.stepCount === before)
    throw new NonRetriableError(
      `The variant ${variant} of the experiment ${experimentName} took no step, so it would be done again in each replay`,
    );
  return { result, variant, experimentRef: { experimentName, variant } };
}
