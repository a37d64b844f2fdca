/** What this machine can do at all, taken by the same call as the results: they mean nothing without it. */
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { bareCycle, type BareCycle } from "./probe-sqlite.ts";
import { percentile } from "./statistics.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  readonly fileSystem: string;
}

export interface SyncProbe {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Probe {
  readonly sync: SyncProbe;
  readonly cycles: readonly BareCycle[];
}

/** @param folder Where the contestants will have their files. */
export function describeMachine(folder: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()} ${arch()}`,
    node: process.version,
    fileSystem:
      FILE_SYSTEMS[statfsSync(folder).type] ?? `type 0x${statfsSync(folder).type.toString(16)}`,
  };
}

export async function probe(folder: string, goalMs: number): Promise<Probe> {
  return { sync: probeSync(folder, goalMs), cycles: await bareCycle(folder, goalMs) };
}

/** Writes of 4 KiB at the end of a file, each with an fdatasync: what one durable commit costs at least. */
export function probeSync(folder: string, goalMs: number): SyncProbe {
  const path = join(folder, "probe.bin");
  const file = openSync(path, "w");
  const block = Buffer.alloc(4_096, 7);
  const took: number[] = [];
  const start = performance.now();
  for (let last = start; last < start + goalMs;) {
    writeSync(file, block);
    fdatasyncSync(file);
    const now = performance.now();
    took.push(now - last);
    last = now;
  }
  const perSecond = (took.length / (performance.now() - start)) * 1_000;
  closeSync(file);
  rmSync(path);
  return { perSecond, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}

/** The magic numbers of statfs(2) that one may meet. A tmpfs would make every fsync free. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x01021994: "tmpfs (memory: fsync costs nothing here)",
  0x794c7630: "overlayfs",
  0x2fc12fc1: "zfs",
  0x1a: "apfs",
};
