-- The server: who may ask, what was done, and answers that are given again. Times are epoch milliseconds.

-- The only thing kept of a token is the SHA-256 of it. scopes: JSON array. A revoked one stays, for those who read the
-- audit log.
CREATE TABLE api_token (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID;

-- A browser that is logged in, by the SHA-256 of what its cookie says. It lasts no longer than the token that it was
-- made with: token_hash is that of the row in api_token, or of the token in the environment.
CREATE TABLE login_session (
  hash BLOB PRIMARY KEY,
  token_hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_session_expires ON login_session (expires_at);

-- Public tokens that may be used once, and were.
CREATE TABLE used_token (
  id TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_token_expires ON used_token (expires_at);

-- What the server decided once, for all processes of the file: the secret that public tokens are signed with.
CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- What was done through the server. outcome: 'done', 'refused' (the caller's fault) or 'failed'.
CREATE TABLE audit (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  actor_id TEXT,
  role TEXT,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER NOT NULL,
  code TEXT,
  address TEXT,
  request_id TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);

-- Requests that were sent with an Idempotency-Key. id: made of who sent it and the key; fingerprint: SHA-256 of what was
-- sent. While the request is answered, holder has it until lease_until; afterwards status and answer are what was
-- answered, without the answer where that held a secret.
CREATE TABLE idempotency (
  id TEXT PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  holder TEXT,
  lease_until INTEGER NOT NULL,
  status INTEGER,
  content_type TEXT,
  answer TEXT,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_created ON idempotency (created_at);
