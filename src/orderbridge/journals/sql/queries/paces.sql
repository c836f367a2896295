-- name: put_pace
-- A process asks a platform out of this bucket.
INSERT INTO paces (bucket, process, beat, said_at) VALUES (:bucket, :process, :beat, :said_at)
ON CONFLICT (bucket, process) DO UPDATE SET beat = excluded.beat, said_at = excluded.said_at;
-- name: paces_of
-- The processes that ask out of a bucket, how often each has said so, and when it last did.
SELECT process, beat, said_at FROM paces WHERE bucket = :bucket;
-- name: drop_pace
-- A process does not ask out of this bucket any more, unless it has said so again.
DELETE FROM paces WHERE bucket = :bucket AND process = :process AND beat = :beat;
-- name: drop_old_paces
-- Who has not said for long, or with a clock that was wrong, that it asks out of this bucket.
DELETE FROM paces WHERE bucket = :bucket AND (said_at <= :since OR said_at >= :until);
-- name: drop_paces
-- A process does not ask at all any more.
DELETE FROM paces WHERE process = :process;
-- name: put_freeze
-- A platform wants to be left alone for a while.
INSERT INTO freezes (bucket, until, seconds) VALUES (:bucket, :until, :seconds)
ON CONFLICT (bucket) DO UPDATE SET until = excluded.until, seconds = excluded.seconds;
-- name: get_freeze
-- For how long a platform wanted to be left alone.
SELECT until, seconds FROM freezes WHERE bucket = :bucket;
