import { LonghaulError } from "../../core/errors.ts";
import type { SchemaIssue, SchemaResult, StandardSchemaV1 } from "../../core/standard-schema.ts";

/** What is wrong with some data; nothing if the schema accepts it. */
export type Issues = readonly SchemaIssue[] | undefined;

/** Asks a schema. The answer comes at once where the schema answers at once. */
export function issuesOf(schema: StandardSchemaV1, data: unknown): Issues | Promise<Issues> {
  const result = schema["~standard"].validate(data);
  return result instanceof Promise ? result.then(readIssues) : readIssues(result);
}

const readIssues = (result: SchemaResult<unknown>): Issues => result.issues;

/** @throws {LonghaulError} INNGEST_EVENT_INVALID, naming the fields, if there are issues. */
export function refuseIssues(event: string, issues: Issues): void {
  if (issues === undefined) return;
  const reasons = issues.map((issue) => `${pathOf(issue)}: ${issue.message}`);
  throw new LonghaulError("INNGEST_EVENT_INVALID", {
    event,
    reason: reasons.length === 0 ? "the schema gives no reason" : reasons.join("; "),
  });
}

function pathOf({ path }: SchemaIssue): string {
  const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return ["data", ...keys].join(".");
}
