/** Values by name that no run owns: they stay until they are deleted. Spaces keep names of different owners apart. */
export interface ValueStore {
  /** JSON text; `undefined` if there is none of the name. */
  get(params: { readonly space: string; readonly name: string }): Promise<string | undefined>;
  set(params: {
    readonly now: number;
    readonly space: string;
    readonly name: string;
    /** JSON text. */
    readonly value: string;
  }): Promise<void>;
  /** @returns whether it was there */
  delete(params: { readonly space: string; readonly name: string }): Promise<boolean>;
}
