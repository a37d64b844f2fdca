-- A job is written once. Where it stands is told by one of three narrow tables, so that moving a job
-- through the queue appends and deletes small rows and never rewrites its payload:
--   pending   waiting, delayed or waiting for its children     (job.state, job.major, job.minor say which row)
--   active    claimed by a worker, with its lock               (overrides what the job row says)
--   finished  completed or failed                              (overrides what the job row says)
-- Times are epoch milliseconds. Job ids that are canonical decimals are stored as integers, others as text.

CREATE TABLE queue (
  id INTEGER PRIMARY KEY,
  prefix TEXT NOT NULL,
  name TEXT NOT NULL,
  meta TEXT NOT NULL DEFAULT '{}',
  last_job_id INTEGER NOT NULL DEFAULT 0,
  last_rank INTEGER NOT NULL DEFAULT 0,
  first_rank INTEGER NOT NULL DEFAULT 0,
  last_event INTEGER NOT NULL DEFAULT 0,
  event_count INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  prioritized INTEGER NOT NULL DEFAULT 0,
  delayed INTEGER NOT NULL DEFAULT 0,
  waiting_children INTEGER NOT NULL DEFAULT 0,
  active INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  limiter_count INTEGER NOT NULL DEFAULT 0,
  limiter_until INTEGER NOT NULL DEFAULT 0,
  stalled_check_until INTEGER NOT NULL DEFAULT 0,
  UNIQUE (prefix, name)
);

CREATE TABLE job (
  pk INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  id NOT NULL,
  state INTEGER NOT NULL,
  major INTEGER NOT NULL,
  minor INTEGER NOT NULL,
  name TEXT NOT NULL,
  data TEXT NOT NULL,
  opts TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  delay INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  attempts_made INTEGER NOT NULL DEFAULT 0,
  attempts_started INTEGER NOT NULL DEFAULT 0,
  stalled_count INTEGER NOT NULL DEFAULT 0,
  processed_on INTEGER,
  processed_by TEXT,
  progress TEXT,
  failed_reason TEXT,
  stacktrace TEXT,
  parent_key TEXT,
  parent TEXT,
  deduplication_id TEXT,
  repeat_job_key TEXT,
  deferred_failure TEXT,
  telemetry TEXT,
  pending_children INTEGER NOT NULL DEFAULT 0,
  failed_children INTEGER NOT NULL DEFAULT 0,
  extras INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX job_id ON job (queue, id);

CREATE TABLE pending (
  queue INTEGER NOT NULL,
  state INTEGER NOT NULL,
  major INTEGER NOT NULL,
  minor INTEGER NOT NULL,
  job INTEGER NOT NULL,
  PRIMARY KEY (queue, state, major, minor)
) WITHOUT ROWID;

CREATE TABLE active (
  queue INTEGER NOT NULL,
  job INTEGER NOT NULL,
  token TEXT,
  locked_until INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  processed_on INTEGER NOT NULL,
  processed_by TEXT,
  stall_suspect INTEGER NOT NULL DEFAULT 0,
  rank INTEGER NOT NULL,
  PRIMARY KEY (queue, job)
) WITHOUT ROWID;

CREATE TABLE finished (
  job INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  state INTEGER NOT NULL,
  finished_on INTEGER NOT NULL,
  processed_on INTEGER,
  processed_by TEXT,
  result TEXT
);
CREATE INDEX finished_order ON finished (queue, state, finished_on, job);

-- A parent's view of each of its children. It outlives the child.
CREATE TABLE child (
  parent INTEGER NOT NULL,
  child_key TEXT NOT NULL,
  state INTEGER NOT NULL,
  value TEXT,
  rank INTEGER NOT NULL,
  PRIMARY KEY (parent, child_key)
) WITHOUT ROWID;
CREATE INDEX child_order ON child (parent, state, rank);

CREATE TABLE deduplication (
  queue INTEGER NOT NULL,
  id TEXT NOT NULL,
  job TEXT NOT NULL,
  expires_at INTEGER,
  next_job TEXT,
  PRIMARY KEY (queue, id)
) WITHOUT ROWID;

CREATE TABLE scheduler (
  queue INTEGER NOT NULL,
  id TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (queue, id)
) WITHOUT ROWID;
CREATE INDEX scheduler_order ON scheduler (queue, next_at, id);

CREATE TABLE job_log (
  job INTEGER NOT NULL,
  line INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (job, line)
) WITHOUT ROWID;

CREATE TABLE metric (
  queue INTEGER NOT NULL,
  state INTEGER NOT NULL,
  count INTEGER NOT NULL,
  previous_at INTEGER NOT NULL,
  previous_count INTEGER NOT NULL,
  PRIMARY KEY (queue, state)
) WITHOUT ROWID;
CREATE TABLE metric_point (
  queue INTEGER NOT NULL,
  state INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (queue, state, sequence)
) WITHOUT ROWID;

-- One row a commit and queue: everything that happened in it, in order (src/queue/events/codec.ts).
CREATE TABLE event (
  queue INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  count INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (queue, sequence)
) WITHOUT ROWID;

-- Named connections, for getWorkers() and getQueueEvents().
CREATE TABLE client (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
