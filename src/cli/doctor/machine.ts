import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { openConnection } from "../../storage/sqlite/connection.ts";
import { filesystemOf } from "../../storage/sqlite/filesystem.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";

const MIB = 1024 * 1024;
const FULL_BYTES = 64 * MIB;
const LITTLE_BYTES = 1024 * MIB;
/** The WAL is cut back to 64 MiB when it is moved into the file. */
const LARGE_WAL_BYTES = 256 * MIB;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19)
    ? ok("node", version)
    : wrong("node", version, "Longhaul needs Node 20.19 or newer: update Node.");
}

export function checkDriver(): Finding {
  try {
    const connection = openConnection({ path: ":memory:" });
    const [version] = connection.sql("SELECT sqlite_version()").get()!;
    connection.close();
    return ok("driver", `${connection.driver}, SQLite ${version as string}`);
  } catch (error) {
    const fix = "Use Node 22.13 or newer, which has SQLite, or npm install better-sqlite3.";
    return wrong("driver", (error as Error).message, fix);
  }
}

/** The folder of the store, or the nearest above it that is there. */
function folderOf(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

export function checkFilesystem(path: string): Finding {
  const filesystem = filesystemOf(folderOf(path));
  if (filesystem.kind === "local") return ok("filesystem", "local");
  if (filesystem.kind === "network") {
    const fix =
      "Move the store to a local disk: SQLite's locks do not hold between machines. Or use it from one machine only, with allowNetworkFilesystem.";
    return wrong("filesystem", filesystem.name, fix);
  }
  const fix = "Make sure that it is a local disk, not NFS, SMB or the like.";
  return warning("filesystem", "the system does not say what it is", fix);
}

export function checkDisk(path: string, freeBytes = freeOf(path)): Finding {
  const found = `${sizeOf(freeBytes)} free`;
  if (freeBytes < FULL_BYTES) {
    return wrong("disk", found, "Make room: a store on a full disk takes no writes.");
  }
  if (freeBytes < LITTLE_BYTES) return warning("disk", found, "Make room soon.");
  return ok("disk", found);
}

function freeOf(path: string): number {
  const { bavail, bsize } = statfsSync(folderOf(path));
  return bavail * bsize;
}

export function checkWalSize(path: string): Finding {
  const bytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes < LARGE_WAL_BYTES) return ok("wal size", sizeOf(bytes));
  const fix =
    "A reader keeps it from being moved into the file: look for a program that reads the file for very long, such as a backup or an open sqlite3.";
  return warning("wal size", sizeOf(bytes), fix);
}

function sizeOf(bytes: number): string {
  return bytes >= 1024 * MIB
    ? `${(bytes / 1024 / MIB).toFixed(1)} GiB`
    : `${(bytes / MIB).toFixed(1)} MiB`;
}
