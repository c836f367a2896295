-- name: owner_of_order
-- Whose an order is.
SELECT owner FROM orders WHERE id = :id;
-- name: count_orders_of
-- How many of an owner's orders are acted on, and how many are not.
SELECT taken, COUNT(*) AS n FROM orders WHERE owner = :owner GROUP BY taken;
-- name: count_purchases_of
-- How many of an owner's purchase orders stand where.
SELECT po.fulfillment, COUNT(*) AS n FROM orders o JOIN purchase_orders po ON po.order_id = o.id
WHERE o.owner = :owner GROUP BY po.fulfillment;
-- name: count_notices_of
-- How many of an owner's notices stand where.
SELECT n.state, COUNT(*) AS n FROM orders o JOIN notices n ON n.order_id = o.id
WHERE o.owner = :owner GROUP BY n.state;
-- name: count_untold_of
-- How many of an owner's departures since before a time no shop was told of.
SELECT COUNT(*) AS n FROM notices n JOIN orders o ON o.id = n.order_id
WHERE n.state IN ('DUE', 'REFUSED') AND n.created_at < :before AND o.owner = :owner;
-- name: count_reviews_of
-- How many of an owner's questions are open, by code.
SELECT r.code, COUNT(*) AS n
FROM reviews r LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN accounts a ON a.name = r.account
WHERE r.resolved_at IS NULL AND COALESCE(o.owner, a.owner, '') = :owner GROUP BY r.code ORDER BY r.code;
-- name: oldest_in_tab_of
-- When the oldest of an owner's orders in a tab was placed.
SELECT MIN(placed_at) AS at FROM stands WHERE tab = :tab AND owner = :owner;
-- name: due_of
-- An owner's orders whose time has come and which nobody has; they are named order/... there.
SELECT w.subject FROM work w JOIN orders o ON o.id = substr(w.subject, 7)
WHERE w.due_at <= :now AND (w.lease_until IS NULL OR w.lease_until <= :now)
  AND substr(w.subject, 1, 6) = 'order/' AND o.owner = :owner
ORDER BY w.due_at, w.subject LIMIT :limit;
-- name: count_due_of
-- How many of an owner's orders wait for work.
SELECT COUNT(*) AS n FROM work w JOIN orders o ON o.id = substr(w.subject, 7)
WHERE w.due_at <= :now AND (w.lease_until IS NULL OR w.lease_until <= :now)
  AND substr(w.subject, 1, 6) = 'order/' AND o.owner = :owner;
-- name: next_due_of
-- When the next of an owner's orders wants work.
SELECT w.due_at AS at FROM work w JOIN orders o ON o.id = substr(w.subject, 7)
WHERE w.due_at IS NOT NULL AND substr(w.subject, 1, 6) = 'order/' AND o.owner = :owner
ORDER BY w.due_at LIMIT 1;
