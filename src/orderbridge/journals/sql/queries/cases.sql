-- name: put_task
-- Keep what a person wants done in the shop.
INSERT INTO tasks (order_id, key, state, created_at, next_at, doc)
VALUES (:order_id, :key, :state, :created_at, :next_at, :doc)
ON CONFLICT (order_id, key) DO UPDATE SET state = excluded.state, next_at = excluded.next_at, doc = excluded.doc;
-- name: tasks_of
-- What people want done to an order, oldest first.
SELECT doc FROM tasks WHERE order_id = :order_id ORDER BY created_at, key;
-- name: tasks_due
-- What is still to be done in shops, of one owner or of all.
SELECT t.doc FROM tasks t JOIN orders o ON o.id = t.order_id
WHERE t.state = 'DUE' AND (:owner = '' OR o.owner = :owner) ORDER BY t.order_id, t.created_at, t.key;
-- name: drop_tasks
-- Forget what people wrote about an order.
DELETE FROM tasks WHERE order_id = :order_id;
-- name: put_case
-- Keep what is wanted of a supplier, and how far that is.
INSERT INTO cases (id, order_id, po_id, key, kind, state, opened_at, doc)
VALUES (:id, :order_id, :po_id, :key, :kind, :state, :opened_at, :doc)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, doc = excluded.doc;
-- name: get_case
-- One case.
SELECT doc FROM cases WHERE id = :id;
-- name: cases_of
-- The cases of an order, oldest first.
SELECT doc FROM cases WHERE order_id = :order_id ORDER BY opened_at, id;
-- name: list_cases
-- Cases by id: all, or only those of one kind, of one purchase order, that are not over.
SELECT c.doc FROM cases c JOIN orders o ON o.id = c.order_id
WHERE c.id > :after AND (:owner = '' OR o.owner = :owner) AND (:kind = '' OR c.kind = :kind)
  AND (:po_id = '' OR c.po_id = :po_id)
  AND (:everything = 1 OR c.state NOT IN ('RESOLVED', 'DENIED', 'WITHDRAWN'))
ORDER BY c.id LIMIT :limit;
