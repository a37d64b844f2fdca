/** Labels of runs, by which they are found. Those of the start are in its details. */
export interface TagStore {
  /**
   * Adds tags to a run; those it has already are no news.
   * @returns all tags of the run; `undefined` if there is no such run
   * @throws {LonghaulError} RUNS_TOO_LARGE if they would be more than ten, or one is longer than 128 characters: none
   *   is added then
   */
  add(params: {
    readonly now: number;
    readonly runId: string;
    readonly tags: readonly string[];
  }): Promise<readonly string[] | undefined>;
}
