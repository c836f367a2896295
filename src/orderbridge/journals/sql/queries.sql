-- name: put_meta
-- Keep one fact about the journal itself.
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
-- name: get_meta
-- One fact about the journal itself.
SELECT value FROM meta WHERE name = :name;

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
-- name: planned
-- Subjects of a kind that are due now or at a time to come; '0' is what comes after '/'.
SELECT subject FROM work WHERE subject > :kind || '/' AND subject < :kind || '0' AND due_at IS NOT NULL;
-- name: next_due
-- When the next subject wants work.
SELECT MIN(at) AS at FROM (
  SELECT MIN(due_at) AS at FROM work WHERE due_at IS NOT NULL AND (lease_until IS NULL OR lease_until <= due_at)
  UNION ALL SELECT MIN(lease_until) AS at FROM work WHERE lease_until IS NOT NULL AND lease_until > due_at) AS found;

-- name: get_order
-- An order with its private part.
SELECT o.version, o.taken, o.held, o.seen_at, o.refresh, o.unsourced, o.progress_shown, o.next_at, o.failures,
  o.doc, p.doc AS private
FROM orders o LEFT JOIN order_private p ON p.order_id = o.id WHERE o.id = :id;
-- name: put_order
-- Keep an order as the store shows it, and what we know beside it.
INSERT INTO orders (id, store, ref, number, owner, placed_at, updated_at, currency, payment, ready, canceled, raw_status,
  total, digest, version, taken, held, refresh, unsourced, progress_shown, seen_at, next_at, failures, doc)
VALUES (:id, :store, :ref, :number, :owner, :placed_at, :updated_at, :currency, :payment, :ready, :canceled, :raw_status,
  :total, :digest, :version, :taken, :held, :refresh, :unsourced, :progress_shown, :seen_at, :next_at, :failures, :doc)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, owner = excluded.owner, placed_at = excluded.placed_at,
  updated_at = excluded.updated_at, currency = excluded.currency, payment = excluded.payment, ready = excluded.ready,
  canceled = excluded.canceled, raw_status = excluded.raw_status, total = excluded.total, digest = excluded.digest,
  version = excluded.version, taken = excluded.taken, held = excluded.held, refresh = excluded.refresh,
  unsourced = excluded.unsourced, progress_shown = excluded.progress_shown, seen_at = excluded.seen_at,
  next_at = excluded.next_at, failures = excluded.failures, doc = excluded.doc;
-- name: seen_order
-- The store still shows the same order.
UPDATE orders SET seen_at = :seen_at, refresh = 0 WHERE id = :id;
-- name: put_progress
-- What the shop shows of the suppliers' progress.
UPDATE orders SET progress_shown = COALESCE(:shown, progress_shown), next_at = :next_at, failures = :failures
WHERE id = :id;
-- name: ask_to_source
-- What of an order can still change is to be shared out anew.
UPDATE orders SET unsourced = 1, next_at = NULL WHERE id = :id;
-- name: set_flags
-- Ask for an order to be read again, or keep it from being acted on.
UPDATE orders SET refresh = :refresh, held = :held WHERE id = :id;
-- name: put_private
-- Shopper data, apart; a forgotten shopper stays forgotten.
INSERT INTO order_private (order_id, salt, hash, doc) SELECT :order_id, :salt, :hash, :doc
WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE order_id = :order_id)
ON CONFLICT (order_id) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, doc = excluded.doc;
-- name: drop_private
-- Forget the shopper: data, salt and hash.
DELETE FROM order_private WHERE order_id = :order_id;
-- name: put_tombstone
-- So that the next pull does not bring a forgotten shopper back.
INSERT INTO tombstones (order_id, at) VALUES (:order_id, :at) ON CONFLICT (order_id) DO NOTHING;
-- name: has_tombstone
-- Was this order's shopper forgotten?
SELECT 1 AS found FROM tombstones WHERE order_id = :order_id;
-- name: orders_in_tab
-- The orders that stand in a tab, the newest first, from below a place on.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_in_tab_of_store
-- The same for one store.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND store = :store AND (:owner = '' OR owner = :owner)
  AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_in_tab_of_owner
-- The same for one owner.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND owner = :owner AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_in_tab_of_supplier
-- The same for what one supplier ships.
SELECT DISTINCT placed_at, order_id AS id FROM stands
WHERE tab = :tab AND supplier = :supplier AND (:store = '' OR store = :store) AND (:owner = '' OR owner = :owner)
  AND placed_at >= :since AND (placed_at, order_id) < (:below_at, :below_id)
ORDER BY placed_at DESC, order_id DESC LIMIT :limit;
-- name: orders_called
-- The orders that have a number, the newest first; shops may share one. Few do, so tabs are found by order.
SELECT o.placed_at, o.id FROM orders o
WHERE o.number IN (:plain, :marked) AND (:store = '' OR o.store = :store) AND (:owner = '' OR o.owner = :owner)
  AND EXISTS (SELECT 1 FROM stands s
    WHERE s.order_id = o.id AND s.tab || '' = :tab AND (:supplier = '' OR s.supplier = :supplier))
  AND o.placed_at >= :since AND (o.placed_at, o.id) < (:below_at, :below_id)
ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit;
-- name: placed_at_of
-- Where an order stands in a list that the newest begin.
SELECT placed_at FROM orders WHERE id = :id;
-- name: count_in_tab
-- How many orders stand in a tab.
SELECT COUNT(*) AS n FROM (SELECT DISTINCT placed_at, order_id FROM stands WHERE tab = :tab) AS found;
-- name: count_in_tab_of_store
-- The same for one store.
SELECT COUNT(*) AS n FROM (SELECT DISTINCT placed_at, order_id FROM stands
  WHERE tab = :tab AND store = :store AND (:owner = '' OR owner = :owner)) AS found;
-- name: count_in_tab_of_owner
-- The same for one owner.
SELECT COUNT(*) AS n FROM (SELECT DISTINCT placed_at, order_id FROM stands
  WHERE tab = :tab AND owner = :owner) AS found;
-- name: oldest_in_tab
-- When the oldest order in a tab was placed.
SELECT MIN(placed_at) AS at FROM stands WHERE tab = :tab;
-- name: stands_of
-- The tabs in which something puts its order.
SELECT tab FROM stands WHERE order_id = :order_id AND about = :about;
-- name: drop_stands
-- It puts the order in none of them any more.
DELETE FROM stands WHERE order_id = :order_id AND about = :about;
-- name: put_stand
-- It puts its order in a tab.
INSERT INTO stands (order_id, about, tab, supplier, store, owner, placed_at)
SELECT id, :about, :tab, :supplier, store, owner, placed_at FROM orders WHERE id = :order_id;
-- name: move_stands
-- The order has another owner, or was bought at another time than the shop said first.
UPDATE stands SET owner = :owner, placed_at = :placed_at
WHERE order_id = :order_id AND (owner <> :owner OR placed_at <> :placed_at);
-- name: orders_with_shopper
-- A store's orders whose shopper is known, by id; '0' is what comes after '/'.
SELECT o.id FROM orders o JOIN order_private p ON p.order_id = o.id
WHERE o.id > :after AND o.id < :store || '0' AND o.store = :store ORDER BY o.id LIMIT :limit;
-- name: drop_lines
-- Before the lines of an order are written anew.
DELETE FROM lines WHERE order_id = :order_id;
-- name: put_line
-- One line of an order, for views and for what waits for a link.
INSERT INTO lines (order_id, ref, sku, link_key, name, quantity, open, shippable, waits)
VALUES (:order_id, :ref, :sku, :link_key, :name, :quantity, :open, :shippable, :waits);
-- name: waits_of
-- The lines of an order that no supplier ships yet, and why.
SELECT ref, waits FROM lines WHERE order_id = :order_id AND waits <> '';
-- name: orders_open_with
-- Orders acted on that still want this product, by its key or its SKU.
SELECT DISTINCT l.order_id AS id FROM lines l JOIN orders o ON o.id = l.order_id
WHERE (l.link_key = :link_key OR (:sku <> '' AND l.sku = :sku)) AND CAST(l.open AS REAL) > 0
  AND o.store = :store AND o.taken = 1 AND o.canceled = 0 ORDER BY l.order_id;
-- name: open_orders
-- A store's orders that want something still, by id; '0' is what comes after '/'.
SELECT o.id FROM orders o
WHERE o.id > :after AND o.id < :store || '0' AND o.store = :store AND o.canceled = 0
  AND EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id AND CAST(l.open AS REAL) > 0)
ORDER BY o.id LIMIT :limit;
-- name: only_a_sku
-- Is this the SKU of a line, and no line's key?
SELECT 1 AS found FROM lines l JOIN orders o ON o.id = l.order_id WHERE l.sku = :sku AND o.store = :store
  AND NOT EXISTS (SELECT 1 FROM lines k JOIN orders p ON p.id = k.order_id WHERE k.link_key = :sku AND p.store = :store)
LIMIT 1;

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
-- name: put_purchase
-- Keep a purchase order.
INSERT INTO purchase_orders (id, order_id, supplier, n, reference, epoch, fulfillment, payment, raw_status, supplier_ref,
  approved, waits, created_at, next_at, doc)
VALUES (:id, :order_id, :supplier, :n, :reference, :epoch, :fulfillment, :payment, :raw_status, :supplier_ref,
  :approved, :waits, :created_at, :next_at, :doc)
ON CONFLICT (id) DO UPDATE SET reference = excluded.reference, epoch = excluded.epoch,
  fulfillment = excluded.fulfillment, payment = excluded.payment, raw_status = excluded.raw_status,
  supplier_ref = excluded.supplier_ref, approved = excluded.approved, waits = excluded.waits,
  next_at = excluded.next_at, doc = excluded.doc;
-- name: get_purchase
-- One purchase order.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders WHERE id = :id;
-- name: purchases_of
-- The purchase orders of an order.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders WHERE order_id = :order_id ORDER BY supplier, n;
-- name: purchases_by_state
-- A supplier's purchase orders in a state, oldest first.
SELECT doc, (SELECT p.doc FROM order_private p WHERE p.order_id = purchase_orders.order_id) AS private
FROM purchase_orders WHERE supplier = :supplier AND fulfillment = :fulfillment ORDER BY created_at, id;
-- name: purchase_by_supplier_ref
-- Whose is this order of the supplier?
SELECT id FROM purchase_orders WHERE supplier = :supplier AND supplier_ref = :supplier_ref;
-- name: purchase_by_reference
-- Which purchase order is called so towards its supplier?
SELECT id FROM purchase_orders WHERE reference = :reference;
-- name: supplier_refs
-- What a supplier calls the orders placed with it for purchase orders made since.
SELECT supplier_ref FROM purchase_orders
WHERE supplier = :supplier AND supplier_ref IS NOT NULL AND created_at >= :since;
-- name: drop_allocations
-- Before the units of a purchase order are written anew.
DELETE FROM allocations WHERE po_id = :po_id;
-- name: put_allocation
-- So many units of a line in a purchase order.
INSERT INTO allocations (po_id, line_ref, remote_id, units, quantity)
VALUES (:po_id, :line_ref, :remote_id, :units, :quantity);
-- name: allocated
-- Supplier units per remote id and purchase order that are wanted, in doubt or under way.
SELECT a.remote_id, a.quantity, po.id, po.fulfillment FROM allocations a JOIN purchase_orders po ON po.id = a.po_id
WHERE po.supplier = :supplier AND po.fulfillment IN ('TO_ORDER', 'RESERVED', 'PLACING', 'IN_DOUBT')
ORDER BY po.created_at, po.id;

-- name: allocated_of
-- The same for one remote id.
SELECT a.remote_id, a.quantity, po.id, po.fulfillment FROM allocations a JOIN purchase_orders po ON po.id = a.po_id
WHERE a.remote_id = :remote_id AND po.supplier = :supplier
  AND po.fulfillment IN ('TO_ORDER', 'RESERVED', 'PLACING', 'IN_DOUBT')
ORDER BY po.created_at, po.id;

-- name: put_reservation
-- What is wanted and held of one remote id.
INSERT INTO reservations (supplier, remote_id, wanted, held, available, ours, seen_at)
VALUES (:supplier, :remote_id, :wanted, :held, :available, :ours, :seen_at)
ON CONFLICT (supplier, remote_id) DO UPDATE SET wanted = excluded.wanted, held = excluded.held,
  available = excluded.available, ours = excluded.ours, seen_at = excluded.seen_at;
-- name: drop_reservation
-- Neither wanted nor held any more.
DELETE FROM reservations WHERE supplier = :supplier AND remote_id = :remote_id;
-- name: reservations_of
-- The growing order of a supplier account, as last seen.
SELECT supplier, remote_id, wanted, held, available, ours, seen_at FROM reservations
WHERE supplier = :supplier ORDER BY remote_id;

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

-- name: put_task
-- Keep what a person wants done in the shop.
INSERT INTO tasks (order_id, key, state, created_at, next_at, doc)
VALUES (:order_id, :key, :state, :created_at, :next_at, :doc)
ON CONFLICT (order_id, key) DO UPDATE SET state = excluded.state, next_at = excluded.next_at, doc = excluded.doc;
-- name: tasks_of
-- What people want done to an order, oldest first.
SELECT doc FROM tasks WHERE order_id = :order_id ORDER BY created_at, key;
-- name: drop_tasks
-- Forget what people wrote about an order.
DELETE FROM tasks WHERE order_id = :order_id;

-- name: put_case
-- Keep what is wanted of a supplier, and how far that is.
INSERT INTO cases (id, order_id, po_id, key, kind, state, opened_at, doc)
VALUES (:id, :order_id, :po_id, :key, :kind, :state, :opened_at, :doc)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, doc = excluded.doc;
-- name: get_case
-- One case.
SELECT doc FROM cases WHERE id = :id;
-- name: cases_of
-- The cases of an order, oldest first.
SELECT doc FROM cases WHERE order_id = :order_id ORDER BY opened_at, id;
-- name: list_cases
-- Cases by id: all, or only those of one kind, of one purchase order, that are not over.
SELECT c.doc FROM cases c JOIN orders o ON o.id = c.order_id
WHERE c.id > :after AND (:owner = '' OR o.owner = :owner) AND (:kind = '' OR c.kind = :kind)
  AND (:po_id = '' OR c.po_id = :po_id)
  AND (:everything = 1 OR c.state NOT IN ('RESOLVED', 'DENIED', 'WITHDRAWN'))
ORDER BY c.id LIMIT :limit;

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
-- name: get_consumer
-- How far a consumer of the feed is.
SELECT position FROM consumers WHERE name = :name;
-- name: put_consumer
-- How far a consumer of the feed is now; never back, whoever of several was slower.
INSERT INTO consumers (name, position) VALUES (:name, :position)
ON CONFLICT (name) DO UPDATE SET
  position = CASE WHEN consumers.position > excluded.position THEN consumers.position ELSE excluded.position END;

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

-- name: open_review
-- Ask a person once; the newest evidence stands.
INSERT INTO reviews (code, about, order_id, account, evidence, decisions, opened_at, resolved_at, decision)
VALUES (:code, :about, :order_id, :account, :evidence, :decisions, :opened_at, NULL, '')
ON CONFLICT (code, about) WHERE resolved_at IS NULL DO UPDATE SET evidence = excluded.evidence
RETURNING id;
-- name: close_reviews
-- The question has answered itself.
UPDATE reviews SET resolved_at = :at, decision = :decision
WHERE about = :about AND code = :code AND resolved_at IS NULL;
-- name: asked_about
-- What people were asked about an order under one code.
SELECT about FROM reviews WHERE order_id = :order_id AND code = :code;
-- name: open_review_about
-- Is a person being asked this now?
SELECT id FROM reviews WHERE code = :code AND about = :about AND resolved_at IS NULL;
-- name: decide_review
-- A person has answered.
UPDATE reviews SET resolved_at = :at, decision = :decision WHERE id = :id AND resolved_at IS NULL;
-- name: get_review
-- One question.
SELECT id, code, about, order_id, account, evidence, decisions, opened_at, resolved_at, decision FROM reviews WHERE id = :id;
-- name: open_reviews
-- The open questions, oldest first.
SELECT r.id, r.code, r.about, r.order_id, r.account, r.evidence, r.decisions, r.opened_at, r.resolved_at, r.decision
FROM reviews r LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN accounts a ON a.name = r.account
WHERE r.resolved_at IS NULL AND r.id > :after AND (:owner = '' OR COALESCE(o.owner, a.owner, '') = :owner)
ORDER BY r.id LIMIT :limit;

-- name: open_reviews_of
-- The open questions about one order, oldest first.
SELECT id, code, about, order_id, account, evidence, decisions, opened_at, resolved_at, decision
FROM reviews WHERE order_id = :order_id AND resolved_at IS NULL ORDER BY id;
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

-- name: put_cache
-- Keep an answer of reference data.
INSERT INTO cache (account, sha256, expires_at, answer) VALUES (:account, :sha256, :expires_at, :answer)
ON CONFLICT (account, sha256) DO UPDATE SET expires_at = excluded.expires_at, answer = excluded.answer;
-- name: get_cache
-- An answer that is still good.
SELECT answer FROM cache WHERE account = :account AND sha256 = :sha256 AND expires_at > :now;

-- name: count_purchases
-- How many purchase orders stand where.
SELECT fulfillment, COUNT(*) AS n FROM purchase_orders GROUP BY fulfillment;
-- name: count_reviews
-- How many questions are open, by code.
SELECT code, COUNT(*) AS n FROM reviews WHERE resolved_at IS NULL GROUP BY code ORDER BY code;
-- name: count_orders
-- How many orders are acted on, and how many are not.
SELECT taken, COUNT(*) AS n FROM orders GROUP BY taken;
-- name: count_orders_between
-- How many orders a store sold in a time.
SELECT COUNT(*) AS n FROM orders WHERE store = :store AND placed_at >= :since AND placed_at < :until;
-- name: oldest_order
-- When the oldest order of a store was placed.
SELECT MIN(placed_at) AS at FROM orders WHERE store = :store;
-- name: count_due
-- How many subjects wait for work.
SELECT COUNT(*) AS n FROM work WHERE due_at <= :now AND (lease_until IS NULL OR lease_until <= :now);
-- name: count_untold
-- How many departures since before a time no shop was told of.
SELECT COUNT(*) AS n FROM notices WHERE state IN ('DUE', 'REFUSED') AND created_at < :before;
-- name: count_notices
-- How many notices stand where.
SELECT state, COUNT(*) AS n FROM notices GROUP BY state;
