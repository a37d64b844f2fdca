import { currentHost } from "../host/binding.ts";
import { notFound, readText } from "./refusals.ts";

/** A batch as it is. */
export interface BatchInfo {
  readonly id: string;
  /** COMPLETED once all its runs are over, whatever came of them. */
  readonly status: "PENDING" | "COMPLETED";
  readonly runCount: number;
  /** Ids of its runs, in the order of the items. */
  readonly runs: string[];
  /** How many of them completed, and how many ended otherwise. */
  readonly successfulRunCount: number;
  readonly failedRunCount: number;
  readonly createdAt: Date;
  readonly processing: {
    readonly completedAt: Date;
    /** A batch is started in one commit, or refused: there are none. */
    readonly errors: [];
  };
  /** When the last of its runs ended. */
  readonly completedAt?: Date;
}

/**
 * A batch, by its id or its handle.
 * @throws {LonghaulError} TASK_NOT_FOUND
 */
export async function retrieveBatch(
  batch: string | { readonly batchId: string } | { readonly id: string },
): Promise<BatchInfo> {
  const given: unknown =
    typeof batch === "object" && batch !== null
      ? "batchId" in batch
        ? batch.batchId
        : batch.id
      : batch;
  const id = readText("batch.retrieve", "the id", given);
  const found = (await currentHost().stores.batches.retrieve(id)) ?? notFound("batch", id);
  const { createdAt, count, runIds, counts, finishedAt } = found;
  const {
    completed = 0,
    failed = 0,
    canceled = 0,
    expired = 0,
    timedOut = 0,
    skipped = 0,
  } = counts;
  return {
    id,
    status: finishedAt === undefined ? "PENDING" : "COMPLETED",
    runCount: count,
    runs: [...runIds],
    successfulRunCount: completed,
    failedRunCount: failed + canceled + expired + timedOut + skipped,
    createdAt: new Date(createdAt),
    processing: { completedAt: new Date(createdAt), errors: [] },
    ...(finishedAt !== undefined && { completedAt: new Date(finishedAt) }),
  };
}
