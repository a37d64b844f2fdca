import { z } from "zod";
import {
  parseSearch,
  parseTime,
  parsePath,
  type SearchQuery,
} from "../../../core/search/search-query.ts";
import { LonghaulError } from "../../../core/errors.ts";
import type { Redactor } from "../../redact.ts";

/** A search as it is asked for: in one string, in fields of its own, or both; all of it has to fit. */

const list = z.string().max(1_000).optional();

export const searchFields = {
  /** The search language: `queue:mail state:failed data.user.id:42 "no such host"`. */
  q: z.string().max(1_000).optional(),
  id: list,
  name: list,
  queue: list,
  state: list,
  tag: list,
  /** In the message of the error. */
  error: list,
  /** `path.to.field:value` in the payload. */
  data: list,
  /** Made at this time or later: ISO 8601, or `2h` for two hours ago. */
  after: z.string().max(50).optional(),
  before: z.string().max(50).optional(),
} as const;

/** The fields as a body or a query has them. */
export type SearchFields = {
  readonly [Field in keyof typeof searchFields]?: string | undefined;
};

/**
 * What is searched for.
 *
 * @param redact what is shown to nobody is not searched either
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export function readSearch(fields: SearchFields, now: number, redact: Redactor): SearchQuery {
  const { q = "", id, name, queue, state, tag, error, data, after, before } = fields;
  const said = parseSearch(q, now);
  const query: SearchQuery = {
    ...said,
    ids: one(said.ids, id),
    names: one(said.names, name),
    queues: one(said.queues, queue),
    states: state === undefined ? said.states : state.split(",").filter(Boolean),
    tags: [...said.tags, ...one([], tag)],
    errors: [...said.errors, ...one([], error)],
    data: data === undefined ? said.data : [...said.data, dataTerm(data)],
    after: after === undefined ? said.after : parseTime(after, now),
    before: before === undefined ? said.before : parseTime(before, now),
    ...(redact.hidesSome && { isPayloadHidden: true }),
  };
  for (const { path } of query.data)
    if (redact.hides(path))
      throw new LonghaulError("SERVER_BAD_SEARCH", {
        reason: `data.${path.join(".")} is hidden, so it cannot be searched`,
      });
  return query;
}

const one = (said: readonly string[], field: string | undefined): readonly string[] =>
  field === undefined ? said : [field];

/** @throws {LonghaulError} SERVER_BAD_SEARCH */
function dataTerm(text: string) {
  const colon = text.indexOf(":");
  if (colon < 1)
    throw new LonghaulError("SERVER_BAD_SEARCH", {
      reason: `"${text}" is not path.to.field:value`,
    });
  return { path: parsePath(text.slice(0, colon)), value: text.slice(colon + 1) };
}
