-- name: get_work
-- Who has a subject, and when it is due.
SELECT subject, due_at, fence, lease_until, failures FROM work WHERE subject = :subject;
-- name: put_work
-- Set when a subject is due and who has it.
INSERT INTO work (subject, due_at, fence, lease_until, failures)
VALUES (:subject, :due_at, :fence, :lease_until, :failures)
ON CONFLICT (subject) DO UPDATE SET due_at = excluded.due_at, fence = excluded.fence,
  lease_until = excluded.lease_until, failures = excluded.failures;
-- name: wake
-- Make a subject due no later than a time.
INSERT INTO work (subject, due_at, fence, lease_until, failures) VALUES (:subject, :due_at, 0, NULL, 0)
ON CONFLICT (subject) DO UPDATE
  SET due_at = CASE WHEN work.due_at < excluded.due_at THEN work.due_at ELSE excluded.due_at END;
-- name: due
-- Subjects whose time has come and which nobody has.
SELECT subject FROM work WHERE due_at <= :now AND (lease_until IS NULL OR lease_until <= :now)
ORDER BY due_at, subject LIMIT :limit;
-- name: far_ahead
-- Subjects that are planned, or had, until absurdly late: a clock was wrong. Sorted outside, or all are read.
SELECT subject FROM (SELECT subject FROM work WHERE due_at > :plans
  UNION SELECT subject FROM work WHERE lease_until > :leases) AS found
ORDER BY subject LIMIT :limit;
-- name: planned
-- Subjects of a kind that are due now or at a time to come; '0' is what comes after '/'.
SELECT subject FROM work WHERE subject > :kind || '/' AND subject < :kind || '0' AND due_at IS NOT NULL;
-- name: next_due
-- When the next subject wants work.
SELECT MIN(at) AS at FROM (
  SELECT MIN(due_at) AS at FROM work WHERE due_at IS NOT NULL AND (lease_until IS NULL OR lease_until <= due_at)
  UNION ALL SELECT MIN(lease_until) AS at FROM work WHERE lease_until IS NOT NULL AND lease_until > due_at) AS found;
-- name: count_due
-- How many subjects wait for work.
SELECT COUNT(*) AS n FROM work WHERE due_at <= :now AND (lease_until IS NULL OR lease_until <= :now);
