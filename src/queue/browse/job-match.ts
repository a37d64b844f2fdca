import { LonghaulError } from "../../core/errors.ts";
import {
  allOf,
  anyOf,
  contains,
  isNamed,
  jsonContains,
  jsonHas,
  type SqlTerm,
} from "../../core/search/sql-terms.ts";
import type { SearchQuery } from "../../core/search/search-query.ts";
import type { KeyMatch } from "../../storage/sqlite/search-table.ts";
import { encodeJobId } from "../jobs/job-id.ts";
import { checkJobState, ENDS, type JobStateName, LINES } from "./job-states.ts";
import { queueOfName } from "./queue-name.ts";

/** Where the keys come from, so that as few rows as possible are read. */
interface Source {
  readonly from: string;
  readonly key: string;
  readonly term: SqlTerm;
}

const TRUE: SqlTerm = { sql: "1", params: [] };
const NOT_OUT_OF_LINE = `NOT EXISTS (SELECT 1 FROM finished WHERE finished.job = job.pk)
  AND NOT EXISTS (SELECT 1 FROM active WHERE active.queue = job.queue AND active.job = job.pk)`;
const QUEUE_IDS = `(SELECT queue.id FROM json_each(?) AS wanted
  CROSS JOIN queue ON queue.prefix = wanted.value ->> 0 AND queue.name = wanted.value ->> 1)`;

/**
 * The statements for a search. With an error and no state it is about failed jobs.
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export function matchJobs(query: SearchQuery): KeyMatch {
  if (query.tags.length > 0)
    throw new LonghaulError("SERVER_BAD_SEARCH", { reason: "jobs have no tags, only runs do" });
  // Nearly all jobs with an error have failed, and those are found twenty times faster.
  const wanted = query.states.length === 0 && query.errors.length > 0 ? ["failed"] : query.states;
  const states = [...new Set(wanted.map(checkJobState))];
  const source = sourceOf(query, states);
  const term = allOf([source.term, ...conditionsOf(query)]);
  const select = (order: string) => `SELECT ${source.key} FROM ${source.from}
  AND ${source.key} >= ? AND ${source.key} <= ? AND ${term.sql} ORDER BY ${source.key}${order} LIMIT ?`;
  const before = query.ids.length > 0 ? [JSON.stringify(query.ids.map(encodeJobId))] : [];
  return {
    down: select(" DESC"),
    up: select(""),
    isIndexed: query.ids.length > 0,
    before,
    after: term.params,
  };
}

function sourceOf(query: SearchQuery, states: readonly JobStateName[]): Source {
  const isEnd = (state: JobStateName): state is keyof typeof ENDS => state in ENDS;
  if (query.ids.length > 0) {
    const from = `job INDEXED BY job_id WHERE job.queue IN (SELECT id FROM queue)
  AND job.id IN (SELECT value FROM json_each(?) AS wanted)`;
    return { from, key: "job.pk", term: stateTerm(states) };
  }
  if (states.length > 0 && states.every(isEnd)) {
    const codes = states.map((state) => ENDS[state]).join(", ");
    const from = `finished NOT INDEXED CROSS JOIN job ON job.pk = finished.job
  WHERE finished.state IN (${codes})`;
    return { from, key: "finished.job", term: TRUE };
  }
  if (states.length === 1 && states[0] === "active")
    return {
      from: "active CROSS JOIN job ON job.pk = active.job WHERE 1",
      key: "active.job",
      term: TRUE,
    };
  return { from: "job NOT INDEXED WHERE 1", key: "job.pk", term: stateTerm(states) };
}

function stateTerm(states: readonly JobStateName[]): SqlTerm {
  if (states.length === 0) return TRUE;
  return anyOf(states.map((state) => ({ sql: inState(state), params: [] })));
}

function inState(state: JobStateName): string {
  if (state === "active")
    return "EXISTS (SELECT 1 FROM active WHERE active.queue = job.queue AND active.job = job.pk)";
  if (state === "completed" || state === "failed")
    return `EXISTS (SELECT 1 FROM finished WHERE finished.job = job.pk AND finished.state = ${ENDS[state]})`;
  return `(job.${LINES[state].replace("AND ", "AND job.")} AND ${NOT_OUT_OF_LINE})`;
}

/** What a job has to be, the cheap conditions first: SQLite asks them in this order. */
function conditionsOf(query: SearchQuery): SqlTerm[] {
  const terms: SqlTerm[] = [];
  const { names, queues, after, before, errors, data, text } = query;
  if (queues.length > 0) {
    const wanted = queues.map(queueOfName).map(({ prefix, name }) => [prefix, name]);
    terms.push({ sql: `job.queue IN ${QUEUE_IDS}`, params: [JSON.stringify(wanted)] });
  }
  if (names.length > 0) terms.push(anyOf(names.map((name) => isNamed("job.name", name))));
  if (after !== undefined) terms.push({ sql: "job.timestamp >= ?", params: [after] });
  if (before !== undefined) terms.push({ sql: "job.timestamp < ?", params: [before] });
  for (const error of errors) terms.push(contains("job.failed_reason", error));
  for (const term of data) terms.push(jsonHas("job.data", term));
  for (const word of text)
    terms.push(
      anyOf([
        ...(query.isPayloadHidden ? [] : [jsonContains("job.data", word)]),
        contains("job.name", word),
        contains("job.failed_reason", word),
        { sql: "job.id = ?", params: [encodeJobId(word)] },
      ]),
    );
  return terms;
}
