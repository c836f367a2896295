-- name: add_event
-- One line of the audit; whose it is follows from its order or its account where nobody says.
INSERT INTO events (at, kind, about, order_id, owner, data, sha256)
VALUES (:at, :kind, :about, :order_id, CASE WHEN :owner <> '' THEN :owner
  ELSE COALESCE((SELECT owner FROM orders WHERE id = :order_id), (SELECT owner FROM accounts WHERE name = :about), '')
  END, :data, :sha256);
-- name: events_after
-- The audit from a position on.
SELECT position, at, kind, about, order_id, data FROM events
WHERE position > :after AND (:owner = '' OR owner = :owner) ORDER BY position LIMIT :limit;
-- name: events_of
-- The time line of an order.
SELECT position, at, kind, about, order_id, data FROM events WHERE order_id = :order_id ORDER BY position;
-- name: last_failed_pull
-- When a store last gave no orders, and why.
SELECT at, data FROM events WHERE kind = 'PullFailed' AND about = :store ORDER BY position DESC LIMIT 1;
-- name: get_consumer
-- How far a consumer of the feed is.
SELECT position FROM consumers WHERE name = :name;
-- name: put_consumer
-- How far a consumer of the feed is now; never back, whoever of several was slower.
INSERT INTO consumers (name, position) VALUES (:name, :position)
ON CONFLICT (name) DO UPDATE SET
  position = CASE WHEN consumers.position > excluded.position THEN consumers.position ELSE excluded.position END;
-- name: last_position
-- Where the feed ends now.
SELECT COALESCE(MAX(position), 0) AS position FROM events;
