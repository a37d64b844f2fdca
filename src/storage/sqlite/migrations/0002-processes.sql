-- Who has this file open. A row is one open store, so a process may have several; ids are never used again, because
-- rows of `active` name their owner by it.
CREATE TABLE process (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  boot_id TEXT NOT NULL,
  kernel TEXT NOT NULL,
  machine TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started TEXT,
  heartbeat_at INTEGER NOT NULL
);
