/**
 * For tests of functions: the run engine in memory, on a clock that moves when it is told to.
 *
 * @module
 */
export type { StepMock, StepMocks } from "./step-mocks.ts";
export {
  type ExecuteOptions,
  type Execution,
  TestEngine,
  TestEngine as InngestTestEngine,
  type TestEngineOptions,
} from "./test-engine.ts";
export { TestRun, type TestStep } from "./test-run.ts";
export {
  createTestRuntime,
  type RunFilter,
  type TestRuntime,
  type TestRuntimeOptions,
} from "./test-runtime.ts";
export { DEFAULT_START, VirtualClock } from "./virtual-clock.ts";
