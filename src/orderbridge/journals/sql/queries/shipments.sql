-- name: put_notice
-- Keep a shipment notice.
INSERT INTO notices (key, order_id, po_id, shipment_ref, state, created_at, next_at, doc)
VALUES (:key, :order_id, :po_id, :shipment_ref, :state, :created_at, :next_at, :doc)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, next_at = excluded.next_at, doc = excluded.doc;
-- name: notices_of
-- The notices of an order, oldest first.
SELECT doc FROM notices WHERE order_id = :order_id ORDER BY created_at, po_id, shipment_ref;
-- name: add_manifest
-- A new hand-over list.
INSERT INTO manifests (courier, owner, state, created_at, shipped_at)
VALUES (:courier, :owner, :state, :created_at, NULL) RETURNING id;
-- name: ship_manifest
-- The courier has it.
UPDATE manifests SET state = :state, shipped_at = :shipped_at WHERE id = :id;
-- name: get_manifest
-- One hand-over list.
SELECT id, courier, owner, state, created_at, shipped_at FROM manifests WHERE id = :id;
-- name: list_manifests
-- Hand-over lists after an id, all or those in one state.
SELECT id FROM manifests
WHERE id > :after AND (:owner = '' OR owner = :owner) AND (:state = '' OR state = :state) ORDER BY id LIMIT :limit;
-- name: put_packed
-- A departure is in a hand-over list.
INSERT INTO manifest_departures (manifest, po_id, shipment_ref, left_out, doc)
VALUES (:manifest, :po_id, :shipment_ref, :left_out, :doc)
ON CONFLICT (manifest, po_id, shipment_ref) DO UPDATE SET left_out = excluded.left_out, doc = excluded.doc;
-- name: drop_packed
-- It is taken off the list.
DELETE FROM manifest_departures WHERE manifest = :manifest AND po_id = :po_id AND shipment_ref = :shipment_ref;
-- name: packed_in
-- The departures in a hand-over list.
SELECT doc FROM manifest_departures WHERE manifest = :manifest ORDER BY po_id, shipment_ref;
-- name: packed_of
-- The departures of a purchase order that wait for a courier.
SELECT d.manifest, d.doc FROM manifest_departures d JOIN manifests m ON m.id = d.manifest
WHERE d.po_id = :po_id AND m.state = 'PREPARING' ORDER BY d.manifest, d.shipment_ref;
-- name: drop_tracking
-- Before the tracking numbers of a notice are written anew.
DELETE FROM tracking_numbers WHERE notice = :notice;
-- name: put_tracking
-- An order is found by its tracking numbers.
INSERT INTO tracking_numbers (notice, number, order_id) VALUES (:notice, :number, :order_id);
-- name: departures_waiting
-- Departures that the shop refused, or since before a time could not be told of, and why; the newest first.
SELECT o.store,
  (SELECT r.evidence FROM reviews r
    WHERE r.code = 'REFUSED' AND r.about = n.key AND r.resolved_at IS NULL) AS refusal,
  (SELECT e.data FROM events e WHERE e.order_id = n.order_id AND e.kind = 'PutOff'
  AND e.about IN (n.key, n.order_id) AND e.at >= n.created_at ORDER BY e.position DESC LIMIT 1) AS data
FROM notices n JOIN orders o ON o.id = n.order_id
WHERE n.state = 'REFUSED' OR (n.state = 'DUE' AND n.created_at < :before) ORDER BY n.created_at DESC LIMIT :limit;
-- name: count_untold
-- How many departures since before a time no shop was told of.
SELECT COUNT(*) AS n FROM notices WHERE state IN ('DUE', 'REFUSED') AND created_at < :before;
-- name: count_notices
-- How many notices stand where.
SELECT state, COUNT(*) AS n FROM notices GROUP BY state;
