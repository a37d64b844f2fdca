import { randomBytes } from "node:crypto";
import type { RunKey } from "../run-store.ts";
import type { Token, TokenRequest, TokenStore } from "../token-store.ts";
import { answerStep } from "./answer.ts";
import { Channel, TimerKind } from "./codes.ts";
import { noteBelongings } from "./details.ts";
import { failures } from "./failures.ts";
import type { RunRow } from "./run-row.ts";
import { addTimer, removeTimer, storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";
import { addStepWait } from "./waits.ts";

/**
 * Tokens.
 *
 *   waiting ──► completed     by whoever has its id, once
 *           └─► timedOut      at its time
 */
export const TokenState = { waiting: 1, completed: 2, timedOut: 3 } as const;

type TokenStateCode = (typeof TokenState)[Token["state"]];

const stateNames = Object.keys(TokenState) as Token["state"][];

export const TOKEN_COLUMNS = `run_token.id, run_token.state, run_token.created_at, run_token.timeout_at,
  run_token.ended_at, run_token.idempotency_key, run_token.tags, run_token.output`;
const BY_ID = `SELECT ${TOKEN_COLUMNS}, run.id FROM run_token LEFT JOIN run ON run.pk = run_token.run
  WHERE run_token.id = ?`;
const BY_KEY = `SELECT id FROM run_token WHERE idempotency_key = ? AND idempotency_until > ?
  ORDER BY pk DESC LIMIT 1`;
const INSERT = `INSERT INTO run_token (id, state, created_at, timeout_at, run, idempotency_key, idempotency_until, tags)
  VALUES (?, ${TokenState.waiting}, ?, ?, ?, ?, ?, ?)`;
const RUN = "SELECT pk FROM run WHERE id = ?";
const STATE = "SELECT pk, state, timeout_at, output FROM run_token WHERE id = ?";
const BY_PK = "SELECT id, state FROM run_token WHERE pk = ?";
const END = "UPDATE run_token SET state = ?, ended_at = ?, output = ? WHERE pk = ?";
const WAITS = `SELECT run, key FROM run_wait
  WHERE channel = ${Channel.token} AND name = ? AND path = '' AND value = ''`;

/** Makes a token, or gives the one that was made before. */
export function createToken(tx: RunTransaction, request: TokenRequest, now: number): Token {
  const id = request.id ?? `token_${randomBytes(15).toString("hex")}`;
  const known = findToken(tx, id) ?? findByKey(tx, request, now);
  if (known) return { ...known, isCached: true };
  const { timeoutAt, idempotency, tags = [], runId } = request;
  const timeout = timeoutAt === undefined ? null : storableTime(timeoutAt);
  const run = runId === undefined ? undefined : (tx.sql(RUN).get(runId)?.[0] as RunKey | undefined);
  const { lastInsertRowid } = tx
    .sql(INSERT)
    .run(
      id,
      now,
      timeout,
      run ?? null,
      idempotency?.key ?? null,
      idempotency === undefined ? null : storableTime(idempotency.until),
      tags.length === 0 ? null : JSON.stringify(tags),
    );
  if (run !== undefined) noteBelongings(tx, tx.run(run)!);
  if (timeout !== null) addTimer(tx, timeout, TimerKind.token, lastInsertRowid);
  return { ...findToken(tx, id)!, isCached: false };
}

function findByKey(
  tx: RunTransaction,
  { idempotency }: TokenRequest,
  now: number,
): Token | undefined {
  if (idempotency === undefined) return undefined;
  const id = tx.sql(BY_KEY).get(idempotency.key, now)?.[0] as string | undefined;
  return id === undefined ? undefined : findToken(tx, id);
}

/** Outside of transactions too. */
export function findToken(tx: Pick<RunTransaction, "sql">, id: string): Token | undefined {
  const row = tx.sql(BY_ID).get(id);
  return row && toToken(row);
}

/** A token from {@link TOKEN_COLUMNS} and the id of its run. */
export function toToken(row: readonly unknown[]): Token {
  const [id, state, createdAt, timeoutAt, endedAt, key, tags, output, runId] = row as [
    string,
    TokenStateCode,
    number,
    number | null,
    number | null,
    string | null,
    string | null,
    string | null,
    string | null,
  ];
  return {
    id,
    state: stateNames[state - 1]!,
    createdAt,
    tags: tags === null ? [] : (JSON.parse(tags) as string[]),
    ...(output === null ? undefined : { output }),
    ...(timeoutAt === null ? undefined : { timeoutAt }),
    ...(endedAt === null ? undefined : { endedAt }),
    ...(key === null ? undefined : { idempotencyKey: key }),
    ...(runId === null ? undefined : { runId }),
  };
}

/** Completes a token. @returns whether this did; undefined if there is none */
export function completeToken(
  tx: RunTransaction,
  { now, id, output }: Parameters<TokenStore["complete"]>[0],
): boolean | undefined {
  const found = tx.sql(STATE).get(id) as [RunKey, TokenStateCode, number | null] | undefined;
  if (found === undefined) return undefined;
  const [pk, state, timeoutAt] = found;
  if (state !== TokenState.waiting || (timeoutAt !== null && timeoutAt <= now)) return false;
  if (timeoutAt !== null) removeTimer(tx, timeoutAt, TimerKind.token, pk);
  tx.sql(END).run(TokenState.completed, now, output, pk);
  answerWaits(tx, id, completed(output), now);
  return true;
}

/** Its time is over. Its timer is gone already. */
export function timeOutToken(tx: RunTransaction, pk: number, now: number): void {
  const [id, state] = (tx.sql(BY_PK).get(pk) ?? []) as [string?, TokenStateCode?];
  if (id === undefined || state !== TokenState.waiting) return;
  tx.sql(END).run(TokenState.timedOut, now, null, pk);
  answerWaits(tx, id, TIMED_OUT, now);
}

/** Waits for a token. What is known already is answered at once. */
export function openToken(
  tx: RunTransaction,
  row: RunRow,
  step: {
    readonly key: string;
    readonly entry: number;
    readonly until: number;
    readonly now: number;
  },
  tokenId: string,
): void {
  const { key, entry, until, now } = step;
  const wait = { event: tokenId, equals: [], until };
  addStepWait(tx, row, { key, entry, channel: Channel.token, wait });
  const found = tx.sql(STATE).get(tokenId) as
    [number, TokenStateCode, number | null, string] | undefined;
  if (found === undefined) {
    answerStep(tx, row.pk, key, { error: failures.unknownToken(tokenId) }, now);
    return;
  }
  const [, state, timeoutAt, output] = found;
  if (state === TokenState.completed) answerStep(tx, row.pk, key, { data: completed(output) }, now);
  else if (state === TokenState.timedOut || (timeoutAt !== null && timeoutAt <= now))
    answerStep(tx, row.pk, key, { data: TIMED_OUT }, now);
}

/** JSON of TokenEnd. */
const TIMED_OUT = '{"ok":false}';
const completed = (output: string): string => `{"ok":true,"output":${output}}`;

function answerWaits(tx: RunTransaction, id: string, data: string, now: number): void {
  for (const [run, key] of tx.sql(WAITS).all(id) as [RunKey, string][])
    answerStep(tx, run, key, { data }, now);
}
