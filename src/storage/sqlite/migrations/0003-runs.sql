-- A run's row is rewritten when the run is claimed, suspended and ended, never for a step. What decides about its next
-- move lies in narrow tables that are read from one end, so that runs which sleep or are held back slow no others:
--   run_ready    may be claimed                                (run.state queued)
--   run_parked   queued, held back by a slot or a throttle     (run.state queued, run.parked says by which)
--   run_timer    all that is due at some time: delayed and sleeping runs, timeouts, throttles
--   run_wait     what a step waits for, and what cancels a run
-- The journal is an append-only log: an entry that changes is a new row, and the last row of a key counts.
-- Times are epoch milliseconds. Codes of states and kinds: src/runs/store/sqlite/codes.ts.

-- declaration: all of the function but its code (JSON), while processes are known to execute it; revision grows with
-- each change of one.
CREATE TABLE run_function (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  declaration TEXT,
  published_at INTEGER,
  revision INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX run_function_revision ON run_function (revision);

CREATE TABLE run_event (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  external_id TEXT,
  name TEXT NOT NULL,
  ts INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  extra TEXT
);

CREATE TABLE run (
  -- Never used again: events and journals may outlive a run by a moment.
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  function INTEGER NOT NULL,
  state INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  losses INTEGER NOT NULL DEFAULT 0,
  -- Claimed in this order: a time, moved by the priority.
  score INTEGER NOT NULL,
  -- Bits: what else there is to look after when the run moves.
  extras INTEGER NOT NULL DEFAULT 0,
  -- The first event, and all of them (JSON array) if there are several.
  event INTEGER NOT NULL,
  events TEXT,
  slots TEXT,
  options TEXT,
  queued_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  due_at INTEGER,
  parked TEXT,
  -- The lease. news: how many waits were answered since the claim that the holder has not taken note of.
  owner INTEGER,
  lease_until INTEGER,
  news INTEGER NOT NULL DEFAULT 0,
  output TEXT,
  error TEXT
);
CREATE INDEX run_lease ON run (lease_until, owner) WHERE owner IS NOT NULL;
CREATE INDEX run_function_runs ON run (function);
CREATE INDEX run_finished ON run (finished_at) WHERE finished_at IS NOT NULL;

-- Which runs an event is part of.
CREATE TABLE run_cause (
  event INTEGER NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (event, run)
) WITHOUT ROWID;

CREATE TABLE run_journal (
  pk INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  key TEXT NOT NULL,
  code INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  due_at INTEGER,
  data TEXT,
  error TEXT
);
CREATE INDEX run_journal_run ON run_journal (run);

CREATE TABLE run_ready (
  function INTEGER NOT NULL,
  score INTEGER NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (function, score, run)
) WITHOUT ROWID;

CREATE TABLE run_parked (
  key TEXT NOT NULL,
  score INTEGER NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (key, score, run)
) WITHOUT ROWID;

CREATE TABLE run_slot (
  key TEXT PRIMARY KEY,
  held INTEGER NOT NULL,
  max INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE run_timer (
  due INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  run INTEGER NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (due, kind, run, key)
) WITHOUT ROWID;

-- Found by channel, name and first equality part (path and value); `rest` holds the other parts, `expression` what
-- equality cannot say. `entry` is the pending journal row of the step; `answered` the run's generation when the answer
-- came (0: not yet).
CREATE TABLE run_wait (
  run INTEGER NOT NULL,
  purpose INTEGER NOT NULL,
  key TEXT NOT NULL,
  channel INTEGER NOT NULL,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  value TEXT NOT NULL,
  until INTEGER NOT NULL,
  entry INTEGER,
  answered INTEGER NOT NULL DEFAULT 0,
  rest TEXT,
  expression TEXT,
  PRIMARY KEY (run, purpose, key)
) WITHOUT ROWID;
CREATE INDEX run_wait_for ON run_wait (channel, name, path, value);

-- Steps that wait for the result of a run. A run that several starts were merged into may have several.
CREATE TABLE run_invoker (
  run INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (run, parent, key)
) WITHOUT ROWID;

-- Starts that are not repeated until a time.
CREATE TABLE run_start (
  function INTEGER NOT NULL,
  key TEXT NOT NULL,
  run TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (function, key)
) WITHOUT ROWID;
CREATE INDEX run_start_until ON run_start (until);

-- State of token buckets (a number) and of windows (a JSON array of times). May be forgotten after `until`.
CREATE TABLE run_rate (
  key TEXT PRIMARY KEY,
  state NOT NULL,
  until INTEGER NOT NULL
) WITHOUT ROWID;

-- Runs that still gather events: debounced ones and open batches.
CREATE TABLE run_gathering (
  function INTEGER NOT NULL,
  key TEXT NOT NULL,
  run INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (function, key)
) WITHOUT ROWID;

CREATE TABLE run_singleton (
  function INTEGER NOT NULL,
  key TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (function, key)
) WITHOUT ROWID;

CREATE TABLE run_schedule (
  function INTEGER NOT NULL,
  expression TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (function, expression)
) WITHOUT ROWID;

CREATE TABLE run_count (
  function INTEGER NOT NULL,
  state INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (function, state)
) WITHOUT ROWID;

-- A process is remembered until all it held has been given back, by whoever serves what it held: those who take over
-- runs must not make those who take over jobs forget it, nor the other way round.
CREATE TRIGGER process_holds_work BEFORE DELETE ON process
WHEN EXISTS (SELECT 1 FROM run INDEXED BY run_lease WHERE owner IS NOT NULL AND owner = OLD.id)
  OR EXISTS (SELECT 1 FROM active WHERE owner = OLD.id)
BEGIN
  SELECT RAISE(IGNORE);
END;

CREATE TRIGGER process_forgotten AFTER DELETE ON process
BEGIN
  DELETE FROM client WHERE owner = OLD.id;
END;
