-- name: orders_in_tab
-- The orders that stand in a tab, the newest first, from below a place on.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_in_tab_of_store
-- The same for one store.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND store = :store AND (:owner = '' OR owner = :owner)
  AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_in_tab_of_owner
-- The same for one owner.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND owner = :owner AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_in_tab_of_supplier
-- The same for what one supplier ships.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND supplier = :supplier AND (:store = '' OR store = :store) AND (:owner = '' OR owner = :owner)
  AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_called
-- The orders that have a number, the newest first; shops may share one. Few do, so tabs are found by order.
SELECT o.placed_at, o.id FROM orders o
WHERE o.number IN (:plain, :marked) AND (:store = '' OR o.store = :store) AND (:owner = '' OR o.owner = :owner)
  AND EXISTS (SELECT 1 FROM stands s
    WHERE s.order_id = o.id AND s.tab || '' = :tab AND (:supplier = '' OR s.supplier = :supplier))
  AND o.placed_at >= :since AND (o.placed_at, o.id) < (:below_at, :below_id)
ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit;
-- name: orders_found
-- The orders that have a number, a SKU or a tracking number that begins so, or that are this at a supplier.
SELECT o.placed_at, o.id FROM orders o
WHERE o.id IN (
    SELECT id FROM orders WHERE number >= :word AND number < :beyond
    UNION SELECT id FROM orders WHERE number >= '#' || :word AND number < '#' || :beyond
    UNION SELECT order_id FROM lines WHERE sku >= :word AND sku < :beyond
    UNION SELECT order_id FROM purchase_orders WHERE supplier_ref = :word
    UNION SELECT order_id FROM tracking_numbers WHERE number >= :word AND number < :beyond)
  AND (:store = '' OR o.store = :store) AND (:owner = '' OR o.owner = :owner)
  AND EXISTS (SELECT 1 FROM stands s
    WHERE s.order_id = o.id AND s.tab || '' = :tab AND (:supplier = '' OR s.supplier = :supplier))
  AND o.placed_at >= :since AND (o.placed_at, o.id) < (:below_at, :below_id)
ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit;
-- name: placed_at_of
-- Where an order stands in a list that the newest begin.
SELECT placed_at FROM orders WHERE id = :id;
-- name: count_in_tab
-- How many orders stand in a tab.
SELECT COUNT(*) AS n FROM (SELECT DISTINCT placed_at, order_id FROM stands WHERE tab = :tab) AS found;
-- name: count_in_tab_of_store
-- The same for one store.
SELECT COUNT(*) AS n FROM (SELECT DISTINCT placed_at, order_id FROM stands
  WHERE tab = :tab AND store = :store AND (:owner = '' OR owner = :owner)) AS found;
-- name: count_in_tab_of_owner
-- The same for one owner.
SELECT COUNT(*) AS n FROM (SELECT DISTINCT placed_at, order_id FROM stands
  WHERE tab = :tab AND owner = :owner) AS found;
-- name: oldest_in_tab
-- When the oldest order in a tab was placed.
SELECT MIN(placed_at) AS at FROM stands WHERE tab = :tab;
-- name: stands_of
-- The tabs in which something puts its order.
SELECT tab FROM stands WHERE order_id = :order_id AND about = :about;
-- name: drop_stands
-- It puts the order in none of them any more.
DELETE FROM stands WHERE order_id = :order_id AND about = :about;
-- name: put_stand
-- It puts its order in a tab.
INSERT INTO stands (order_id, about, tab, supplier, store, owner, placed_at)
SELECT id, :about, :tab, :supplier, store, owner, placed_at FROM orders WHERE id = :order_id;
-- name: suppliers_in_tab
-- The suppliers whose purchase orders put a store's orders in a tab.
SELECT DISTINCT supplier FROM stands WHERE tab = :tab AND store = :store AND supplier <> '' ORDER BY supplier;
-- name: stores_in_tab
-- The stores whose orders a supplier's purchase orders put in a tab.
SELECT DISTINCT store FROM stands WHERE tab = :tab AND supplier = :supplier ORDER BY store;
