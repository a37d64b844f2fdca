/**
 * One change of a run's metadata. `key` is a property, or a path that begins with `$.` (`$.steps[0].name`). A change
 * that does not fit what is there (to append to a number, say) does nothing.
 */
export type MetadataChange =
  | { readonly type: "set"; readonly key: string; readonly value: unknown }
  | { readonly type: "delete"; readonly key: string }
  /** Adds to the end of a list; what is no list becomes the first of one. */
  | { readonly type: "append"; readonly key: string; readonly value: unknown }
  /** Removes what equals the value from a list. */
  | { readonly type: "remove"; readonly key: string; readonly value: unknown }
  /** Adds to a number; what is missing counts as 0. A negative value decrements. */
  | { readonly type: "increment"; readonly key: string; readonly value: number }
  /** Puts an object in the place of everything. */
  | { readonly type: "replace"; readonly value: Readonly<Record<string, unknown>> };

/** Whose metadata is changed. Without a parent, a run is its own parent and root. */
export type MetadataTarget = "self" | "parent" | "root";

/** What runs say about themselves while they run. */
export interface MetadataStore {
  /** JSON text of an object; `undefined` if the run has none. */
  get(runId: string): Promise<string | undefined>;
  /**
   * Applies changes in their order, all or none.
   * @returns JSON text of what the metadata is then; `undefined` if there is no such run
   * @throws {LonghaulError} RUNS_TOO_LARGE if it would be more than 256 KiB
   */
  change(params: {
    readonly now: number;
    readonly runId: string;
    /** @default "self" */
    readonly target?: MetadataTarget | undefined;
    readonly changes: readonly MetadataChange[];
  }): Promise<string | undefined>;
}
