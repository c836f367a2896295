-- name: get_order
-- An order with its private part.
SELECT o.version, o.taken, o.held, o.seen_at, o.refresh, o.unsourced, o.source_at, o.progress_begun, o.progress_shown,
  o.next_at, o.failures, o.doc, p.doc AS private
FROM orders o LEFT JOIN order_private p ON p.order_id = o.id WHERE o.id = :id;
-- name: put_order
-- Keep an order as the store shows it, and what we know beside it.
INSERT INTO orders (id, store, ref, number, owner, placed_at, updated_at, currency, payment, ready, canceled, raw_status,
  total, digest, version, taken, held, refresh, unsourced, source_at, progress_begun, progress_shown, seen_at,
  next_at, failures, doc)
VALUES (:id, :store, :ref, :number, :owner, :placed_at, :updated_at, :currency, :payment, :ready, :canceled, :raw_status,
  :total, :digest, :version, :taken, :held, :refresh, :unsourced, :source_at, :progress_begun, :progress_shown,
  :seen_at, :next_at, :failures, :doc)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, owner = excluded.owner, placed_at = excluded.placed_at,
  updated_at = excluded.updated_at, currency = excluded.currency, payment = excluded.payment, ready = excluded.ready,
  canceled = excluded.canceled, raw_status = excluded.raw_status, total = excluded.total, digest = excluded.digest,
  version = excluded.version, taken = excluded.taken, held = excluded.held, refresh = excluded.refresh,
  unsourced = excluded.unsourced, source_at = excluded.source_at,
  progress_begun = excluded.progress_begun, progress_shown = excluded.progress_shown, seen_at = excluded.seen_at,
  next_at = excluded.next_at, failures = excluded.failures, doc = excluded.doc;
-- name: seen_order
-- The store still shows the same order.
UPDATE orders SET seen_at = :seen_at, refresh = 0 WHERE id = :id;
-- name: begin_progress
-- What is about to be shown of the suppliers' progress; until that is over nobody knows what the shop shows.
UPDATE orders SET progress_begun = :key, progress_shown = '' WHERE id = :id;
-- name: put_progress
-- What the shop shows of the suppliers' progress.
UPDATE orders SET progress_begun = COALESCE(:shown, progress_begun), progress_shown = COALESCE(:shown, progress_shown),
  next_at = :next_at, failures = :failures
WHERE id = :id;
-- name: ask_to_source
-- What of an order can still change is to be shared out anew.
UPDATE orders SET unsourced = 1, source_at = NULL WHERE id = :id;
-- name: put_source
-- When it is to be tried again.
UPDATE orders SET source_at = :source_at, failures = :failures WHERE id = :id;
-- name: set_flags
-- Ask for an order to be read again, or keep it from being acted on.
UPDATE orders SET refresh = :refresh, held = :held WHERE id = :id;
-- name: put_private
-- Shopper data, apart; a forgotten shopper stays forgotten.
INSERT INTO order_private (order_id, salt, hash, doc) SELECT :order_id, :salt, :hash, :doc
WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE order_id = :order_id)
ON CONFLICT (order_id) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, doc = excluded.doc;
-- name: drop_private
-- Forget the shopper: data, salt and hash.
DELETE FROM order_private WHERE order_id = :order_id;
-- name: put_tombstone
-- So that the next pull does not bring a forgotten shopper back.
INSERT INTO tombstones (order_id, at) VALUES (:order_id, :at) ON CONFLICT (order_id) DO NOTHING;
-- name: has_tombstone
-- Was this order's shopper forgotten?
SELECT 1 AS found FROM tombstones WHERE order_id = :order_id;
-- name: move_stands
-- The order has another owner, or was bought at another time than the shop said first.
UPDATE stands SET owner = :owner, placed_at = :placed_at
WHERE order_id = :order_id AND (owner <> :owner OR placed_at <> :placed_at);
-- name: orders_with_shopper
-- A store's orders whose shopper is known, by id; '0' is what comes after '/'.
SELECT o.id FROM orders o JOIN order_private p ON p.order_id = o.id
WHERE o.id > :after AND o.id < :store || '0' AND o.store = :store ORDER BY o.id LIMIT :limit;
-- name: drop_lines
-- Before the lines of an order are written anew.
DELETE FROM lines WHERE order_id = :order_id;
-- name: put_line
-- One line of an order, for views and for what waits for a link.
INSERT INTO lines (order_id, ref, sku, link_key, name, quantity, open, shippable, waits)
VALUES (:order_id, :ref, :sku, :link_key, :name, :quantity, :open, :shippable, :waits);
-- name: waits_of
-- The lines of an order that no supplier ships yet, and why.
SELECT ref, waits FROM lines WHERE order_id = :order_id AND waits <> '';
-- name: orders_open_with
-- Orders acted on that still want this product, by its key or its SKU.
SELECT DISTINCT l.order_id AS id FROM lines l JOIN orders o ON o.id = l.order_id
WHERE (l.link_key = :link_key OR (:sku <> '' AND l.sku = :sku)) AND CAST(l.open AS NUMERIC) > 0
  AND o.store = :store AND o.taken = 1 AND o.canceled = 0 ORDER BY l.order_id;
-- name: open_orders
-- A store's orders that want something still, by id; '0' is what comes after '/'.
SELECT o.id FROM orders o
WHERE o.id > :after AND o.id < :store || '0' AND o.store = :store AND o.canceled = 0
  AND EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id AND CAST(l.open AS NUMERIC) > 0)
ORDER BY o.id LIMIT :limit;
-- name: only_a_sku
-- Is this the SKU of a line, and no line's key?
SELECT 1 AS found FROM lines l JOIN orders o ON o.id = l.order_id WHERE l.sku = :sku AND o.store = :store
  AND NOT EXISTS (SELECT 1 FROM lines k JOIN orders p ON p.id = k.order_id WHERE k.link_key = :sku AND p.store = :store)
LIMIT 1;
-- name: count_orders
-- How many orders are acted on, and how many are not.
SELECT taken, COUNT(*) AS n FROM orders GROUP BY taken;
-- name: count_orders_between
-- How many orders a store sold in a time.
SELECT COUNT(*) AS n FROM orders WHERE store = :store AND placed_at >= :since AND placed_at < :until;
-- name: oldest_order
-- When the oldest order of a store was placed.
SELECT MIN(placed_at) AS at FROM orders WHERE store = :store;
