-- The first schema. Tables are ours to change; only the views at the end are promised.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE accounts (
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, platform TEXT NOT NULL, owner TEXT NOT NULL,
  identity TEXT NOT NULL, take_from TEXT, first_seen TEXT NOT NULL);

CREATE TABLE orders (
  id TEXT PRIMARY KEY, store TEXT NOT NULL, ref TEXT NOT NULL, number TEXT NOT NULL, owner TEXT NOT NULL,
  placed_at TEXT NOT NULL, updated_at TEXT NOT NULL, currency TEXT NOT NULL, payment TEXT NOT NULL,
  ready INTEGER NOT NULL, canceled INTEGER NOT NULL, raw_status TEXT NOT NULL, total TEXT NOT NULL,
  digest TEXT NOT NULL, version INTEGER NOT NULL, taken INTEGER NOT NULL, held INTEGER NOT NULL,
  refresh INTEGER NOT NULL, unsourced INTEGER NOT NULL, source_at TEXT, progress_begun TEXT NOT NULL,
  progress_shown TEXT NOT NULL,
  seen_at TEXT NOT NULL, next_at TEXT, failures INTEGER NOT NULL, doc TEXT NOT NULL,
  UNIQUE (store, ref));
CREATE INDEX orders_by_time ON orders (store, placed_at, id);

CREATE INDEX orders_by_number ON orders (number);
CREATE INDEX orders_by_taken ON orders (taken);
CREATE INDEX orders_by_owner ON orders (owner, taken, id);

-- In which tabs an order stands, and through what: itself, a purchase order, a case. Derived, and kept only so
-- that lists and counts need not read those. An empty tab is all orders, as a list is read that has no tab.
CREATE TABLE stands (
  order_id TEXT NOT NULL REFERENCES orders (id), about TEXT NOT NULL, tab TEXT NOT NULL, supplier TEXT NOT NULL,
  store TEXT NOT NULL, owner TEXT NOT NULL, placed_at TEXT NOT NULL, PRIMARY KEY (order_id, about, tab));
CREATE INDEX stands_by_tab ON stands (tab, placed_at, order_id);
CREATE INDEX stands_by_store ON stands (tab, store, placed_at, order_id);
CREATE INDEX stands_by_owner ON stands (tab, owner, placed_at, order_id);
CREATE INDEX stands_by_supplier ON stands (tab, supplier, placed_at, order_id);

-- Shopper data stands apart so that it can be forgotten; the hash is salted per order.
CREATE TABLE order_private (
  order_id TEXT PRIMARY KEY REFERENCES orders (id), salt TEXT NOT NULL, hash TEXT NOT NULL, doc TEXT NOT NULL);
CREATE TABLE tombstones (order_id TEXT PRIMARY KEY, at TEXT NOT NULL);

CREATE TABLE lines (
  order_id TEXT NOT NULL REFERENCES orders (id), ref TEXT NOT NULL, sku TEXT NOT NULL, link_key TEXT NOT NULL,
  name TEXT NOT NULL, quantity TEXT NOT NULL, open TEXT NOT NULL, shippable INTEGER NOT NULL,
  waits TEXT NOT NULL, PRIMARY KEY (order_id, ref));
CREATE INDEX lines_by_key ON lines (link_key);
CREATE INDEX lines_by_sku ON lines (sku);

CREATE TABLE links (
  store TEXT NOT NULL, link_key TEXT NOT NULL, supplier TEXT NOT NULL, remote_id TEXT NOT NULL,
  factor TEXT NOT NULL, cost TEXT NOT NULL, priority INTEGER NOT NULL,
  PRIMARY KEY (store, link_key, supplier, remote_id));

-- What a supplier asked for a remote id and how many it had, to choose among several suppliers by it.
CREATE TABLE offers (
  supplier TEXT NOT NULL, remote_id TEXT NOT NULL, price TEXT NOT NULL, available TEXT, seen_at TEXT NOT NULL,
  PRIMARY KEY (supplier, remote_id));

-- Which part of a supplier sells a remote id, where one order cannot hold them all; empty if none does.
CREATE TABLE parts (
  supplier TEXT NOT NULL, remote_id TEXT NOT NULL, part TEXT NOT NULL, until TEXT NOT NULL,
  PRIMARY KEY (supplier, remote_id));

-- What people were shown before they placed it.
CREATE TABLE checkouts (digest TEXT PRIMARY KEY, expires_at TEXT NOT NULL, doc TEXT NOT NULL);

CREATE TABLE purchase_orders (
  id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders (id), supplier TEXT NOT NULL, n INTEGER NOT NULL,
  reference TEXT NOT NULL UNIQUE, fulfillment TEXT NOT NULL, payment TEXT NOT NULL,
  raw_status TEXT NOT NULL, supplier_ref TEXT, approved INTEGER NOT NULL, waits TEXT NOT NULL,
  created_at TEXT NOT NULL, placed_at TEXT, next_at TEXT, doc TEXT NOT NULL,
  UNIQUE (order_id, supplier, n), UNIQUE (supplier, supplier_ref));
CREATE INDEX purchase_orders_by_supplier_ref ON purchase_orders (supplier_ref);
CREATE INDEX purchase_orders_by_order ON purchase_orders (order_id, fulfillment);
CREATE INDEX purchase_orders_by_fulfillment ON purchase_orders (fulfillment);
CREATE INDEX purchase_orders_by_state ON purchase_orders (supplier, fulfillment, created_at);
CREATE INDEX purchase_orders_by_making ON purchase_orders (supplier, created_at, supplier_ref);
CREATE INDEX purchase_orders_by_placing ON purchase_orders (supplier, placed_at, id);

-- So many supplier units of a remote id for one line: what reservations and allocations are read from.
CREATE TABLE allocations (
  po_id TEXT NOT NULL REFERENCES purchase_orders (id), line_ref TEXT NOT NULL, remote_id TEXT NOT NULL,
  units TEXT NOT NULL, quantity TEXT NOT NULL, PRIMARY KEY (po_id, line_ref, remote_id));

CREATE INDEX allocations_by_remote_id ON allocations (remote_id);

CREATE TABLE reservations (
  supplier TEXT NOT NULL, remote_id TEXT NOT NULL, wanted TEXT NOT NULL, held TEXT NOT NULL, available TEXT,
  ours INTEGER NOT NULL, seen_at TEXT, PRIMARY KEY (supplier, remote_id));

CREATE TABLE notices (
  key TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders (id), po_id TEXT NOT NULL REFERENCES purchase_orders (id),
  shipment_ref TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL, next_at TEXT, doc TEXT NOT NULL,
  UNIQUE (po_id, shipment_ref));
CREATE INDEX notices_by_order ON notices (order_id, state);
CREATE INDEX notices_by_state ON notices (state, created_at);

-- What orders are found by when a shopper asks where a parcel is.
CREATE TABLE tracking_numbers (
  notice TEXT NOT NULL REFERENCES notices (key), number TEXT NOT NULL, order_id TEXT NOT NULL,
  PRIMARY KEY (notice, number));
CREATE INDEX tracking_numbers_by_number ON tracking_numbers (number);

-- Hand-over lists for couriers. A departure is in one of them; one that was left out may go with another.
CREATE TABLE manifests (
  id INTEGER PRIMARY KEY, courier TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL,
  shipped_at TEXT);
CREATE TABLE manifest_departures (
  manifest INTEGER NOT NULL REFERENCES manifests (id), po_id TEXT NOT NULL REFERENCES purchase_orders (id),
  shipment_ref TEXT NOT NULL, left_out TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (manifest, po_id, shipment_ref));
CREATE UNIQUE INDEX manifest_departures_once ON manifest_departures (po_id, shipment_ref) WHERE left_out = '';

-- What people want done to an order in its shop.
CREATE TABLE tasks (
  order_id TEXT NOT NULL REFERENCES orders (id), key TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL,
  next_at TEXT, doc TEXT NOT NULL, PRIMARY KEY (order_id, key));
CREATE INDEX tasks_due ON tasks (order_id) WHERE state = 'DUE';

-- What is wanted of suppliers beside their orders.
CREATE TABLE cases (
  id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders (id), po_id TEXT NOT NULL REFERENCES purchase_orders (id),
  key TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, opened_at TEXT NOT NULL, doc TEXT NOT NULL,
  UNIQUE (po_id, key));
CREATE INDEX cases_by_order ON cases (order_id);

CREATE TABLE intents (
  id INTEGER PRIMARY KEY, subject TEXT NOT NULL, about TEXT NOT NULL, operation TEXT NOT NULL, op_no INTEGER NOT NULL,
  step TEXT NOT NULL, account TEXT NOT NULL, state TEXT NOT NULL, doc TEXT NOT NULL,
  UNIQUE (about, operation, op_no, step));
CREATE INDEX intents_unresolved ON intents (state, account);

CREATE TABLE attempts (
  intent INTEGER NOT NULL REFERENCES intents (id), no INTEGER NOT NULL, at TEXT NOT NULL, sha256 TEXT NOT NULL,
  request TEXT NOT NULL, state TEXT NOT NULL, answer TEXT NOT NULL, fence INTEGER NOT NULL,
  PRIMARY KEY (intent, no));

CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
  order_id TEXT NOT NULL, owner TEXT NOT NULL, data TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE INDEX events_by_order ON events (order_id, position);
CREATE INDEX events_of_failed_pulls ON events (about, position) WHERE kind = 'PullFailed';
-- When an account last refused to let us in.
CREATE TABLE refused_logins (account TEXT PRIMARY KEY, at TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE consumers (name TEXT PRIMARY KEY, position INTEGER NOT NULL);

CREATE TABLE work (
  subject TEXT PRIMARY KEY, due_at TEXT, fence INTEGER NOT NULL, lease_until TEXT, failures INTEGER NOT NULL);
CREATE INDEX work_due ON work (due_at);
CREATE INDEX work_leased ON work (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE cursors (store TEXT PRIMARY KEY, cursor TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE inbox (account TEXT NOT NULL, dedupe TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (account, dedupe));

CREATE TABLE reviews (
  id INTEGER PRIMARY KEY, code TEXT NOT NULL, about TEXT NOT NULL, order_id TEXT NOT NULL, account TEXT NOT NULL,
  evidence TEXT NOT NULL, amount TEXT NOT NULL, decisions TEXT NOT NULL, opened_at TEXT NOT NULL, resolved_at TEXT,
  decision TEXT NOT NULL);
CREATE INDEX reviews_by_order ON reviews (order_id);
CREATE INDEX reviews_open ON reviews (id) WHERE resolved_at IS NULL;
CREATE INDEX reviews_of_doubles ON reviews (account) WHERE code = 'DOUBLE';
CREATE UNIQUE INDEX reviews_one_open ON reviews (code, about) WHERE resolved_at IS NULL;

-- Money spent or about to be: rolling limits are read from here.
CREATE TABLE budgets (
  intent INTEGER PRIMARY KEY REFERENCES intents (id), owner TEXT NOT NULL, currency TEXT NOT NULL,
  amount TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX budgets_rolling ON budgets (owner, currency, at);
CREATE INDEX budgets_by_time ON budgets (at);
CREATE TABLE switches (owner TEXT PRIMARY KEY, stopped INTEGER NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL);

CREATE TABLE cache (
  account TEXT NOT NULL, sha256 TEXT NOT NULL, expires_at TEXT NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY (account, sha256));

-- Which processes ask platforms out of a bucket, each of which has another beat whenever it says so again.
CREATE TABLE paces (
  bucket TEXT NOT NULL, process TEXT NOT NULL, beat INTEGER NOT NULL, said_at TEXT NOT NULL,
  PRIMARY KEY (bucket, process));
-- A platform wants to be left alone until then, for so many seconds when it said so: by all of them.
CREATE TABLE freezes (bucket TEXT PRIMARY KEY, until TEXT NOT NULL, seconds INTEGER NOT NULL);

CREATE VIEW orderbridge_orders AS
  SELECT id, store, ref, number, owner, placed_at, updated_at, currency, payment, canceled, raw_status, total, taken, held
  FROM orders;
CREATE VIEW orderbridge_lines AS
  SELECT order_id, ref, sku, name, quantity, open, shippable, waits FROM lines;
CREATE VIEW orderbridge_purchase_orders AS
  SELECT id, order_id, supplier, n, reference, supplier_ref, fulfillment, payment, raw_status, created_at, waits
  FROM purchase_orders;
CREATE VIEW orderbridge_shipments AS
  SELECT key, order_id, po_id AS purchase_order_id, shipment_ref, state FROM notices;
CREATE VIEW orderbridge_reviews AS
  SELECT r.id, r.code, r.about, r.order_id, r.account, COALESCE(o.owner, a.owner, '') AS owner, r.evidence, r.opened_at,
    r.resolved_at, r.decision
  FROM reviews r LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN accounts a ON a.name = r.account;
CREATE VIEW orderbridge_cases AS
  SELECT id, order_id, po_id AS purchase_order_id, key, kind, state, opened_at FROM cases;
CREATE VIEW orderbridge_manifests AS
  SELECT id, courier, owner, state, created_at, shipped_at FROM manifests;
