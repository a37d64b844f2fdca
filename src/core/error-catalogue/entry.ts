/** What the catalogue says about one code. docs/errors.md shows the same; a test holds them equal. */
export interface ErrorEntry {
  /** The message, with `{name}` for each detail. */
  readonly message: string;
  /** Whether the same call may succeed later without a change by anybody. */
  readonly retryable: boolean;
  /** The HTTP status for it. */
  readonly status: number;
  /** One sentence: what to do. */
  readonly hint: string;
  /** `error.name` where a peer's code looks for another one than "LonghaulError". */
  readonly name?: string;
}
