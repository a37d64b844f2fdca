import type { FunctionDefinition, RunHandle } from "../runs/definition.ts";
import { StepKeys } from "../runs/step-keys.ts";

/** What a mocked step does instead of its body, or of its wait. */
export interface StepMock {
  /** The step's id, for all its repeats, or the key of one: `id:1` for the second. */
  readonly id: string;
  /** The id of the function the step belongs to. @default every function of the runtime */
  readonly function?: string | undefined;
  /** Called in place of the step; what it returns is the result, what it throws is tried again as the step's own error. */
  readonly handler: (attempt: number) => unknown;
}

/**
 * Mocks by step id: a result, a function that is called in place of the step, or an error that the step fails with at
 * once. Also as a list of `{ id, handler }`.
 */
export type StepMocks = Readonly<Record<string, unknown>> | readonly StepMock[];

/** A mock, read. */
interface Stub {
  readonly function: string | undefined;
  readonly body: (attempt: number) => unknown;
  /** Whether an error is final. */
  readonly isFinal: boolean;
}

type Stubs = ReadonlyMap<string, readonly Stub[]>;

/** What a test changes about the steps of a function. */
export interface StepChanges {
  readonly mocks?: StepMocks | undefined;
  /** Keys of steps that are in the journal already, as steps with a body whatever they are. */
  readonly done?: readonly string[] | undefined;
  /** Once this step has its result, the run goes to sleep instead of taking another. */
  readonly stopAfter?: string | undefined;
}

/** The key of the sleep that {@link StepChanges.stopAfter} ends with. */
export const STOPPED = "(the test ends here)";

/** Replaces steps of a function by what a test wants of them. */
export function changeSteps(
  definition: FunctionDefinition,
  changes: StepChanges,
): FunctionDefinition {
  const { mocks = {}, done = [], stopAfter } = changes;
  const stubs = readMocks(mocks);
  for (const key of done) stubs.set(key, [DONE]);
  if (stubs.size === 0 && stopAfter === undefined) return definition;
  return {
    ...definition,
    handler: (run) => definition.handler(changeHandle(run, stubs, stopAfter)),
  };
}

/** The methods of {@link RunHandle} that are steps; each takes the step's id first. */
const STEP_METHODS: ReadonlySet<PropertyKey> = new Set<keyof RunHandle>([
  "run",
  "sleepUntil",
  "waitForEvent",
  "waitForSignal",
  "sendEvents",
  "invoke",
  "start",
  "child",
  "children",
  "waitForRuns",
  "createToken",
  "waitForToken",
  "group",
]);

function changeHandle(run: RunHandle, stubs: Stubs, stopAfter: string | undefined): RunHandle {
  const keys = new StepKeys();
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  return new Proxy(run, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (!STEP_METHODS.has(name)) return value.bind(target) as unknown;
      return (id: string, ...rest: unknown[]): unknown => {
        if (isStopped) return target.sleepUntil(STOPPED, FOR_EVER);
        const key = keys.next(id);
        const stub = findStub(stubs, id, key, run.functionId);
        const result = stub
          ? target.run(id, stub.body, stub.isFinal ? { retries: 0 } : {})
          : (value.call(target, id, ...rest) as Promise<unknown>);
        if (key === stopAfter) result.then(stop, stop);
        return result;
      };
    },
  });
}

/** As far as a date goes. */
const FOR_EVER = 8.64e15;

/** Its result is in the journal, so that it is never called. */
const DONE: Stub = { function: undefined, body: () => null, isFinal: false };

function findStub(stubs: Stubs, id: string, key: string, functionId: string): Stub | undefined {
  const isMeant = (stub: Stub): boolean =>
    stub.function === undefined || stub.function === functionId;
  return stubs.get(key)?.find(isMeant) ?? stubs.get(id)?.find(isMeant);
}

function readMocks(mocks: StepMocks): Map<string, readonly Stub[]> {
  const stubs = new Map<string, readonly Stub[]>();
  const list: readonly (readonly [string, Stub])[] = Array.isArray(mocks)
    ? (mocks as readonly StepMock[]).map((mock) => [mock.id, readMock(mock)])
    : Object.entries(mocks).map(([id, value]) => [id, readValue(value)]);
  for (const [id, stub] of list) stubs.set(id, [...(stubs.get(id) ?? []), stub]);
  return stubs;
}

function readMock({ id, function: functionId, handler }: StepMock): Stub {
  if (typeof handler !== "function")
    throw new TypeError(`The mock of step ${JSON.stringify(id)} has no handler`);
  return { function: functionId, body: handler, isFinal: false };
}

function readValue(value: unknown): Stub {
  if (typeof value === "function")
    return { function: undefined, body: value as Stub["body"], isFinal: false };
  if (value instanceof Error) return { function: undefined, body: throwing(value), isFinal: true };
  return { function: undefined, body: () => value, isFinal: false };
}

const throwing = (error: Error) => (): never => {
  throw error;
};
