import type {
  LegacyResult,
  LegacyRunHooks,
  LegacyStep,
  LegacyStepInfo,
} from "./legacy-middleware.ts";
import type {
  MemoizedStep,
  StepInfo,
  TransformFunctionInputArgs,
  WrapFunctionHandlerArgs,
  WrapStepArgs,
} from "./middleware.ts";
import type { RunMiddleware } from "./run-middleware.ts";

type Blank =
  | "beforeMemoization"
  | "afterMemoization"
  | "beforeExecution"
  | "afterExecution"
  | "beforeResponse";

/**
 * Hooks of Inngest v3 in the shape of v4's, for one execution:
 *
 *   transformFunctionInput   transformInput, beforeMemoization
 *   onMemoizationEnd         afterMemoization, beforeExecution
 *   wrapStepHandler          transformOutput of a step
 *   wrapFunctionHandler      the handler, then afterExecution, transformOutput and finished
 *   onExecutionEnd           afterExecution if the run left before, beforeResponse
 */
export class LegacyAdapter implements RunMiddleware {
  readonly id = "legacy";
  readonly #hooks: LegacyRunHooks[];
  /** Results of steps of this execution as their bodies gave them: handlers see those, the store the changed ones. */
  readonly #fresh = new Map<string, unknown>();
  #hasEnded = false;

  constructor(hooks: LegacyRunHooks) {
    this.#hooks = [hooks];
  }

  add(hooks: LegacyRunHooks): void {
    this.#hooks.push(hooks);
  }

  async transformFunctionInput(
    args: TransformFunctionInputArgs,
  ): Promise<TransformFunctionInputArgs> {
    let { ctx } = args;
    let steps: LegacyStep[] = Object.entries(args.steps).map(([id, step]) =>
      step.type === "data" ? { id, data: step.data } : { id, error: step.error },
    );
    for (const { transformInput } of this.#hooks) {
      const change = await transformInput?.({ ctx, steps, fn: args.fn, reqArgs: [] });
      if (change?.ctx) ctx = Object.assign({}, ctx, change.ctx);
      if (change?.steps)
        steps = steps.map((step, index) => ({ ...step, ...change.steps?.[index] }));
    }
    await this.#call("beforeMemoization");
    return { ...args, ctx, steps: this.#changed(args.steps, steps) };
  }

  async wrapFunctionHandler({ next }: WrapFunctionHandlerArgs): Promise<unknown> {
    const settled = await settle(next);
    await this.#endExecution();
    const result = await this.#transformOutput(settled);
    for (const { finished } of this.#hooks) await finished?.({ result });
    return unsettle(result);
  }

  async onMemoizationEnd(): Promise<void> {
    await this.#call("afterMemoization", "reversed");
    await this.#call("beforeExecution");
  }

  async wrapStep({ next, stepInfo }: WrapStepArgs): Promise<unknown> {
    const result = await next();
    const { hashedId } = stepInfo;
    return this.#fresh.has(hashedId) ? this.#fresh.get(hashedId) : result;
  }

  async wrapStepHandler({ next, stepInfo }: WrapStepArgs): Promise<unknown> {
    const result = await settle(next);
    const changed = await this.#transformOutput(result, legacyStepInfo(stepInfo));
    if ("data" in result && "data" in changed && result.data !== changed.data)
      this.#fresh.set(stepInfo.hashedId, asJson(result.data));
    return unsettle(changed);
  }

  async onExecutionEnd(): Promise<void> {
    await this.#endExecution();
    await this.#call("beforeResponse");
  }

  async #endExecution(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#call("afterExecution", "reversed");
  }

  async #call(hook: Blank, order?: "reversed"): Promise<void> {
    const hooks = order === "reversed" ? this.#hooks.toReversed() : this.#hooks;
    for (const one of hooks) await one[hook]?.();
  }

  async #transformOutput(result: LegacyResult, step?: LegacyStepInfo): Promise<LegacyResult> {
    let changed = result;
    for (const { transformOutput } of this.#hooks.toReversed()) {
      const change = await transformOutput?.({ result: changed, step });
      changed = Object.assign({}, changed, change?.result);
    }
    return changed;
  }

  #changed(
    before: TransformFunctionInputArgs["steps"],
    steps: readonly LegacyStep[],
  ): TransformFunctionInputArgs["steps"] {
    return Object.fromEntries(
      steps.map((step): [string, MemoizedStep] => {
        const known = before[step.id]!;
        return known.type === "data" && step.data !== known.data
          ? [step.id, { type: "data", data: step.data }]
          : [step.id, known];
      }),
    );
  }
}

const legacyStepInfo = ({ options, input }: StepInfo): LegacyStepInfo => ({
  name: options.id,
  displayName: options.name ?? options.id,
  op: "StepRun",
  ...(input && { opts: { input } }),
});

async function settle(next: () => Promise<unknown>): Promise<LegacyResult> {
  try {
    return { data: await next() };
  } catch (error) {
    return { error };
  }
}

function unsettle(result: LegacyResult): unknown {
  // oxlint-disable-next-line typescript/only-throw-error -- it is what the user's code threw
  if (result.error !== undefined) throw result.error;
  return result.data;
}

/** What the handler would have got without middleware. */
const asJson = (value: unknown): unknown =>
  value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? "null") as unknown);
