import { LonghaulError } from "../../core/errors.ts";
import { MAX_KEY_LENGTH, MAX_METADATA_BYTES, MAX_RUN_TAGS, MAX_TAG_LENGTH } from "./limits.ts";
import type { StartDetails } from "./start-details.ts";
import type { TokenRequest } from "./token-store.ts";

/**
 * Bounds of what comes from outside, checked before anything is written.
 *
 * @throws {LonghaulError} RUNS_TOO_LARGE, RUNS_NOT_JSON
 */

export function checkSize(what: string, size: number, limit: number): void {
  if (size > limit) throw new LonghaulError("RUNS_TOO_LARGE", { what, size, limit });
}

export function checkTags(tags: readonly string[] | undefined): void {
  if (tags === undefined) return;
  checkSize("The list of tags", new Set(tags).size, MAX_RUN_TAGS);
  for (const tag of tags) checkSize("A tag", tag.length, MAX_TAG_LENGTH);
}

export function checkMetadata(metadata: string | undefined): void {
  if (metadata !== undefined)
    checkSize("The metadata", Buffer.byteLength(metadata), MAX_METADATA_BYTES);
}

export function checkKey(what: string, key: string | undefined): void {
  if (key !== undefined) checkSize(what, key.length, MAX_KEY_LENGTH);
}

export function checkDetails(details: StartDetails | undefined): void {
  if (details === undefined) return;
  checkTags(details.tags);
  checkMetadata(details.metadata);
}

export function checkToken({ id, idempotency, tags }: TokenRequest): void {
  checkKey("The id of a token", id);
  checkKey("The idempotency key of a token", idempotency?.key);
  checkTags(tags);
}

/** Checks text that has to be JSON. */
export function checkJson(what: string, text: string, limit: number): void {
  checkSize(what, Buffer.byteLength(text), limit);
  try {
    JSON.parse(text);
  } catch (error) {
    throw new LonghaulError("RUNS_NOT_JSON", { what, reason: (error as Error).message });
  }
}
