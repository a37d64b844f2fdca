/** Processor time of this process and of a server with all its children. */
import { readdirSync, readFileSync } from "node:fs";

/** What /proc counts in: 1/100 s on every Linux that Node runs on. */
const US_PER_TICK = 10_000;

export interface CpuTime {
  readonly nodeUs: number;
  readonly serverUs: number;
}

/** @param serverPid Undefined for a contestant that has no server. */
export function cpuTime(serverPid: number | undefined): CpuTime {
  const { user, system } = process.cpuUsage();
  return {
    nodeUs: user + system,
    serverUs: serverPid === undefined ? 0 : treeTicks(serverPid) * US_PER_TICK,
  };
}

export function cpuSince(before: CpuTime, serverPid: number | undefined): CpuTime {
  const now = cpuTime(serverPid);
  return { nodeUs: now.nodeUs - before.nodeUs, serverUs: now.serverUs - before.serverUs };
}

/** Ticks of a process, of its living children (PostgreSQL has one a connection) and of those it has buried. */
function treeTicks(pid: number): number {
  let ticks = 0;
  try {
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const stat = readStat(entry);
      if (stat === undefined) continue;
      if (entry === `${pid}`) ticks += stat.own + stat.buried;
      else if (stat.parent === pid) ticks += stat.own;
    }
  } catch {
    // No /proc (macOS): the server's share is then not counted.
  }
  return ticks;
}

function readStat(pid: string): { parent: number; own: number; buried: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold spaces; fields 4 and 14 to 17 of proc(5) come after it.
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [
      fields[1],
      ...fields.slice(11, 15),
    ];
    return { parent, own: user + system, buried: childUser + childSystem };
  } catch {
    return undefined; // It ended in between.
  }
}
