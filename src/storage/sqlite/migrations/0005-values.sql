-- Values by name that no run owns.
CREATE TABLE run_value (
  space TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (space, name)
) WITHOUT ROWID;

-- Events are asked for by their senders' ids too.
CREATE INDEX run_event_external ON run_event (external_id) WHERE external_id IS NOT NULL;
