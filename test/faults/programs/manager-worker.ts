/**
 * A process with a queue manager whose task counts its calls: it tells of each start, and of each progress that it got
 * past. It goes on from one progress to the next when told to.
 */
import { createQueueManager } from "../../../src/manager/index.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface ManagerSetting {
  readonly connection: string;
  readonly task: string;
}

const { connection, task } = setting<ManagerSetting>();
const manager = createQueueManager({ connection });
let goOn = (): void => {};

manager.registerTask(task, {
  processor: async ({ id, updateProgress, signal }) => {
    signal.addEventListener("abort", () => tell("aborted", { id, reason: String(signal.reason) }));
    const told = new Promise<void>((resolve) => (goOn = resolve));
    tell("started", { id });
    await Promise.race([told, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    await updateProgress({ percentage: 50 });
    tell("passed", { id });
    return process.pid;
  },
});

obey({ "go-on": () => goOn() });
tell("ready");
