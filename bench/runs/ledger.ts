/** The exactly-once check: each step of each run has run once, and the outputs are what the steps add up to. */
import { CheckError } from "../check-error.ts";

/** The output of a step. */
const valueOf = (run: number, index: number): number => (run % 1_000) + index;

/** Who saw which step. Recording is one increment, so that it does not weigh on what is being measured. */
export class RunLedger {
  /** How often each step of each run was executed. */
  readonly #executed: Uint8Array[] = [];
  readonly #outputs: (number | undefined)[] = [];
  readonly #waiting = new Set<number>();
  #unknown = 0;
  #resumed = 0;
  /** Called by each step, before it returns. */
  onStep: ((run: number, index: number) => void) | undefined;
  /** Called by a run that goes on after its wait. */
  onResume: ((run: number) => void) | undefined;

  /** @returns the number of a new run, which is to take so many steps */
  expect(steps: number): number {
    return this.#executed.push(new Uint8Array(steps)) - 1;
  }

  /** @returns the number of a new run, which takes one step and waits for good */
  expectWaiting(): number {
    const run = this.expect(1);
    this.#waiting.add(run);
    return run;
  }

  get runs(): number {
    return this.#executed.length;
  }

  /** The body of every step. */
  step(run: number, index: number): number {
    const executed = this.#executed[run];
    if (executed === undefined || index >= executed.length) this.#unknown++;
    else executed[index]!++;
    this.onStep?.(run, index);
    return valueOf(run, index);
  }

  resumed(run: number): void {
    this.#resumed++;
    this.onResume?.(run);
  }

  ended(run: number, output: number): void {
    this.#outputs[run] = output;
  }

  /**
   * @param options.resumes how often runs went on after a wait. @default 0
   * @throws CheckError with what was lost, doubled or wrong
   */
  verify({ resumes = 0 }: { resumes?: number } = {}): void {
    let [lost, doubled, wrong] = [0, 0, 0];
    for (const [run, executed] of this.#executed.entries()) {
      let sum = 0;
      for (const [index, times] of executed.entries()) {
        if (times === 0) lost++;
        if (times > 1) doubled++;
        sum += valueOf(run, index);
      }
      if (this.#outputs[run] !== (this.#waiting.has(run) ? undefined : sum)) wrong++;
    }
    const problems = [
      [lost, "steps never executed"],
      [doubled, "steps executed more than once"],
      [this.#unknown, "steps that no run has"],
      [wrong, "runs with a wrong output"],
      [Math.abs(this.#resumed - resumes), "waits that went on too often or never"],
    ] as const;
    const found = problems.filter(([count]) => count > 0).map((each) => each.join(" "));
    if (found.length > 0) throw new CheckError(`of ${this.runs} runs: ${found.join(", ")}`);
  }
}
