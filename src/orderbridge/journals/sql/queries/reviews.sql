-- name: open_review
-- Ask a person once; the newest evidence stands.
INSERT INTO reviews (code, about, order_id, account, evidence, amount, decisions, opened_at, resolved_at, decision)
VALUES (:code, :about, :order_id, :account, :evidence, :amount, :decisions, :opened_at, NULL, '')
ON CONFLICT (code, about) WHERE resolved_at IS NULL
  DO UPDATE SET evidence = excluded.evidence, amount = excluded.amount
RETURNING id;
-- name: close_reviews
-- The question has answered itself.
UPDATE reviews SET resolved_at = :at, decision = :decision
WHERE about = :about AND code = :code AND resolved_at IS NULL;
-- name: asked_about
-- What people were asked about an order under one code.
SELECT about FROM reviews WHERE order_id = :order_id AND code = :code;
-- name: doubles
-- What people were asked about as an order too many at a supplier.
SELECT DISTINCT about FROM reviews WHERE code = 'DOUBLE' AND account = :account;
-- name: was_let_be
-- Has a person been asked this in the same words, and let it be?
SELECT id FROM reviews
WHERE order_id = :order_id AND code = :code AND about = :about AND evidence = :evidence AND decision = 'ignore';
-- name: open_review_about
-- Is a person being asked this now?
SELECT id FROM reviews WHERE code = :code AND about = :about AND resolved_at IS NULL;
-- name: decide_review
-- A person has answered.
UPDATE reviews SET resolved_at = :at, decision = :decision WHERE id = :id AND resolved_at IS NULL;
-- name: get_review
-- One question.
SELECT id, code, about, order_id, account, evidence, amount, decisions, opened_at, resolved_at, decision
FROM reviews WHERE id = :id;
-- name: open_reviews
-- The open questions, oldest first.
SELECT r.id, r.code, r.about, r.order_id, r.account, r.evidence, r.amount, r.decisions, r.opened_at, r.resolved_at,
  r.decision
FROM reviews r LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN accounts a ON a.name = r.account
WHERE r.resolved_at IS NULL AND r.id > :after AND (:owner = '' OR COALESCE(o.owner, a.owner, '') = :owner)
ORDER BY r.id LIMIT :limit;
-- name: open_reviews_of
-- The open questions about one order, oldest first.
SELECT id, code, about, order_id, account, evidence, amount, decisions, opened_at, resolved_at, decision
FROM reviews WHERE order_id = :order_id AND resolved_at IS NULL ORDER BY id;
-- name: count_reviews
-- How many questions are open, by code.
SELECT code, COUNT(*) AS n FROM reviews WHERE resolved_at IS NULL GROUP BY code ORDER BY code;
