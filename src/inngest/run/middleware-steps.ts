import { createHash } from "node:crypto";
import type { RunHandle } from "../../runs/definition.ts";
import { StepKeys } from "../../runs/step-keys.ts";
import type { JournalEntry } from "../../runs/types.ts";
import { decideRetry } from "../errors.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { LegacyStep } from "../middleware/legacy-middleware.ts";
import type { MemoizedStep, MemoizedSteps, StepInfo } from "../middleware/middleware.ts";
import type { MiddlewareStack } from "../middleware/stack.ts";
import type { BodyWrapper, StepCall, StepTaker } from "./take-step.ts";

/** Steps of an execution that has middleware. */
export class MiddlewareSteps {
  readonly #run: RunHandle;
  readonly #stack: MiddlewareStack;
  readonly #fn: AnyInngestFunction;
  readonly #now: () => number;
  readonly #keys = new StepKeys();
  readonly #known: ReadonlyMap<string, JournalEntry>;
  /** Results that middleware has put in the place of known ones. */
  #replaced: ReadonlyMap<string, unknown> = new Map();

  constructor(
    run: RunHandle,
    about: { stack: MiddlewareStack; fn: AnyInngestFunction; now: () => number },
  ) {
    this.#run = run;
    this.#stack = about.stack;
    this.#fn = about.fn;
    this.#now = about.now;
    this.#known = knownSteps(run.journal, this.#now());
  }

  /** Known steps as middleware sees them. */
  get memoized(): MemoizedSteps {
    return memoizedSteps(this.#known.values());
  }

  /** Takes over what middleware made of {@link memoized}. */
  replace(before: MemoizedSteps, after: MemoizedSteps): void {
    const changed = Object.entries(after).filter(
      ([id, step]) => step.type === "data" && step !== before[id],
    );
    this.#replaced = new Map(changed.map(([id, step]) => [id, (step as { data: unknown }).data]));
  }

  readonly take: StepTaker = async (call) => {
    const { type, input } = call;
    const transformed = await this.#transform(call);
    const options = { ...call.options, ...transformed.stepOptions };
    const args =
      input === undefined && transformed.input.length === 0 ? undefined : transformed.input;
    const key = this.#keys.next(options.id);
    const memoized = this.#known.has(key);
    const hashedId = hash(key);
    const info: StepInfo = { hashedId, input: args, memoized, options, stepType: type };
    if (!memoized) await this.#stack.endMemoization();
    const result = await this.#stack.wrapStep(info, () =>
      this.#perform(call, { ...call.options, ...options }, info),
    );
    if (!this.#run.isReplaying) await this.#stack.endMemoization();
    return result;
  };

  #transform({ type, options, input = [] }: StepCall) {
    const { id, name = id } = options;
    return this.#stack.transformStepInput({
      fn: this.#fn,
      stepInfo: { hashedId: hash(id), memoized: this.#known.has(id), stepType: type },
      stepOptions: { id, name },
      input: [...input],
    });
  }

  async #perform(call: StepCall, options: StepCall["options"], info: StepInfo): Promise<unknown> {
    const { hashedId, input = [] } = info;
    const result = await call.perform(
      options,
      input,
      this.#wrapBody(info, call.retries),
      info.memoized,
    );
    return this.#replaced.has(hashedId) ? this.#replaced.get(hashedId) : result;
  }

  #wrapBody(info: StepInfo, retries = this.#run.maxAttempts - 1): BodyWrapper {
    const stepInfo = { ...info, memoized: false };
    return async (attempt, body) => {
      await this.#stack.tell("onStepStart", { stepInfo });
      try {
        const output = await this.#stack.wrapStepHandler(stepInfo, async () => body());
        await this.#stack.tell("onStepComplete", { stepInfo, output });
        return output;
      } catch (thrown) {
        const error = asError(thrown);
        const isFinalAttempt = attempt >= retries || !decideRetry(thrown, this.#now()).retry;
        await this.#stack.tell("onStepError", { stepInfo, error, isFinalAttempt });
        throw thrown;
      }
    };
  }
}

/** Known steps as middleware of the older form is told of them before it has seen anything else. */
export const legacySteps = (journal: readonly JournalEntry[], now: number): readonly LegacyStep[] =>
  Object.entries(memoizedSteps(knownSteps(journal, now).values())).map(([id, step]) =>
    step.type === "data" ? { id, data: step.data } : { id, error: step.error },
  );

/** Known steps as middleware sees them, by the hash of their key. */
function memoizedSteps(entries: Iterable<JournalEntry>): MemoizedSteps {
  const steps: Record<string, MemoizedStep> = {};
  for (const { key, data, error } of entries)
    steps[hash(key)] =
      error === undefined
        ? { type: "data", data: JSON.parse(data ?? "null") as unknown }
        : { type: "error", error: { ...error, stack: error.stack ?? "" } };
  return steps;
}

/** Steps with a result, or that have one now: their wait was answered, or is over. */
const knownSteps = (
  journal: readonly JournalEntry[],
  now: number,
): ReadonlyMap<string, JournalEntry> =>
  new Map(
    journal
      .filter(({ state, data, error, dueAt = Infinity }) =>
        state === "pending"
          ? data !== undefined || error !== undefined || dueAt <= now
          : state !== "retry",
      )
      .map((entry) => [entry.key, entry]),
  );

const hash = (key: string): string => createHash("sha1").update(key).digest("hex");

export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
