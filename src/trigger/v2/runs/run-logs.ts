import type { RunHost } from "../../../runs/hosting.ts";
import type { Untyped } from "../../types/untyped.ts";
import type { LogLevel } from "../io/logger.ts";

/** A line of a run's log. */
export interface RunLog {
  readonly at: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly properties?: Untyped;
}

/** Which page of a log. */
export interface GetLogsOptions {
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** @default 100 */
  readonly take?: number | undefined;
}

/** The lines of a run's log, oldest first. */
export async function getRunLogs(
  host: RunHost,
  runId: string,
  { cursor, take = 100 }: GetLogsOptions = {},
): Promise<{ logs: RunLog[]; nextCursor?: string }> {
  const after = cursor === undefined ? undefined : Number(cursor);
  const entries = await host.stores.logs.list({ runId, limit: take + 1, after });
  const page = entries.slice(0, take);
  return {
    logs: page.map(({ at, level, message, properties }) => ({
      at: new Date(at),
      level,
      message,
      ...(properties !== undefined && { properties: JSON.parse(properties) as unknown }),
    })),
    ...(entries.length > take && { nextCursor: String(page.at(-1)!.seq) }),
  };
}
