import type { StartIdempotency } from "./start-details.ts";

/** A token to make. */
export interface TokenRequest {
  /** @default a new one */
  readonly id?: string | undefined;
  /** When it times out, epoch ms. @default never */
  readonly timeoutAt?: number | undefined;
  /** The same key gives the same token until `until`. */
  readonly idempotency?: Pick<StartIdempotency, "key" | "until"> | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The run that makes it. */
  readonly runId?: string | undefined;
}

/** Something that is completed once, from outside, and that runs may wait for. */
export interface Token {
  readonly id: string;
  readonly state: "waiting" | "completed" | "timedOut";
  /** JSON text of what it was completed with. */
  readonly output?: string | undefined;
  readonly createdAt: number;
  readonly timeoutAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly tags: readonly string[];
  readonly runId?: string | undefined;
  /** Whether an equal request made it before. Said by the one that makes it only. */
  readonly isCached?: boolean | undefined;
}

/** Tokens, beside the runs that wait for them. */
export interface TokenStore {
  create(params: { readonly now: number; readonly token: TokenRequest }): Promise<Token>;
  /**
   * Completes it, and lets the runs go on that wait for it. The first to complete it wins.
   * @returns whether this call did; `undefined` if there is no such token
   */
  complete(params: {
    readonly now: number;
    readonly id: string;
    /** JSON text. */
    readonly output: string;
  }): Promise<boolean | undefined>;
  retrieve(id: string): Promise<Token | undefined>;
  /** What the addresses of tokens are signed with: made at the first call, the same in all processes from then on. */
  secret(params: { readonly now: number }): Promise<string>;
  /** Tokens, newest first. */
  list(params: {
    readonly limit: number;
    /** The id of the token that the page begins after. */
    readonly after?: string | undefined;
    readonly states?: readonly Token["state"][] | undefined;
    readonly tags?: readonly string[] | undefined;
    readonly idempotencyKey?: string | undefined;
    readonly from?: number | undefined;
    readonly to?: number | undefined;
  }): Promise<readonly Token[]>;
}
