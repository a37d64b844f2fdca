import type { TokenStore } from "./token-store.ts";

/** What is kept beside runs. */
export interface RunStores {
  readonly tokens: TokenStore;
}
