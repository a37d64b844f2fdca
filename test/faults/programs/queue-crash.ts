/** Does the steps of an operation and is killed on the way, at the crash point that `LONGHAUL_CRASH_AT` names. */
import { nameOf, openTools, operations } from "./crash-operations.ts";
import { replaceClock } from "./fixed-clock.ts";
import { setting, tell } from "./program.ts";

/** What the program is told. */
export interface CrashSetting {
  readonly connection: string;
  readonly operation: string;
  readonly now: number;
}

const { connection, operation: name, now } = setting<CrashSetting>();
replaceClock(() => now);
const operation = operations.find((each) => nameOf(each) === name)!;
const tools = await openTools(connection, operation);
for (const [index, step] of operation.steps.entries()) {
  await step(tools);
  tell("acknowledged", { step: index });
}
await tools.close();
tell("survived");
