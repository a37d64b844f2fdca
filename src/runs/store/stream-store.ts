/** A piece of a stream as read. */
export interface StreamPage {
  /** JSON texts, or whatever was appended. */
  readonly chunks: readonly string[];
  /** Where the next page begins. */
  readonly next: number;
  /** Whether nothing more will come: the stream was closed and this is its end. */
  readonly isClosed: boolean;
}

/** Named streams of runs: what a run says bit by bit, and what it is told. They are there from the first chunk. */
export interface StreamStore {
  /**
   * Adds chunks to the end.
   * @returns how many chunks the stream has then; `undefined` if there is no such run, or the stream is closed
   * @throws {LonghaulError} RUNS_TOO_LARGE
   */
  append(params: {
    readonly now: number;
    readonly runId: string;
    readonly stream: string;
    readonly chunks: readonly string[];
  }): Promise<number | undefined>;
  /** Says that nothing more will come. @returns whether it was open */
  close(params: {
    readonly now: number;
    readonly runId: string;
    readonly stream: string;
  }): Promise<boolean>;
  /** Chunks from an index on, at most `limit`. A stream that is not there is empty and open. */
  read(params: {
    readonly runId: string;
    readonly stream: string;
    readonly from: number;
    readonly limit: number;
  }): Promise<StreamPage>;
  /** Chunks from an index on, those that come later too. Ends with the stream, or when its run has ended. */
  watch(
    params: { readonly runId: string; readonly stream: string; readonly from: number },
    signal?: AbortSignal,
  ): AsyncIterable<string>;
  /** Names of a run's streams. */
  names(runId: string): Promise<readonly string[]>;
}
