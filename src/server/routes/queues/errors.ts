import { z } from "zod";
import { type ErrorGroup, readErrorGroups } from "../../errors/error-groups.ts";
import { type GroupMark, storeMark } from "../../errors/group-marks.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import type { Principal } from "../../principal.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { DONE, done, iso, isoOrNull, time } from "./fields.ts";
import { notFound } from "./find-queue.ts";

/** Failed jobs and runs, by kind of failure. */

const status = z.enum(["open", "resolved", "ignored"]);

const example = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("job"),
    ...{ id: z.string(), queue: z.string(), name: z.string(), at: time, message: z.string() },
  }),
  z.object({
    kind: z.literal("run"),
    ...{ id: z.string(), functionId: z.string(), at: time, message: z.string() },
  }),
]);

const errorGroup = z.object({
  fingerprint: z.string(),
  /** The message; what differs each time is `*`. */
  message: z.string(),
  /** Where it was thrown; "" if that is not known. */
  frame: z.string(),
  /** How many of the failures that are kept and were looked at. */
  count: z.int(),
  jobs: z.int(),
  runs: z.int(),
  firstSeen: time,
  lastSeen: time,
  status,
  /** Whether it happened again after it was resolved. */
  isBack: z.boolean(),
  changedAt: time.nullable(),
  changedBy: z.string().nullable(),
  /** The newest of them. */
  examples: z.array(example),
});

function show(group: ErrorGroup): z.input<typeof errorGroup> {
  const { mark, firstSeen, lastSeen, examples, ...rest } = group;
  return {
    ...rest,
    firstSeen: iso(firstSeen),
    lastSeen: iso(lastSeen),
    changedAt: isoOrNull(mark?.changedAt),
    changedBy: mark?.changedBy ?? null,
    examples: examples.map((each) => Object.assign({}, each, { at: iso(each.at) })),
  };
}

export const errors = route({
  id: "errors.list",
  summary: "Failed jobs and runs by kind of failure, the one that happened last first",
  description:
    "Failures are of one kind if their messages differ in numbers, ids and quoted parts only, and they were thrown in the same function. The newest 5,000 failed jobs and runs that are kept are looked at; `complete` tells whether those are all.",
  role: "viewer",
  query: z.strictObject({ ...pageQuery, status: status.default("open") }),
  answer: pageOf(errorGroup).extend({ complete: z.boolean() }),
  handler: async ({ query: { limit, cursor, status: wanted }, host }) => {
    const after = decodeCursor(cursor, ["number", "string"]) as [number, string] | undefined;
    const { groups, complete } = await readErrorGroups(host.parts.store);
    const rest = groups.filter(
      (group) => group.status === wanted && (after === undefined || comesAfter(group, after)),
    );
    const page = toPage(rest, limit, (group) => [group.lastSeen, group.fingerprint], show);
    return { ...page, complete };
  },
});

const comesAfter = ({ lastSeen, fingerprint }: ErrorGroup, [at, print]: [number, string]) =>
  lastSeen < at || (lastSeen === at && fingerprint > print);

const params = z.object({
  fingerprint: z.string().regex(/^[0-9a-f]{16}$/, "16 hexadecimal digits"),
});

export const errorOne = route({
  id: "errors.get",
  summary: "One kind of failure",
  role: "viewer",
  params,
  answer: errorGroup,
  handler: async ({ params: { fingerprint }, host }) => {
    const { groups } = await readErrorGroups(host.parts.store);
    const group = groups.find((each) => each.fingerprint === fingerprint);
    return group ? show(group) : notFound(`error ${fingerprint}`);
  },
});

async function mark(
  host: ServerHost,
  fingerprint: string,
  given: { readonly status: GroupMark["status"]; readonly principal: Principal } | undefined,
) {
  const { store, clock } = host.parts;
  const { groups } = await readErrorGroups(store);
  if (!groups.some((each) => each.fingerprint === fingerprint)) notFound(`error ${fingerprint}`);
  const changed = given && {
    ...{ status: given.status, changedAt: clock.now(), changedBy: given.principal.name },
  };
  await storeMark(store, fingerprint, changed);
  return DONE;
}

export const resolveError = route({
  id: "errors.resolve",
  summary: "Says that a kind of failure is repaired; it is open again when it happens again",
  role: "operator",
  params,
  answer: done,
  handler: ({ params: { fingerprint }, host, principal }) =>
    mark(host, fingerprint, { status: "resolved", principal }),
});

export const ignoreError = route({
  id: "errors.ignore",
  summary: "Says that nobody wants to see a kind of failure",
  role: "operator",
  params,
  answer: done,
  handler: ({ params: { fingerprint }, host, principal }) =>
    mark(host, fingerprint, { status: "ignored", principal }),
});

export const reopenError = route({
  id: "errors.reopen",
  summary: "Takes back that a kind of failure is resolved or ignored",
  role: "operator",
  params,
  answer: done,
  handler: ({ params: { fingerprint }, host }) => mark(host, fingerprint, undefined),
});
