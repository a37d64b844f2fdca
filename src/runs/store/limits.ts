/** Bounds of what comes from outside. What is larger is refused with RUNS_TOO_LARGE, unless said otherwise. */

/** Tags of one run; more are not added. */
export const MAX_RUN_TAGS = 10;
/** Characters of a tag. */
export const MAX_TAG_LENGTH = 128;
/** Bytes of a run's metadata, as JSON. */
export const MAX_METADATA_BYTES = 256 * 1024;
/** Characters of the name of a queue, of a stream, of a key. */
export const MAX_NAME_LENGTH = 512;
/** Characters of an idempotency key. */
export const MAX_KEY_LENGTH = 2048;
/** Bytes of what a token is completed with. */
export const MAX_TOKEN_OUTPUT_BYTES = 3 * 1024 * 1024;
/** Bytes of one chunk of a stream. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
/** Chunks of one stream. */
export const MAX_CHUNKS = 1_000_000;
/** Log entries and spans of one run; later ones are dropped, and counted. */
export const MAX_LOG_ENTRIES = 25_000;
/** Characters of a log message, and of its properties; what is longer is cut, or left out. */
export const MAX_LOG_LENGTH = 64 * 1024;
/** Items of one page, whatever is asked for. */
export const MAX_PAGE = 1_000;
