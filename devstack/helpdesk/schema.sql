-- Version 1: a change here needs a new number in database.py.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE people (
  login TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE COLLATE NOCASE, department TEXT NOT NULL,
  manager TEXT, employment TEXT NOT NULL
);
CREATE TABLE systems (
  system_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, owner TEXT NOT NULL, levels TEXT NOT NULL,
  employees_only INTEGER NOT NULL
);
CREATE TABLE catalogue (
  sku TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, price_minor INTEGER NOT NULL, currency TEXT NOT NULL,
  delivery_days INTEGER NOT NULL
);
CREATE TABLE outages (
  outage_id TEXT PRIMARY KEY, system_id TEXT NOT NULL REFERENCES systems, state TEXT NOT NULL, summary TEXT NOT NULL,
  started_at TEXT NOT NULL, expected_until TEXT
);
-- Password resets, grants of access, orders and tickets: what was done, each under the key of who ordered it.
CREATE TABLE effects (
  effect_id TEXT PRIMARY KEY, kind TEXT NOT NULL, login TEXT NOT NULL REFERENCES people, status TEXT NOT NULL,
  details TEXT NOT NULL, created_at TEXT NOT NULL, idempotency_key TEXT NOT NULL UNIQUE
);
CREATE INDEX effects_by_login ON effects (kind, login);
-- Kept for ever: a key that was forgotten would let its order take effect a second time.
CREATE TABLE answers (
  idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL
);
