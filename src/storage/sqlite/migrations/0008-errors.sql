-- What people said about groups of errors, and what they asked to be done with many jobs or runs at once.
-- Times are epoch milliseconds.

-- A group of failures that somebody has resolved or ignores; one that nobody spoke about has no row.
CREATE TABLE error_group (
  fingerprint TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL
) WITHOUT ROWID;

-- A bulk operation. filter: what it is about (JSON). snapshot: where everything stood when it was asked for (JSON), so
-- that it never touches what came later. position: the key up to which all was looked at. While a process works on it,
-- it is nobody else's before lease_until.
CREATE TABLE operation (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  target TEXT NOT NULL,
  action TEXT NOT NULL,
  filter TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  state TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  position INTEGER NOT NULL,
  last_key INTEGER NOT NULL,
  matched INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  errors TEXT NOT NULL DEFAULT '[]',
  owner INTEGER,
  lease_until INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX operation_open ON operation (lease_until) WHERE finished_at IS NULL;
