import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Where a process runs. */
export interface MachineIdentity {
  /** One boot of one kernel; "" where the system does not tell. */
  readonly kernel: string;
  /** Where a pid means the same process: host, boot and pid namespace (containers have their own). */
  readonly machine: string;
}

/** Where this process runs. */
export function machineIdentity(): MachineIdentity {
  const kernel =
    tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) ?? "";
  const namespace = tryRead(() => readlinkSync("/proc/self/ns/pid")) ?? "";
  return { kernel, machine: `${hostname()} ${kernel} ${namespace}` };
}

/** When a process started, as the kernel counts it; with the pid it names one process for ever. Null where unknown. */
export function processStart(pid: number): string | null {
  return readStat(pid)?.started ?? null;
}

/**
 * Whether the process that had this pid and start time still runs. A pid that now belongs to another process does not
 * count, nor does a dead process whose parent has not collected it.
 */
export function isProcessAlive(pid: number, started: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const stat = readStat(pid);
  if (stat === undefined) return true;
  return stat.state !== "Z" && stat.state !== "X" && (started === null || stat.started === started);
}

/** The process's name stands in parentheses and may hold anything, so fields are counted from the last one. */
function readStat(pid: number): { state: string; started: string } | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0]!, started: fields[19]! };
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
