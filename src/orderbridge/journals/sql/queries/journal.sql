-- name: put_meta
-- Keep one fact about the journal itself.
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
-- name: get_meta
-- One fact about the journal itself.
SELECT value FROM meta WHERE name = :name;
