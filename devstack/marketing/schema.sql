-- Version 1: a change here needs a new number in database.py.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE channels (channel TEXT PRIMARY KEY, max_chars INTEGER NOT NULL);
CREATE TABLE posts (
  post_id TEXT PRIMARY KEY, channel TEXT NOT NULL REFERENCES channels, title TEXT NOT NULL, text TEXT NOT NULL,
  form TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL, idempotency_key TEXT NOT NULL UNIQUE
);
-- Kept for ever: a key that was forgotten would let its order take effect a second time.
CREATE TABLE answers (
  idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL
);
