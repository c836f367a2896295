-- name: put_purchase
-- Keep a purchase order.
INSERT INTO purchase_orders (id, order_id, supplier, n, reference, fulfillment, payment, raw_status, supplier_ref,
  approved, waits, created_at, placed_at, next_at, doc)
VALUES (:id, :order_id, :supplier, :n, :reference, :fulfillment, :payment, :raw_status, :supplier_ref,
  :approved, :waits, :created_at, :placed_at, :next_at, :doc)
ON CONFLICT (id) DO UPDATE SET reference = excluded.reference,
  fulfillment = excluded.fulfillment, payment = excluded.payment, raw_status = excluded.raw_status,
  supplier_ref = excluded.supplier_ref, approved = excluded.approved, waits = excluded.waits,
  placed_at = excluded.placed_at, next_at = excluded.next_at, doc = excluded.doc;
-- name: get_purchase
-- One purchase order.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders WHERE id = :id;
-- name: purchases_of
-- The purchase orders of an order.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders WHERE order_id = :order_id ORDER BY supplier, n;
-- name: purchases_by_state
-- A supplier's purchase orders in a state, oldest first.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders WHERE supplier = :supplier AND fulfillment = :fulfillment ORDER BY created_at, id;
-- name: purchases_waiting
-- What waits for something, of one owner or of all.
SELECT po.doc, (SELECT p.doc FROM order_private p WHERE p.order_id = po.order_id) AS private
FROM purchase_orders po JOIN orders o ON o.id = po.order_id
WHERE po.waits = :waits AND (:owner = '' OR o.owner = :owner) ORDER BY po.created_at, po.id;
-- name: purchase_by_supplier_ref
-- Whose is this order of the supplier?
SELECT id FROM purchase_orders WHERE supplier = :supplier AND supplier_ref = :supplier_ref;
-- name: purchase_by_reference
-- Which purchase order is called so towards its supplier?
SELECT id FROM purchase_orders WHERE reference = :reference;
-- name: supplier_refs
-- What a supplier calls the orders placed with it for purchase orders made since.
SELECT supplier_ref FROM purchase_orders
WHERE supplier = :supplier AND supplier_ref IS NOT NULL AND created_at >= :since;
-- name: placed_since
-- A supplier's purchase orders in the order in which they were placed, from behind a place on.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders
WHERE supplier = :supplier AND (placed_at > :placed_at OR (placed_at = :placed_at AND id > :id))
ORDER BY placed_at, id LIMIT :limit;
-- name: drop_allocations
-- Before the units of a purchase order are written anew.
DELETE FROM allocations WHERE po_id = :po_id;
-- name: put_allocation
-- So many units of a line in a purchase order.
INSERT INTO allocations (po_id, line_ref, remote_id, units, quantity)
VALUES (:po_id, :line_ref, :remote_id, :units, :quantity);
-- name: allocated
-- Supplier units per remote id and purchase order that are wanted, in doubt or under way.
SELECT a.remote_id, a.quantity, po.id, po.fulfillment FROM allocations a JOIN purchase_orders po ON po.id = a.po_id
WHERE po.supplier = :supplier AND po.fulfillment IN ('TO_ORDER', 'RESERVED', 'PLACING', 'IN_DOUBT')
ORDER BY po.created_at, po.id;
-- name: allocated_of
-- The same for one remote id.
SELECT a.remote_id, a.quantity, po.id, po.fulfillment FROM allocations a JOIN purchase_orders po ON po.id = a.po_id
WHERE a.remote_id = :remote_id AND po.supplier = :supplier
  AND po.fulfillment IN ('TO_ORDER', 'RESERVED', 'PLACING', 'IN_DOUBT')
ORDER BY po.created_at, po.id;
-- name: put_reservation
-- What is wanted and held of one remote id.
INSERT INTO reservations (supplier, remote_id, wanted, held, available, ours, seen_at)
VALUES (:supplier, :remote_id, :wanted, :held, :available, :ours, :seen_at)
ON CONFLICT (supplier, remote_id) DO UPDATE SET wanted = excluded.wanted, held = excluded.held,
  available = excluded.available, ours = excluded.ours, seen_at = excluded.seen_at;
-- name: drop_reservation
-- Neither wanted nor held any more.
DELETE FROM reservations WHERE supplier = :supplier AND remote_id = :remote_id;
-- name: reservations_of
-- The growing order of a supplier account, as last seen.
SELECT supplier, remote_id, wanted, held, available, ours, seen_at FROM reservations
WHERE supplier = :supplier ORDER BY remote_id;
-- name: count_purchases
-- How many purchase orders stand where.
SELECT fulfillment, COUNT(*) AS n FROM purchase_orders GROUP BY fulfillment;
