-- name: accounts_with
-- The names under which a shop or a supplier account is known, as a whole and in parts.
SELECT name, identity FROM accounts
WHERE kind = :kind AND (identity = :whole OR substr(identity, 1, length(:whole) + 1) = :whole || '#')
ORDER BY name;
-- name: put_account
-- Remember an account's identity and where its first pull starts.
INSERT INTO accounts (name, kind, platform, owner, identity, take_from, first_seen)
VALUES (:name, :kind, :platform, :owner, :identity, :take_from, :first_seen)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, identity = excluded.identity, take_from = excluded.take_from;
-- name: list_accounts
-- The accounts of a kind that were ever used.
SELECT name FROM accounts WHERE kind = :kind ORDER BY name;
-- name: get_account
-- An account as it was first seen.
SELECT kind, platform, owner, identity, take_from FROM accounts WHERE name = :name;
-- name: begun_ahead
-- The stores whose orders count from a time to come on, because it is the time at which they were first seen.
SELECT name FROM accounts WHERE kind = 'store' AND take_from > :now AND first_seen > :now ORDER BY name;
-- name: begin_anew
-- From when on a store's orders count, as if it were seen for the first time.
UPDATE accounts SET take_from = :take_from, first_seen = :first_seen WHERE name = :name;
-- name: drop_cursor
-- The pull of a store begins anew.
DELETE FROM cursors WHERE store = :store;
-- name: put_refused_login
-- An account refused to let us in.
INSERT INTO refused_logins (account, at, why) VALUES (:account, :at, :why)
ON CONFLICT (account) DO UPDATE SET at = excluded.at, why = excluded.why;
-- name: drop_refused_login
-- It lets us in again.
DELETE FROM refused_logins WHERE account = :account;
-- name: refused_logins
-- The accounts that refused to let us in since a time.
SELECT account, at, why FROM refused_logins WHERE at > :since ORDER BY account;
-- name: get_cursor
-- Where the pull of a store goes on.
SELECT cursor, at FROM cursors WHERE store = :store;
-- name: put_cursor
-- Where the pull of a store goes on, with the page that came before it.
INSERT INTO cursors (store, cursor, at) VALUES (:store, :cursor, :at)
ON CONFLICT (store) DO UPDATE SET cursor = excluded.cursor, at = excluded.at;
-- name: take_inbox
-- Take a webhook in; nothing comes back if it was taken before.
INSERT INTO inbox (account, dedupe, at) VALUES (:account, :dedupe, :at) ON CONFLICT DO NOTHING RETURNING dedupe;
-- name: trim_inbox
-- Old messages are not delivered again.
DELETE FROM inbox WHERE at < :before;
-- name: put_cache
-- Keep an answer of reference data.
INSERT INTO cache (account, sha256, expires_at, answer) VALUES (:account, :sha256, :expires_at, :answer)
ON CONFLICT (account, sha256) DO UPDATE SET expires_at = excluded.expires_at, answer = excluded.answer;
-- name: get_cache
-- An answer that is still good.
SELECT answer FROM cache WHERE account = :account AND sha256 = :sha256 AND expires_at > :now;
