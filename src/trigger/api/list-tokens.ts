import type { Token } from "../../runs/store/token-store.ts";
import { durationMs } from "../durations.ts";
import { currentHost } from "../host/binding.ts";
import type { OneOrMany } from "../types/untyped.ts";
import { tokenInfo, type TokenInfo } from "../wait/tokens.ts";
import { readTime } from "./list-runs.ts";
import { type CursorPage, PagePromise, readCursorPage } from "./pages.ts";
import { badCall, checkProperties, readText, readWhole } from "./refusals.ts";

/** Which tokens; all that is said has to fit. Of a list, one of its items has to. */
export interface ListTokensParams {
  readonly status?: OneOrMany<TokenInfo["status"]> | undefined;
  readonly tags?: OneOrMany<string> | undefined;
  /** As `idempotencyKeys.create` has made it. */
  readonly idempotencyKey?: string | undefined;
  /** Made at this time or later; epoch ms, or a date. */
  readonly from?: Date | number | undefined;
  /** Made at this time or earlier; epoch ms, or a date. */
  readonly to?: Date | number | undefined;
  /** Made within the last so much: `"1d"`. */
  readonly period?: string | undefined;
  /** At most 100. @default 25 */
  readonly limit?: number | undefined;
  /** The id of the token that the page follows: older tokens. */
  readonly after?: string | undefined;
}

const CALL = "wait.listTokens";
const NAMES: readonly (keyof ListTokensParams)[] = [
  "status",
  "tags",
  "idempotencyKey",
  "from",
  "to",
  "period",
  "limit",
  "after",
];
const LACKING = { before: "tokens are listed from the newest to the oldest" };
const STATES: Readonly<Record<TokenInfo["status"], Token["state"]>> = {
  WAITING: "waiting",
  COMPLETED: "completed",
  TIMED_OUT: "timedOut",
};

/** Tokens, newest first. */
export function listTokens(
  params: ListTokensParams = {},
): PagePromise<TokenInfo, CursorPage<TokenInfo>> {
  return PagePromise.of(readPage(params));
}

async function readPage(params: ListTokensParams): Promise<CursorPage<TokenInfo>> {
  checkProperties(CALL, params, NAMES, LACKING);
  const { limit = 25, after, period, idempotencyKey } = params;
  readWhole(CALL, "limit", limit, { min: 1, max: 100 });
  const host = currentHost();
  const since = period === undefined ? undefined : host.now() - durationMs(period, "period");
  if (since !== undefined && params.from !== undefined)
    badCall(CALL, "from and period exclude each other");
  const filter = {
    states: listOf(params.status)?.map(stateOf),
    tags: listOf(params.tags)?.map((tag) => readText(CALL, "tags", tag)),
    idempotencyKey,
    from: readTime(CALL, "from", params.from) ?? since,
    to: readTime(CALL, "to", params.to),
  };
  const page = await readCursorPage(
    async (cursor) => (await host.stores.tokens.list({ ...filter, ...cursor })).map(tokenInfo),
    limit,
    { after },
  );
  return page;
}

const stateOf = (status: string): Token["state"] =>
  Object.hasOwn(STATES, status)
    ? STATES[status as TokenInfo["status"]]
    : badCall(CALL, `there is no status ${status}`);

const listOf = <T extends string>(given: OneOrMany<T> | undefined): readonly T[] | undefined =>
  given === undefined ? undefined : typeof given === "string" ? [given] : given;
