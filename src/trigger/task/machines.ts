import type { MachinePreset, TaskRunContext } from "../types/context.ts";

/** vCPUs and GB by name, as Trigger.dev sells them. */
const MACHINES: Readonly<Record<MachinePreset, readonly [cpu: number, memory: number]>> = {
  micro: [0.25, 0.25],
  "small-1x": [0.5, 0.5],
  "small-2x": [1, 1],
  "medium-1x": [1, 2],
  "medium-2x": [2, 4],
  "large-1x": [4, 8],
  "large-2x": [8, 16],
};

export const DEFAULT_MACHINE: MachinePreset = "small-1x";

export const isMachine = (name: unknown): name is MachinePreset =>
  typeof name === "string" && Object.hasOwn(MACHINES, name);

/** A machine as `ctx` shows it. Nothing is billed here. */
export function machineOf(name: MachinePreset): TaskRunContext["machine"] {
  const [cpu, memory] = MACHINES[name];
  return { name, cpu, memory, centsPerMs: 0 };
}
