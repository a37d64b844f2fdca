-- What tasks keep beside their runs. A run that has none of it has no row here, and costs nothing; Extra.belongings says
-- that it has. All of it goes with its run.

-- Null for runs that were made before there was such a column: then queued_at has to do.
ALTER TABLE run ADD COLUMN created_at INTEGER;
ALTER TABLE run_journal ADD COLUMN args TEXT;

-- Of a wait for runs: how many of them have not ended. `rest` has all of them, in order (JSON array of run_child.run).
ALTER TABLE run_wait ADD COLUMN missing INTEGER;
-- Whether the step waits for other runs too (run_child).
ALTER TABLE run_invoker ADD COLUMN is_child INTEGER NOT NULL DEFAULT 0;

-- Ends of the runs that a step waits for, until it is answered. Negative numbers stand for starts that made no run.
CREATE TABLE run_child (
  parent INTEGER NOT NULL,
  key TEXT NOT NULL,
  run INTEGER NOT NULL,
  end TEXT,
  PRIMARY KEY (parent, key, run)
) WITHOUT ROWID;

-- What the start of a run said itself: `data` is JSON of StartDetails without tags and metadata.
CREATE TABLE run_detail (
  run INTEGER PRIMARY KEY,
  parent TEXT,
  root TEXT,
  schedule TEXT,
  queue TEXT,
  is_test INTEGER,
  tags TEXT,
  data TEXT
);
CREATE INDEX run_detail_parent ON run_detail (parent) WHERE parent IS NOT NULL;
CREATE INDEX run_detail_root ON run_detail (root) WHERE root IS NOT NULL;
CREATE INDEX run_detail_schedule ON run_detail (schedule) WHERE schedule IS NOT NULL;

CREATE TABLE run_tag (
  tag TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (tag, run)
) WITHOUT ROWID;

CREATE TABLE run_metadata (
  run INTEGER PRIMARY KEY,
  data TEXT NOT NULL
);

CREATE TABLE run_token (
  -- Never used again: a timer may outlive its token.
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  state INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  timeout_at INTEGER,
  ended_at INTEGER,
  -- The run that made it, while that is kept.
  run INTEGER,
  idempotency_key TEXT,
  idempotency_until INTEGER,
  tags TEXT,
  output TEXT
);
CREATE INDEX run_token_key ON run_token (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX run_token_run ON run_token (run) WHERE run IS NOT NULL;

-- What is said about queues. Those of which nothing is said have no row.
CREATE TABLE run_queue (
  name TEXT PRIMARY KEY,
  base INTEGER,
  override INTEGER,
  overridden_at INTEGER,
  is_paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX run_queue_special ON run_queue (name)
  WHERE is_paused = 1 OR base IS NOT NULL OR override IS NOT NULL;

-- Runs that are queued and running in queues other than those of one function; those are counted in run_count.
CREATE TABLE run_queue_count (
  queue TEXT NOT NULL,
  state INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (queue, state)
) WITHOUT ROWID;

-- Schedules that are made while the program runs; run_schedule has those of the code. next_at: null while not active.
CREATE TABLE run_cron (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL UNIQUE,
  function INTEGER NOT NULL,
  cron TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  external_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_at INTEGER,
  next_at INTEGER
);
CREATE INDEX run_cron_next ON run_cron (function, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE run_stream (
  pk INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  name TEXT NOT NULL,
  next INTEGER NOT NULL,
  is_closed INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX run_stream_name ON run_stream (run, name);

CREATE TABLE run_chunk (
  pk INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  position INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE UNIQUE INDEX run_chunk_position ON run_chunk (stream, position);

CREATE TABLE run_log (
  pk INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  code INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  message TEXT NOT NULL,
  properties TEXT,
  span TEXT,
  parent TEXT,
  duration REAL
);
CREATE UNIQUE INDEX run_log_seq ON run_log (run, seq);

CREATE TABLE run_batch (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  -- Null: as many as it has.
  count INTEGER,
  idempotency_key TEXT,
  idempotency_until INTEGER
);
CREATE INDEX run_batch_key ON run_batch (idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE run_member (
  batch INTEGER NOT NULL,
  position INTEGER NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (batch, position)
) WITHOUT ROWID;
CREATE INDEX run_member_run ON run_member (run);
