import fc from "fast-check";

/** Programs of steps, for the test of determinism. Their output tells all that their code has seen, and in what order. */
export type Program =
  | ({ readonly kind: "run"; readonly id: string } & BodyPlan)
  | { readonly kind: "sleep"; readonly id: string }
  /** For an event, which comes if it is `answered`, before or after the time limit. */
  | { readonly kind: "wait"; readonly id: string; readonly answered: boolean }
  /** Promises in between, which take some microtasks. */
  | { readonly kind: "think"; readonly ticks: number }
  | { readonly kind: "all" | "race" | "any" | "sequence"; readonly parts: readonly Program[] }
  | { readonly kind: "catch"; readonly part: Program }
  /** Takes the first way if an even number of things were seen. */
  | { readonly kind: "if"; readonly even: Program; readonly odd: Program }
  | { readonly kind: "repeat"; readonly times: number; readonly part: Program };

/** What a step's body does. */
export interface BodyPlan {
  /** Whether its first attempt takes time. */
  readonly slow: boolean;
  /** How many attempts fail; with three the step does. */
  readonly failures: number;
  readonly value: number;
}

/** What a program can do. `id` may be used again and again; `key` is of this one use, whatever else there is. */
export interface Steps {
  now(): number;
  readonly endOf: EndOf;
  run(id: string, key: string, plan: BodyPlan): Promise<unknown>;
  sleep(id: string, dueAt: number): Promise<unknown>;
  /** Until `dueAt`, or until the event `key` comes at `answerAt`: then it resolves with "heard", else with null. */
  wait(id: string, key: string, dueAt: number, answerAt: number): Promise<unknown>;
}

/**
 * When something ends that is under way at `now`: the same however often it is begun again before. Some ends are less
 * than a second away, which is waited for in memory, others more.
 */
export type EndOf = (key: string, now: number) => number;

/** Everything that takes time ends once in each period of so many ms. */
const PERIOD_MS = 5_003;

/** @param gridMs Things end at multiples of it in their period: at a time of their own (1), or several together. */
export function endsOnGrid(gridMs: number): EndOf {
  const places = new Map<string, number>();
  return (key, now) => {
    let place = places.get(key);
    if (place === undefined) {
      place = (places.size * 1_618) % PERIOD_MS;
      places.set(key, (place -= place % gridMs));
    }
    const periods = Math.floor((now - place) / PERIOD_MS) + 1;
    return place + periods * PERIOD_MS;
  };
}

const id = fc.constantFrom("a", "b", "c", "d", "e", "f");

const tree = fc.letrec<{ program: Program }>((tie) => {
  const part = tie("program");
  const parts = fc.array(part, { minLength: 1, maxLength: 3 });
  const kind = fc.constantFrom("all", "race", "any", "sequence", "sequence");
  return {
    program: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.record({
        kind: fc.constant("run"),
        id,
        slow: fc.boolean(),
        failures: fc.constantFrom(0, 0, 0, 1, 2, 3),
        value: fc.nat(9),
      }),
      fc.record({ kind: fc.constant("sleep"), id }),
      fc.record({ kind: fc.constant("wait"), id, answered: fc.boolean() }),
      fc.record({ kind: fc.constant("think"), ticks: fc.nat(4) }),
      fc.record({ kind, parts }),
      fc.record({ kind, parts }),
      fc.record({ kind: fc.constant("catch"), part }),
      fc.record({ kind: fc.constant("if"), even: part, odd: part }),
      fc.record({ kind: fc.constant("repeat"), times: fc.integer({ min: 2, max: 3 }), part }),
    ) as fc.Arbitrary<Program>,
  };
});

/** Programs of a few levels. */
export const programs: fc.Arbitrary<Program> = fc
  .array(tree.program, { minLength: 1, maxLength: 4 })
  .map((parts) => ({ kind: "sequence", parts }));

/** Runs a program. Resolves with what it saw. */
export async function runProgram(program: Program, steps: Steps): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const see = async (what: Promise<unknown>): Promise<void> => {
    try {
      seen.push(await what);
    } catch (error) {
      seen.push(`caught ${(error as Error).message}`);
      throw error;
    }
  };
  const uses = new Map<string, number>();
  /** The key of a use of an id, in the order of calls. */
  const keyOf = (id: string): string => {
    const count = uses.get(id) ?? 0;
    uses.set(id, count + 1);
    return `${id}${count}`;
  };
  const go = async (part: Program): Promise<unknown> => {
    switch (part.kind) {
      case "run":
        return see(steps.run(part.id, keyOf(part.id), part));
      case "sleep": {
        const key = keyOf(part.id);
        return see(steps.sleep(part.id, steps.endOf(`${key} sleep`, steps.now())));
      }
      case "wait": {
        const key = keyOf(part.id);
        const dueAt = steps.endOf(`${key} wait`, steps.now());
        const answerAt = part.answered ? steps.endOf(`${key} answer`, steps.now()) : Infinity;
        return see(steps.wait(part.id, key, dueAt, answerAt));
      }
      case "think":
        for (let tick = 0; tick < part.ticks; tick++) await Promise.resolve();
        return undefined;
      case "sequence":
        for (const each of part.parts) await go(each);
        return undefined;
      case "all":
        return Promise.all(part.parts.map(go));
      case "race":
        return Promise.race(part.parts.map(go));
      case "any":
        return Promise.any(part.parts.map(go));
      case "catch":
        return go(part.part).catch(() => undefined);
      case "if":
        return go(seen.length % 2 === 0 ? part.even : part.odd);
      case "repeat":
        for (let count = 0; count < part.times; count++) await go(part.part);
    }
  };
  await go(program);
  return [...seen];
}

/** Runs a program in plain JavaScript, on a clock of its own: each step is a promise that settles at its time. */
export async function runPlainly(
  program: Program,
  endOf: EndOf,
): Promise<{ state: string; result: unknown }> {
  let now = 0;
  let calls = 0;
  const due: { readonly at: number; readonly call: number; readonly resolve: () => void }[] = [];
  const until = (at: number): Promise<void> =>
    new Promise((resolve) => due.push({ at, call: calls++, resolve }));
  let end: { state: string; result: unknown } | undefined;
  runProgram(program, {
    now: () => now,
    endOf,
    run: async (id, key, { slow, failures, value }) => {
      await until(slow ? endOf(`${key} 0`, now) : now);
      for (let attempt = 1; attempt <= failures; attempt++) {
        if (attempt === 3) throw new Error(`${id} fails`);
        await until(endOf(`${key} ${attempt}`, now));
      }
      return value;
    },
    sleep: (_id, dueAt) => until(dueAt),
    wait: (_id, _key, dueAt, answerAt) =>
      until(Math.min(dueAt, answerAt)).then(() => (answerAt < dueAt ? "heard" : null)),
  }).then(
    (seen) => (end = { state: "completed", result: JSON.parse(JSON.stringify(seen)) as unknown }),
    (error: unknown) => (end = { state: "failed", result: (error as Error).message }),
  );
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (end) return end;
    due.sort((a, b) => a.at - b.at || a.call - b.call);
    const next = due.shift();
    if (!next) throw new Error("stuck");
    now = next.at;
    next.resolve();
  }
}
