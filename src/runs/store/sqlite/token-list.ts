import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { Token, TokenStore } from "../token-store.ts";
import { TOKEN_COLUMNS, TokenState, toToken } from "./tokens.ts";

const LIST = `SELECT ${TOKEN_COLUMNS}, run.id FROM run_token LEFT JOIN run ON run.pk = run_token.run
  WHERE run_token.pk < ? AND (? IS NULL OR run_token.state IN (SELECT value FROM json_each(?) AS wanted))
  AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(run_token.tags) AS wanted
    WHERE wanted.value IN (SELECT value FROM json_each(?) AS wanted)))
  AND (? IS NULL OR +run_token.idempotency_key = ?)
  AND (? IS NULL OR run_token.created_at >= ?) AND (? IS NULL OR run_token.created_at <= ?)
  ORDER BY run_token.pk DESC LIMIT ?`;
const PK = "SELECT pk FROM run_token WHERE id = ?";

/** Tokens, newest first. */
export async function listTokens(
  reader: Pick<SqliteStore, "query">,
  params: Parameters<TokenStore["list"]>[0],
): Promise<Token[]> {
  const { limit, after, states, tags, idempotencyKey, from, to } = params;
  const cursor = after === undefined ? undefined : await reader.query(PK, [after]);
  const values = [
    states && JSON.stringify(states.map((state) => TokenState[state])),
    tags && JSON.stringify(tags),
    idempotencyKey,
    from,
    to,
  ].flatMap((value) => [value ?? null, value ?? null]);
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : (cursor[0]?.[0] ?? 0);
  return (await reader.query(LIST, [before, ...values, limit])).map(toToken);
}
