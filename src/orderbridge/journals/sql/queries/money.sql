-- name: trim_checkouts
-- Those that nobody can place any more.
DELETE FROM checkouts WHERE expires_at < :before;
-- name: put_checkout
-- Keep what a person was shown.
INSERT INTO checkouts (digest, expires_at, doc) VALUES (:digest, :expires_at, :doc)
ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at;
-- name: get_checkout
-- What a person was shown.
SELECT doc FROM checkouts WHERE digest = :digest;
-- name: spend
-- Money about to leave, in the same commit as the intent.
INSERT INTO budgets (intent, owner, currency, amount, at) VALUES (:intent, :owner, :currency, :amount, :at)
ON CONFLICT (intent) DO NOTHING;
-- name: unspend
-- It is proved that it did not leave.
DELETE FROM budgets WHERE intent = :intent;
-- name: spent
-- What left or may have left since a time.
SELECT amount FROM budgets WHERE owner = :owner AND currency = :currency AND at > :since;
-- name: spent_by_all
-- The same by owner and currency.
SELECT owner, currency, amount FROM budgets WHERE at > :since;
-- name: put_switch
-- Stop all money of an owner, or let it go again.
INSERT INTO switches (owner, stopped, reason, at) VALUES (:owner, :stopped, :reason, :at)
ON CONFLICT (owner) DO UPDATE SET stopped = excluded.stopped, reason = excluded.reason, at = excluded.at;
-- name: stopped
-- Is this owner's money, or everybody's, stopped?
SELECT reason FROM switches WHERE stopped = 1 AND owner IN ('', :owner) LIMIT 1;
-- name: list_switches
-- Whose money was ever stopped; the owner '' is all.
SELECT owner, stopped, reason FROM switches ORDER BY owner;
