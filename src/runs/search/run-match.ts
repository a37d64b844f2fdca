import { LonghaulError } from "../../core/errors.ts";
import type { SearchQuery } from "../../core/search/search-query.ts";
import {
  allOf,
  anyOf,
  contains,
  isNamed,
  jsonContains,
  jsonHas,
  type SqlTerm,
} from "../../core/search/sql-terms.ts";
import type { KeyMatch } from "../../storage/sqlite/search-table.ts";
import { State } from "../store/sqlite/codes.ts";
import type { RunState } from "../types.ts";

/**
 * The statements for a search. Payloads are those of a run's first event.
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export function matchRuns(query: SearchQuery): KeyMatch {
  const from =
    query.ids.length > 0
      ? "run WHERE run.id IN (SELECT value FROM json_each(?) AS wanted)"
      : "run NOT INDEXED WHERE 1";
  const term = allOf(conditionsOf(query));
  const select = (order: string) => `SELECT run.pk FROM ${from}
  AND run.pk >= ? AND run.pk <= ? AND ${term.sql} ORDER BY run.pk${order} LIMIT ?`;
  const before = query.ids.length > 0 ? [JSON.stringify(query.ids)] : [];
  return {
    down: select(" DESC"),
    up: select(""),
    isIndexed: query.ids.length > 0,
    before,
    after: term.params,
  };
}

/** What a run has to be, the cheap conditions first: SQLite asks them in this order. */
function conditionsOf(query: SearchQuery): SqlTerm[] {
  const terms: SqlTerm[] = [];
  const { states, names, queues, tags, after, before, errors, data, text } = query;
  if (states.length > 0) {
    const codes = states.map((state) => State[checkRunState(state)]);
    terms.push({ sql: `run.state IN (${codes.join(", ")})`, params: [] });
  }
  if (names.length > 0) {
    const { sql, params } = anyOf(names.map((name) => isNamed("run_function.id", name)));
    terms.push({ sql: `run.function IN (SELECT pk FROM run_function WHERE ${sql})`, params });
  }
  const made = "coalesce(run.created_at, run.queued_at)";
  if (after !== undefined) terms.push({ sql: `${made} >= ?`, params: [after] });
  if (before !== undefined) terms.push({ sql: `${made} < ?`, params: [before] });
  if (queues.length > 0)
    terms.push({
      sql: `EXISTS (SELECT 1 FROM run_detail WHERE run_detail.run = run.pk
    AND run_detail.queue IN (SELECT value FROM json_each(?) AS wanted))`,
      params: [JSON.stringify(queues)],
    });
  for (const tag of tags)
    terms.push({
      sql: "EXISTS (SELECT 1 FROM run_tag WHERE run_tag.tag = ? AND run_tag.run = run.pk)",
      params: [tag],
    });
  for (const error of errors) terms.push(jsonContains("run.error", error));
  for (const term of data) terms.push(ofEvent(jsonHas("run_event.data", term)));
  for (const word of text)
    terms.push(
      anyOf([
        contains("run.id", word),
        jsonContains("run.error", word),
        ofFunction(contains("run_function.id", word)),
        ...(query.isPayloadHidden ? [] : [ofEvent(jsonContains("run_event.data", word))]),
      ]),
    );
  return terms;
}

const ofEvent = ({ sql, params }: SqlTerm): SqlTerm => ({
  sql: `EXISTS (SELECT 1 FROM run_event WHERE run_event.pk = run.event AND ${sql})`,
  params,
});
const ofFunction = ({ sql, params }: SqlTerm): SqlTerm => ({
  sql: `run.function IN (SELECT pk FROM run_function WHERE ${sql})`,
  params,
});

/** @throws {LonghaulError} SERVER_BAD_SEARCH */
function checkRunState(state: string): RunState {
  if (Object.hasOwn(State, state)) return state as RunState;
  throw new LonghaulError("SERVER_BAD_SEARCH", {
    reason: `"${state}" is no state of a run; there are ${Object.keys(State).join(", ")}`,
  });
}
