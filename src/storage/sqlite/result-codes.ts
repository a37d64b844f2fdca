import { LonghaulError } from "../../core/errors.ts";

/** SQLite's primary result codes that we act upon. */
export type ResultCode =
  | "BUSY"
  | "LOCKED"
  | "READONLY"
  | "IOERR"
  | "CORRUPT"
  | "FULL"
  | "CANTOPEN"
  | "PROTOCOL"
  | "NOTADB";

const codesByNumber = new Map<number, ResultCode>([
  [5, "BUSY"],
  [6, "LOCKED"],
  [8, "READONLY"],
  [10, "IOERR"],
  [11, "CORRUPT"],
  [13, "FULL"],
  [14, "CANTOPEN"],
  [15, "PROTOCOL"],
  [26, "NOTADB"],
]);
const codesByName = new Map<string, ResultCode>(
  [...codesByNumber.values()].map((code) => [code, code]),
);

/** The primary result code of an error of either driver, or undefined when it is none of {@link ResultCode}. */
export function resultCode(error: unknown): ResultCode | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (typeof errcode === "number") return codesByNumber.get(errcode & 0xff);
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return undefined;
  return codesByName.get(code.split("_", 2)[1]!);
}

/** Whether another connection holds the lock we asked for. PROTOCOL is a lost race for a WAL lock. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === "BUSY" || code === "PROTOCOL";
}

/** The catalogued error for what a driver threw; anything that says nothing about the store itself is returned as it is. */
export function toStoreError(error: unknown, path: string): unknown {
  const reason = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case "FULL":
      return new LonghaulError("STORE_FULL", { path }, { cause: error });
    case "IOERR":
    case "CANTOPEN":
      return new LonghaulError("STORE_IO", { path, reason }, { cause: error });
    case "READONLY":
      return new LonghaulError("STORE_READ_ONLY", { path }, { cause: error });
    case "CORRUPT":
      return new LonghaulError("STORE_CORRUPT", { path, reason }, { cause: error });
    case "NOTADB":
      return new LonghaulError("STORE_NOT_A_DATABASE", { path, reason }, { cause: error });
    default:
      return error;
  }
}
