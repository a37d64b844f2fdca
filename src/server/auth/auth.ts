import type { Principal } from "../principal.ts";

/** What is known of a request besides itself. */
export interface RequestInfo {
  /** The peer's address, where the mount knows it. */
  readonly remoteAddress?: string | undefined;
}

/** Finds out who asks. */
export interface Auth {
  /** @returns nobody: the answer is 401 then */
  authenticate(request: Request, info: RequestInfo): Promise<Principal | undefined>;
}
