import { isLonghaulError } from "../../core/errors.ts";
import type { AuditLog, AuditNote } from "./audit-log.ts";

/** What is known before it is done. */
export type AuditSubject = Omit<AuditNote, "status" | "code">;

/**
 * Does something and writes down how it ended. The answer goes out once that is on disk.
 *
 * @param subject who does what; asked at the end, when what was asked for has been understood
 */
export async function audited(
  log: AuditLog,
  subject: () => AuditSubject,
  work: () => Promise<Response>,
): Promise<Response> {
  let answer: Response;
  try {
    answer = await work();
  } catch (error) {
    const known = isLonghaulError(error) ? error : undefined;
    await log.write({ ...subject(), status: known?.status ?? 500, code: known?.code });
    throw error;
  }
  await log.write({ ...subject(), status: answer.status });
  return answer;
}
