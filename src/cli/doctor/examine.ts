import { existsSync } from "node:fs";
import { type Connection, openConnection } from "../../storage/sqlite/connection.ts";
import { toStoreError } from "../../storage/sqlite/result-codes.ts";
import {
  checkClock,
  checkIntegrity,
  checkJournal,
  checkLeases,
  checkOurs,
  checkProcesses,
  checkSchema,
} from "./file.ts";
import { type Finding, warning, wrong } from "./finding.ts";
import { checkDisk, checkDriver, checkFilesystem, checkNode, checkWalSize } from "./machine.ts";

/** Looks at the machine and at a store, which is only read. */
export function examine(path: string, now: number): Finding[] {
  const machine = [checkNode(), checkDriver(), checkFilesystem(path), checkDisk(path)];
  if (machine[1]!.status === "wrong") return machine;
  if (!existsSync(path)) {
    const fix = "Give --url, or run longhaul migrate, which makes it.";
    return [...machine, warning("file", `${path} is not there`, fix)];
  }
  return [...machine, ...examineFile(path, now)];
}

function examineFile(path: string, now: number): Finding[] {
  let connection: Connection | undefined;
  try {
    connection = openConnection({ path, readOnly: true });
    const findings = [checkOurs(connection)];
    if (findings[0]!.status === "wrong") return findings;
    findings.push(checkSchema(connection), checkJournal(connection), checkWalSize(path));
    findings.push(checkIntegrity(connection));
    // These read tables of the newest schema.
    if (findings[1]!.status === "ok")
      for (const check of [checkClock, checkProcesses, checkLeases])
        findings.push(check(connection, now));
    return findings;
  } catch (error) {
    const { message, hint = "" } = toStoreError(error, path) as Error & { hint?: string };
    return [wrong("file", message, hint)];
  } finally {
    connection?.close();
  }
}
