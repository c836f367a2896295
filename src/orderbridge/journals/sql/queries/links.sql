-- name: put_link
-- This product is that remote id.
INSERT INTO links (store, link_key, supplier, remote_id, factor, cost, priority)
VALUES (:store, :link_key, :supplier, :remote_id, :factor, :cost, :priority)
ON CONFLICT (store, link_key, supplier, remote_id) DO UPDATE
  SET factor = excluded.factor, cost = excluded.cost, priority = excluded.priority;
-- name: put_part
-- Which part of a supplier sells this.
INSERT INTO parts (supplier, remote_id, part, until) VALUES (:supplier, :remote_id, :part, :until)
ON CONFLICT (supplier, remote_id) DO UPDATE SET part = excluded.part, until = excluded.until;
-- name: drop_unsold
-- What nobody sold lately is to be asked anew.
DELETE FROM parts WHERE part = '';
-- name: drop_part
-- Which part of a supplier sells this is to be asked anew.
DELETE FROM parts WHERE supplier = :supplier AND remote_id = :remote_id;
-- name: get_part
-- The part of a supplier that sells this.
SELECT part FROM parts WHERE supplier = :supplier AND remote_id = :remote_id AND until > :now;
-- name: put_offer
-- What a supplier says of a remote id now.
INSERT INTO offers (supplier, remote_id, price, available, seen_at)
VALUES (:supplier, :remote_id, :price, :available, :seen_at)
ON CONFLICT (supplier, remote_id) DO UPDATE
  SET price = excluded.price, available = excluded.available, seen_at = excluded.seen_at;
-- name: get_offer
-- What a supplier said of a remote id, if that is not too long ago.
SELECT price, available FROM offers WHERE supplier = :supplier AND remote_id = :remote_id AND seen_at >= :since;
-- name: drop_link
-- Take one link of a product away.
DELETE FROM links
WHERE store = :store AND link_key = :link_key AND supplier = :supplier AND remote_id = :remote_id;
-- name: links_of
-- A product's links, as they are preferred.
SELECT store, link_key, supplier, remote_id, factor, cost, priority FROM links
WHERE store = :store AND link_key = :link_key ORDER BY priority, supplier, remote_id;
-- name: list_links
-- All links of a store, of an owner's stores that were pulled once, or of all.
SELECT store, link_key, supplier, remote_id, factor, cost, priority FROM links
WHERE (:store = '' OR store = :store)
  AND (:owner = '' OR store IN (SELECT name FROM accounts WHERE kind = 'store' AND owner = :owner))
ORDER BY store, link_key, priority, supplier, remote_id;
