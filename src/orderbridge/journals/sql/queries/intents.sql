-- name: find_intent
-- The intent of one step.
SELECT id, state, doc FROM intents
WHERE about = :about AND operation = :operation AND op_no = :op_no AND step = :step;
-- name: get_intent
-- One intent.
SELECT id, state, doc FROM intents WHERE id = :id;
-- name: add_intent
-- A new intent.
INSERT INTO intents (subject, about, operation, op_no, step, account, state, doc)
VALUES (:subject, :about, :operation, :op_no, :step, :account, :state, :doc) RETURNING id;
-- name: put_intent
-- An intent's state and what is known of it.
UPDATE intents SET state = :state, doc = :doc WHERE id = :id;
-- name: intents_of
-- The intents of one operation.
SELECT id, state, doc FROM intents WHERE about = :about AND operation = :operation AND op_no = :op_no ORDER BY id;
-- name: last_op_no
-- How often an operation was begun anew.
SELECT MAX(op_no) AS n FROM intents WHERE about = :about AND operation = :operation;
-- name: parked_intents
-- What nobody can tell the outcome of.
SELECT id, state, doc FROM intents WHERE about = :about AND state = 'PARKED';
-- name: unresolved
-- Is anything of this still open?
SELECT COUNT(*) AS n FROM intents WHERE about = :about AND state IN ('OPEN', 'UNKNOWN', 'PARKED');
-- name: add_attempt
-- One try, before it leaves.
INSERT INTO attempts (intent, no, at, sha256, request, state, answer, fence)
VALUES (:intent, :no, :at, :sha256, :request, :state, :answer, :fence);
-- name: put_attempt
-- What came of a try.
UPDATE attempts SET state = :state, answer = :answer WHERE intent = :intent AND no = :no;
-- name: attempts_of
-- The tries at an intent.
SELECT intent, no, at, sha256, request, state, answer, fence FROM attempts WHERE intent = :intent ORDER BY no;
-- name: scrub_attempts
-- The bytes of an order's tries hold its shopper's address.
UPDATE attempts SET request = '', answer = '' WHERE intent IN (
  SELECT id FROM intents WHERE subject = :subject
    OR about IN (SELECT id FROM purchase_orders WHERE order_id = :order_id)
    OR about IN (SELECT key FROM notices WHERE order_id = :order_id));
