-- Version 2: a change here needs a new number in database.py.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE customers (
  customer_id TEXT PRIMARY KEY, name TEXT NOT NULL, organisation TEXT, locale TEXT NOT NULL,
  tier TEXT NOT NULL
);
CREATE TABLE addresses (
  customer_id TEXT NOT NULL REFERENCES customers, position INTEGER NOT NULL, address TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (customer_id, position)
);
CREATE INDEX addresses_by_address ON addresses (address);
CREATE TABLE orders (
  order_number TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, placed_at TEXT NOT NULL,
  status TEXT NOT NULL, delivered_at TEXT, tracking_url TEXT, expected_at TEXT,
  currency TEXT NOT NULL, total_minor INTEGER NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE TABLE order_lines (
  order_number TEXT NOT NULL REFERENCES orders, position INTEGER NOT NULL, sku TEXT NOT NULL, title TEXT NOT NULL,
  quantity INTEGER NOT NULL, unit_price_minor INTEGER NOT NULL, final_sale INTEGER NOT NULL,
  PRIMARY KEY (order_number, position)
);
CREATE TABLE payments (
  payment_id TEXT PRIMARY KEY, order_number TEXT NOT NULL REFERENCES orders, amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL, captured_at TEXT NOT NULL, disputed INTEGER NOT NULL
);
CREATE INDEX payments_by_order ON payments (order_number);
CREATE TABLE refunds (
  refund_id TEXT PRIMARY KEY, payment_id TEXT NOT NULL REFERENCES payments,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), status TEXT NOT NULL, reason TEXT NOT NULL,
  created_at TEXT NOT NULL, idempotency_key TEXT NOT NULL UNIQUE
);
CREATE INDEX refunds_by_payment ON refunds (payment_id);
-- Kept for ever: a key that was forgotten would let its order take effect a second time.
CREATE TABLE answers (
  idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL
);
