import { decodeEvents } from "../../src/queue/events/codec.ts";
import {
  openConnection,
  type Connection,
  type SqlValue,
} from "../../src/storage/sqlite/connection.ts";

/** A rule of the file: its name, and the SQL that finds whatever breaks it. */
type Rule = readonly [rule: string, offenders: string];

/** Where jobs stand, one row a place. */
const PLACES = `SELECT queue, job FROM pending UNION ALL SELECT queue, job FROM active UNION ALL SELECT queue, job FROM finished`;
/** A job's id as BullMQ knows it. Drivers may store a whole number as a floating one. */
const ID =
  "iif(typeof(job.id) = 'real', CAST(CAST(job.id AS INTEGER) AS TEXT), CAST(job.id AS TEXT))";
/** A job's qualified key. */
const KEY = `queue.prefix || ':' || queue.name || ':' || ${ID}`;

const counted = (column: string, from: string): Rule => [
  `queue.${column} is the number of rows`,
  `SELECT name, ${column}, (SELECT count(*) FROM ${from}) AS found FROM queue WHERE ${column} <> found`,
];

const jsonIn = (table: string, column: string, key: string): Rule => [
  `${table}.${column} is JSON`,
  `SELECT ${key} FROM ${table} WHERE ${column} IS NOT NULL AND json_valid(${column}) = 0`,
];

const RULES: readonly Rule[] = [
  counted("waiting", "pending WHERE queue = queue.id AND state = 1 AND major = 0"),
  counted("prioritized", "pending WHERE queue = queue.id AND state = 1 AND major > 0"),
  counted("delayed", "pending WHERE queue = queue.id AND state = 2"),
  counted("waiting_children", "pending WHERE queue = queue.id AND state = 3"),
  counted("active", "active WHERE queue = queue.id"),
  counted("completed", "finished WHERE queue = queue.id AND state = 4"),
  counted("failed", "finished WHERE queue = queue.id AND state = 5"),
  [
    "queue.event_count is the number of events",
    `SELECT name, event_count, coalesce((SELECT sum(count) FROM event WHERE queue = queue.id), 0) AS found
      FROM queue WHERE event_count <> found`,
  ],
  [
    "events are numbered without gaps, up to queue.last_event",
    `SELECT name, last_event, max(sequence), min(sequence), count(*) FROM queue JOIN event ON event.queue = queue.id
      GROUP BY queue.id HAVING max(sequence) <> last_event OR max(sequence) - min(sequence) + 1 <> count(*)`,
  ],

  [
    "a job stands in exactly one place",
    `SELECT job, count(*) FROM (${PLACES}) GROUP BY job HAVING count(*) <> 1`,
  ],
  [
    "a job stands somewhere",
    `SELECT pk, id FROM job WHERE pk NOT IN (SELECT job FROM (${PLACES}))`,
  ],
  [
    "whatever stands in a place is a job of that queue",
    `SELECT place.queue, place.job FROM (${PLACES}) AS place LEFT JOIN job ON job.pk = place.job
      WHERE job.pk IS NULL OR job.queue <> place.queue`,
  ],
  [
    "a pending job's row names its place",
    `SELECT job.pk, job.state, job.major, job.minor, pending.state, pending.major, pending.minor
      FROM pending JOIN job ON job.pk = pending.job
      WHERE (job.state, job.major, job.minor) IS NOT (pending.state, pending.major, pending.minor)`,
  ],
  ["a job is in a queue", "SELECT pk FROM job WHERE queue NOT IN (SELECT id FROM queue)"],
  [
    "states are known",
    `SELECT pk, job.state FROM job LEFT JOIN finished ON finished.job = job.pk
      WHERE job.state NOT IN (1, 2, 3) OR coalesce(finished.state, 4) NOT IN (4, 5)`,
  ],
  [
    "ranks lie between queue.first_rank and queue.last_rank",
    `SELECT name, rank FROM queue JOIN (SELECT queue, minor AS rank FROM pending UNION ALL SELECT queue, rank FROM active)
      AS ranked ON ranked.queue = queue.id WHERE rank > last_rank OR rank < first_rank`,
  ],
  [
    "attempts are counted upwards",
    "SELECT pk, attempts_made, attempts_started FROM job WHERE attempts_made < 0 OR attempts_started < 0 OR stalled_count < 0",
  ],
  [
    "an active job belongs to a process that is known, or nobody would give it back",
    "SELECT job, owner FROM active WHERE owner NOT IN (SELECT id FROM process)",
  ],

  [
    "job.pending_children and job.failed_children are the numbers of children",
    `SELECT pk, pending_children, failed_children,
        (SELECT count(*) FROM child WHERE parent = pk AND state = 0) AS pending,
        (SELECT count(*) FROM child WHERE parent = pk AND state = 3) AS failed
      FROM job WHERE pending_children <> pending OR failed_children <> failed`,
  ],
  [
    "a child has a parent",
    "SELECT parent, child_key FROM child WHERE parent NOT IN (SELECT pk FROM job)",
  ],
  [
    "a parent's extras tell of its children",
    "SELECT pk, extras FROM job WHERE pk IN (SELECT parent FROM child) AND extras & 2 = 0",
  ],
  [
    "who waits for children has some to wait for",
    `SELECT pk, id FROM job JOIN pending ON pending.job = job.pk
      WHERE pending.state = 3 AND job.pending_children = 0`,
  ],
  [
    "a child that is waited for exists, names its parent, and is not completed",
    `SELECT child_key, found.pk FROM child
      JOIN (SELECT job.pk AS parent, ${KEY} AS parent_key FROM job JOIN queue ON queue.id = job.queue) USING (parent)
      LEFT JOIN (SELECT job.pk, ${KEY} AS key, job.parent_key AS named, finished.state AS finished
        FROM job JOIN queue ON queue.id = job.queue LEFT JOIN finished ON finished.job = job.pk) AS found ON key = child_key
      WHERE child.state = 0 AND (found.pk IS NULL OR named IS NOT parent_key OR finished = 4)`,
  ],

  ["a log line has a job", "SELECT job, line FROM job_log WHERE job NOT IN (SELECT pk FROM job)"],
  [
    "a job's extras tell of its log",
    "SELECT pk, extras FROM job WHERE pk IN (SELECT job FROM job_log) AND extras & 1 = 0",
  ],
  [
    "a deduplication id without a time is held by a job that is not finished",
    `SELECT deduplication.queue, deduplication.id, deduplication.job FROM deduplication
      LEFT JOIN job ON job.queue = deduplication.queue AND ${ID} = deduplication.job
      LEFT JOIN finished ON finished.job = job.pk
      WHERE deduplication.job <> '' AND expires_at IS NULL AND (job.pk IS NULL OR finished.job IS NOT NULL)`,
  ],
  [
    "an endless scheduler has its next job",
    `SELECT scheduler.queue, scheduler.id, scheduler.next_at FROM scheduler
      LEFT JOIN job ON job.queue = scheduler.queue AND job.id = 'repeat:' || scheduler.id || ':' || scheduler.next_at
      LEFT JOIN finished ON finished.job = job.pk
      WHERE fields ->> '$.limit' IS NULL AND fields ->> '$.endDate' IS NULL AND (job.pk IS NULL OR finished.job IS NOT NULL)`,
  ],
  [
    "rows of queues have their queue",
    `SELECT queue FROM (SELECT queue FROM event UNION ALL SELECT queue FROM deduplication UNION ALL SELECT queue FROM scheduler
      UNION ALL SELECT queue FROM metric UNION ALL SELECT queue FROM metric_point) WHERE queue NOT IN (SELECT id FROM queue)`,
  ],
  jsonIn("queue", "meta", "name"),
  jsonIn("job", "opts", "pk"),
  jsonIn("job", "parent", "pk"),
  jsonIn("job", "stacktrace", "pk"),
  jsonIn("deduplication", "next_job", "id"),
  jsonIn("scheduler", "fields", "id"),
];

/**
 * Looks for everything that may not be in a file of ours: damage SQLite finds, and rows that contradict each other.
 * Takes one snapshot, so it may look while others write.
 * @returns what is wrong, in words; nothing if the file is sound
 */
export function checkFile(path: string): string[] {
  const connection = openConnection({ path, readOnly: true });
  try {
    connection.exec("BEGIN");
    return [
      ...connection
        .sql("PRAGMA integrity_check")
        .all()
        .map(([finding]) => `integrity_check: ${String(finding)}`)
        .filter((finding) => finding !== "integrity_check: ok"),
      ...RULES.flatMap(([rule, offenders]) => broken(connection, rule, offenders)),
      ...unreadable(connection),
      ...miscountedEvents(connection),
    ];
  } finally {
    connection.close();
  }
}

function broken(connection: Connection, rule: string, offenders: string): string[] {
  const rows = connection.sql(offenders).all();
  if (rows.length === 0) return [];
  return [`broken: ${rule} (${rows.length}): ${JSON.stringify(rows.slice(0, 3))}`];
}

/** Payloads are parsed here: SQLite's own JSON does not go as deep as JavaScript's. */
function unreadable(connection: Connection): string[] {
  const texts = connection.sql("SELECT 'job ' || pk, data FROM job").all();
  const results = connection
    .sql("SELECT 'result of ' || job, result FROM finished WHERE state = 4")
    .all();
  return [...texts, ...results].flatMap(([what, text]) => {
    try {
      JSON.parse(text as string);
      return [];
    } catch (error) {
      return [`not JSON: ${String(what)}: ${String(error)}`];
    }
  });
}

function miscountedEvents(connection: Connection): string[] {
  const rows = connection.sql("SELECT queue, sequence, count, body FROM event").all();
  return rows.flatMap(([queue, sequence, count, body]) => {
    const found = decodeEvents(body as string).length;
    return found === count
      ? []
      : [`event ${String(queue)}/${String(sequence)}: ${String(count)} counted, ${found} there`];
  });
}

/** What may differ between two runs of the same operations at the same time: who did them. */
const LEFT_OUT = new Set(["active.owner"]);
const TABLES = `SELECT name FROM sqlite_master
  WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('process', 'client')`;

/** Every row of every table but those about processes, for comparing two files. */
export function contents(path: string): Record<string, SqlValue[][]> {
  const connection = openConnection({ path, readOnly: true });
  try {
    connection.exec("BEGIN");
    const tables = connection.sql(TABLES).all() as [string][];
    return Object.fromEntries(tables.map(([table]) => [table, rowsOf(connection, table)]));
  } finally {
    connection.close();
  }
}

function rowsOf(connection: Connection, table: string): SqlValue[][] {
  const columns = connection
    .sql("SELECT name FROM pragma_table_info(?)")
    .all(table)
    .map(([name]) => name as string)
    .filter((name) => !LEFT_OUT.has(`${table}.${name}`));
  const order = columns.map((_, index) => index + 1).join(", ");
  return connection.sql(`SELECT ${columns.join(", ")} FROM ${table} ORDER BY ${order}`).all();
}
