-- Alerts: how each rule stands, and what has still to be sent. Times are epoch milliseconds.

-- memory: what the rule has counted so far (JSON, src/alerts/memory.ts). Processes that share the file evaluate a rule in
-- turn: whoever stores over the evaluated_at that it has read is the one.
CREATE TABLE alert_rule (
  name TEXT PRIMARY KEY,
  evaluated_at INTEGER NOT NULL,
  memory TEXT NOT NULL
) WITHOUT ROWID;

-- A row while the condition of a rule holds for a subject. notified_at: when it was last said; NULL before it fires.
CREATE TABLE alert (
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  since INTEGER NOT NULL,
  notified_at INTEGER,
  count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (rule, subject)
) WITHOUT ROWID;

-- What has to be sent, and to which target. A row goes when it was sent, or given up. While one process sends it, it is
-- nobody else's before lease_until.
CREATE TABLE alert_delivery (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  target TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  owner INTEGER,
  lease_until INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX alert_delivery_due ON alert_delivery (target, due_at);
