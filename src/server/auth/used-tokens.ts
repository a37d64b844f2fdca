import { LonghaulError } from "../../core/errors.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import { refuse } from "../../storage/sqlite/store.ts";
import type { Principal } from "../principal.ts";

/**
 * Does something with the one use of a token that has only one; with other principals, just does it. Of two that try at
 * once, in whatever processes, one is refused. What fails uses nothing up.
 *
 * @throws {LonghaulError} AUTH_TOKEN_USED
 */
export async function usingOnce(
  { store, clock }: RuntimeParts,
  { singleUse, expiresAt = 0 }: Principal,
  work: () => Promise<Response>,
): Promise<Response> {
  if (singleUse === undefined) return work();
  const { connection } = store;
  await store.write("server:use-token", () => {
    const isUsed = connection.sql("SELECT 1 FROM used_token WHERE id = ?").get(singleUse);
    if (isUsed) throw refuse(new LonghaulError("AUTH_TOKEN_USED"));
    connection.sql("DELETE FROM used_token WHERE expires_at <= ?").run(clock.now());
    connection
      .sql("INSERT INTO used_token (id, expires_at) VALUES (?, ?)")
      .run(singleUse, expiresAt);
  });
  const giveBack = (): Promise<void> =>
    store.write("server:give-token-back", () => {
      connection.sql("DELETE FROM used_token WHERE id = ?").run(singleUse);
    });
  let answer: Response;
  try {
    answer = await work();
  } catch (error) {
    await giveBack();
    throw error;
  }
  if (!answer.ok) await giveBack();
  return answer;
}
