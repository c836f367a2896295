"""WooCommerce: a shop on WordPress, spoken to over its REST API v3.

What its API lacks shapes this file: no idempotency key, no lookup by order number, lists that move
while they are read, and up to three places for a tracking number. So every write is looked for
first, by a key of ours that the shop keeps for us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from html import escape, unescape
from typing import Literal, TypeAlias, cast
from urllib.parse import quote

import attrs

from .._model import Order, Package, Secret, ShipmentNotice
from ..adapters import (
    Access,
    AccountSettings,
    Annotates,
    Announced,
    Bucket,
    Confirmed,
    Cursor,
    DecodesOrders,
    Flow,
    Headers,
    LookUp,
    Note,
    Noted,
    Nudge,
    Page,
    Past,
    Probes,
    Progress,
    ReceivesWebhooks,
    Refusal,
    Refused,
    Repeat,
    Reply,
    ReportsProgress,
    Request,
    Response,
    SetAside,
    StorePlatform,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
    decode_bytes,
    decode_each,
    raise_for_status,
)
from ..auth import Auth, Basic, OAuth1, QueryKeys
from ..errors import ConfigurationError, Malformed, NotFound
from ._woocommerce_orders import (
    fulfilled_units,
    has_refunds,
    is_part_fulfilled,
    order_from,
    refunded_units,
)
from ._woocommerce_paging import PER_PAGE, Position, changed_params, naive, next_by_id, next_by_time
from ._woocommerce_parcels import beyond, core_carrier, departure, link, parcels_of, same_name, same_number
from ._woocommerce_probe import look
from ._woocommerce_wire import (
    API,
    CLOSED,
    COMPLETED,
    DRAFTS,
    JSON,
    KEEP,
    PLUGINS,
    SHIPMENT_META,
    STATE_META,
    WireError,
    WireNote,
    WireOrder,
    WireRefund,
    WireRoutes,
    WireRow,
    WireSite,
    WireState,
    WireTracking,
    fields,
    fulfillments_from,
    get,
    number_of,
    problem_of,
    text,
    words,
)

Way: TypeAlias = Literal["auto", "fulfillments", "plugin", "note"]


def _slugs(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(_slug(status) for status in value)


def _slug(status: str) -> str:
    # WordPress's database and many guides say wc-completed; the API refuses the prefix.
    return status.strip().removeprefix("wc-")


def _way(instance: object, attribute: attrs.Attribute[Way], value: Way) -> None:
    if value not in ("auto", "fulfillments", "plugin", "note"):
        raise ConfigurationError(f"tracking: {value!r} came; give auto, fulfillments, plugin or note")


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """What a WooCommerce account needs.

    Args:
        base_url: The shop's address as visitors see it, such as ``https://shop.example``.

        consumer_key: ``ck_`` and 40 letters and digits, from WooCommerce, Settings, Advanced, REST API.

        consumer_secret: ``cs_`` and 40 letters and digits, shown once beside the key.

        query_keys: Send the keys in the address, for hosts that strip the Authorization header. They
            end up in the shop's access log.

        ready_statuses: Orders in these statuses are to be shipped.

        delivery_on_payment_methods: Payment methods by which the courier collects the money.

        complete_status: Set when nothing is left to ship; empty leaves the status alone.

        completed_mail: The shop mails the shopper when an order is completed, as WooCommerce does unless
            the merchant turns that mail off. Then no other mail announces that departure.

        tracking: Where shipments are shown: WooCommerce's own order fulfillments, a shipment tracking
            plug-in, or order notes; ``auto`` takes the first of them that the shop has.

        carriers: The suppliers' carrier names, and what the shop calls each.

        webhook_secrets: Of the shop's webhooks; several while one is being replaced.
    """

    consumer_key: Secret
    consumer_secret: Secret
    query_keys: bool = False
    ready_statuses: tuple[str, ...] = attrs.field(default=("processing",), converter=_slugs)
    delivery_on_payment_methods: tuple[str, ...] = ("cod",)
    complete_status: str = attrs.field(default=COMPLETED, converter=_slug)
    completed_mail: bool = True
    tracking: Way = attrs.field(default="auto", validator=_way)
    carriers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    webhook_secrets: tuple[Secret, ...] = ()

    def __attrs_post_init__(self) -> None:
        if "/wp-json" in self.base_url:
            raise ConfigurationError(
                "base_url: give the shop's own address, without /wp-json and what follows"
            )


@attrs.frozen
class WooCommerce(Annotates, DecodesOrders, ReportsProgress, ReceivesWebhooks, Probes):
    """One WooCommerce shop."""

    settings: Settings

    # --- orders -----------------------------------------------------------------------------------

    def fetch_orders(self, cursor: Cursor | None, *, since: datetime, now: datetime) -> Flow[Page]:
        """One page of changed orders; drafts and the trash are left out."""
        # The shop compares whole seconds, and gives what changed after the one named.
        first = naive(since - timedelta(seconds=1))
        at = decode_bytes(Position, cursor.encode()) if cursor else Position(since=first)
        response = yield get(f"{API}/orders", *changed_params(at))
        # Old shops cannot sort by time of change.
        if response.status == 400 and not at.page and "orderby" in problem_of(response).params:
            at = attrs.evolve(at, page=1, mark=at.top)
            response = yield get(f"{API}/orders", *changed_params(at))
        raise_for_status(response)
        rows = decode_each(WireRow, response.body)
        orders: list[Order] = []
        set_aside: list[SetAside] = []
        for row, item in zip(rows, decode_each(WireOrder, response.body), strict=True):
            status = "" if isinstance(row, Malformed) else row.status
            if status in DRAFTS or status == "trash":
                continue
            try:
                if isinstance(item, Malformed):
                    raise item
                orders.append((yield from self._order(item)))
            except (Malformed, NotFound) as error:
                ref = "" if isinstance(row, Malformed) else text(row.id)
                set_aside.append(_set_aside(ref, error))
        known = [row for row in rows if not isinstance(row, Malformed)]
        step = next_by_id if at.page else next_by_time
        after = step(at, known, len(rows) >= PER_PAGE, number_of(response.headers.get("x-wp-total", "")), now)
        more = bool(after.page or after.after)
        return Page(items=tuple(orders), set_aside=tuple(set_aside), next=after.text, more=more)

    def fetch_order(self, ref: str) -> Flow[Order | None]:
        """One order; None if the shop has none of this id, or it is a cart that was never placed."""
        if not ref.isdigit():
            return None
        response = yield get(f"{API}/orders/{ref}")
        # Any other 404 means that WooCommerce or the address is gone, not the order.
        if response.status == 404 and str(problem_of(response).code).endswith("_invalid_id"):
            return None
        item = decode(WireOrder, response)
        if item.status in DRAFTS:
            return None
        return (yield from self._order(item))

    def decode_orders(self, body: bytes) -> tuple[Order | SetAside, ...]:
        """The orders in a file: one, a list, a ``{"data": ...}`` wrapper, or a webhook's body.

        Units refunded or sent in part stand elsewhere in the shop, so a file does not say them.
        """
        try:
            document = decode_bytes(object, body)
        except Malformed as error:
            return (_set_aside("", error),)
        if "data" in fields(document) and "id" not in fields(document):
            document = fields(document)["data"]
        found: list[Order | SetAside] = []
        for item in cast("list[object]", document) if isinstance(document, list) else [document]:
            try:
                found.append(self._as_order(decode_bytes(WireOrder, json.dumps(item).encode())))
            except Malformed as error:
                found.append(_set_aside(text(fields(item).get("id")), error))
        return tuple(found)

    def _order(self, item: WireOrder) -> Flow[Order]:
        refunded: dict[str, Decimal] = {}
        fulfilled: dict[str, Decimal] = {}
        if has_refunds(item):
            refunded = refunded_units((yield from _refunds(item.ref)))
        if is_part_fulfilled(item):
            response = yield get(f"{API}/orders/{item.ref}/fulfillments")
            if response.status == 404:
                path = "$.meta_data[_fulfillment_status]"
                why = "part of it has left, but order fulfillments are switched off and do not say which"
                raise Malformed(f"{path}: {why}", path=path)
            fulfilled = fulfilled_units(fulfillments_from(response))
        return self._as_order(item, refunded, fulfilled)

    def _as_order(
        self,
        item: WireOrder,
        refunded: Mapping[str, Decimal] = {},
        fulfilled: Mapping[str, Decimal] = {},
    ) -> Order:
        return order_from(
            item,
            ready_statuses=self.settings.ready_statuses,
            cash_methods=self.settings.delivery_on_payment_methods,
            refunded=refunded,
            fulfilled=fulfilled,
        )

    # --- shipments --------------------------------------------------------------------------------

    def announce(self, order: Order, notice: ShipmentNotice, past: Past) -> Flow[Write | Announced | Unclear]:
        """Show the departure where this shop shows departures, then complete the order if it is the last."""
        way = yield from self._way(notice)
        if way == "fulfillments":
            told = yield from self._fulfill(order, notice)
        elif way == "note":
            told = yield from self._tell_by_note(order, notice)
        else:
            told = yield from self._track(order, notice, way)
        if isinstance(told, Announced) and notice.completes and self.settings.complete_status:
            status = (yield from _state(order)).status
            if status not in {self.settings.complete_status, COMPLETED, *CLOSED}:
                return _put_order(order, "status", {"status": self.settings.complete_status})
        return told

    def _way(self, notice: ShipmentNotice) -> Flow[str]:
        """``fulfillments``, ``note``, or the namespace of a tracking plug-in."""
        wanted = self.settings.tracking
        # Fulfillments count whole units and cannot be empty.
        whole = all(line.units == line.units.to_integral_value() for line in notice.lines)
        possible = wanted in ("auto", "fulfillments") and notice.lines and whole
        if possible and (
            wanted == "fulfillments" or decode(WireRoutes, (yield get(API, keep=KEEP))).fulfillments
        ):
            return "fulfillments"
        if wanted in ("auto", "plugin"):
            site = decode(WireSite, (yield get("/wp-json/", ("_fields", "namespaces"), keep=KEEP)))
            if site.plugin or wanted == "plugin":
                return site.plugin or PLUGINS[0]
        return "note"

    def _mails(self, notice: ShipmentNotice) -> bool:
        """Whether our own message is the one mail: not where completing the order sends one anyway."""
        return notice.notify and not self._completion_mails(notice)

    def _completion_mails(self, notice: ShipmentNotice) -> bool:
        completes = notice.completes and self.settings.complete_status == COMPLETED
        return completes and self.settings.completed_mail

    def _unseen(self, notice: ShipmentNotice) -> tuple[str, ...]:
        if not notice.notify or not self._completion_mails(notice):
            return ()
        return ("the shopper's mail says that the order is complete but not the tracking number",)

    def _fulfill(self, order: Order, notice: ShipmentNotice) -> Flow[Write | Announced | Unclear]:
        """WooCommerce's own fulfillments: one entry per package, with our key on it."""
        path = f"{_order_path(order)}/fulfillments"
        there = fulfillments_from((yield get(path)))
        ours = [entry for entry in there if entry.notice.startswith(f"{notice.key}/")]
        parcels = parcels_of(notice)
        warnings = [*self._unseen(notice)]
        if len(notice.packages) > 1:
            warnings.append("the shop wants contents for each package; which units are in which is assumed")
        refs: list[str] = []
        for number, parcel in enumerate(parcels, 1):
            slug, warning = self._core_carrier(parcel.packages[0])
            warnings.extend(warning)
            key = f"{notice.key}/{number}"
            found = [entry for entry in ours if entry.notice == key]
            if not found:
                found = [
                    entry
                    for entry in there
                    if not entry.notice and same_number(entry.tracking_number, parcel.numbers)
                ]
                # Somebody typed it in by hand: the same thing, or a riddle.
                if any(entry.items != parcel.items or not entry.left for entry in found):
                    why = f"fulfillment {found[0].id} has this tracking number but other contents"
                    return Unclear(f"order {order.ref}: {why}")
            if len(found) > 1:
                ids = ", ".join(str(entry.id) for entry in found)
                return Unclear(
                    f"order {order.ref}: fulfillments {ids} show one package ({key}); delete all but one"
                )
            if found:
                refs.append(str(found[0].id))
                continue
            if too_many := beyond(order, parcel.items, there):
                return Unclear(too_many)
            body = parcel.body(key, slug, notify=number == 1 and self._mails(notice))
            return _post(f"fulfillment-{number}", path, body)
        return Announced(refs=tuple(refs), warnings=tuple(dict.fromkeys(warnings)))

    def _core_carrier(self, package: Package) -> tuple[str, list[str]]:
        mapped = self._mapped(package.carrier)
        slug = mapped or core_carrier(package.carrier)
        if slug or not package.carrier:
            return slug, []
        return "other", [f"carrier {package.carrier} is not known to the shop; shown by name"]

    def _mapped(self, carrier: str) -> str:
        names = {same_name(ours): theirs for ours, theirs in self.settings.carriers.items()}
        return names.get(same_name(carrier), "")

    def _track(self, order: Order, notice: ShipmentNotice, plugin: str) -> Flow[Write | Announced | Unclear]:
        """A shipment tracking plug-in: it knows numbers only, so what left goes into a note."""
        path = f"/wp-json/{plugin}/orders/{order.ref}/shipment-trackings"
        there = decode(list[WireTracking], (yield get(path)))
        known = yield from _providers(plugin, order.ref)
        refs: list[str] = []
        warnings: list[str] = []
        for number, package in enumerate(notice.packages, 1):
            if not package.tracking_number:
                continue
            provider = self._mapped(package.carrier) or known.get(same_name(package.carrier), "")
            if not provider:
                name = package.carrier or "without a name"
                warnings.append(f"carrier {name} is not known to the shop's tracking plug-in; shown by name")
            found = [
                entry for entry in there if same_number(text(entry.tracking_number), package.tracking_number)
            ]
            if len(found) > 1:
                return Unclear(
                    f"order {order.ref}: {len(found)} entries of one tracking number; delete all but one"
                )
            if found:
                refs.append(text(found[0].tracking_id))
                continue
            body: dict[str, object] = {"tracking_number": package.tracking_number}
            if provider:
                body["tracking_provider"] = provider
            else:
                body["custom_tracking_provider"] = package.carrier or "Other"
                body["custom_tracking_link"] = link(package)
            body["date_shipped"] = notice.shipped_at.date().isoformat()
            return _post(f"tracking-{number}", path, body)
        all_numbered = all(package.tracking_number for package in notice.packages)
        if all_numbered and self._completion_mails(notice):
            return Announced(refs=tuple(refs), warnings=tuple(warnings))
        noted = yield from _note(order, notice.key, departure(order, notice), to_shopper=self._mails(notice))
        return noted if noted else Announced(refs=tuple(refs), warnings=tuple(warnings))

    def _tell_by_note(self, order: Order, notice: ShipmentNotice) -> Flow[Write | Announced | Unclear]:
        """A plain shop: order meta for programs, a note for people."""
        key = SHIPMENT_META + notice.key
        units: dict[str, Decimal] = {}
        for line in notice.lines:
            units[line.line_ref] = units.get(line.line_ref, Decimal(0)) + line.units
        value = {
            # A list: PHP turns an object with numbers for names, or with none, into something else.
            "lines": [{"line": ref, "units": f"{count:f}"} for ref, count in units.items()],
            "packages": [
                {"number": package.tracking_number, "url": link(package), "carrier": package.carrier}
                for package in notice.packages
            ],
            "shipped_at": notice.shipped_at.isoformat(timespec="seconds"),
        }
        if not fields((yield from _state(order)).meta(key)):
            return _put_order(order, "shipment", {"meta_data": [{"key": key, "value": value}]})
        noted = yield from _note(order, notice.key, departure(order, notice), to_shopper=self._mails(notice))
        return noted if noted else Announced(warnings=self._unseen(notice))

    # --- progress and notes -----------------------------------------------------------------------

    def report(self, order: Order, progress: Progress, past: Past) -> Flow[Write | Noted | Unclear]:
        """Order meta for programs, a private note for people: ``rewix: Working on``."""
        value = {"key": progress.key, "stages": progress.stages}
        if fields((yield from _state(order)).meta(STATE_META)).get("key") != progress.key:
            return _put_order(order, "state", {"meta_data": [{"key": STATE_META, "value": value}]})
        shown = "; ".join(f"{supplier}: {stage}" for supplier, stage in progress.stages)
        noted = yield from _note(order, progress.key, shown, to_shopper=False)
        return noted or Noted()

    def annotate(self, order: Order, note: Note, past: Past) -> Flow[Write | Noted | Unclear]:
        """A note on the order, private unless it is for the shopper."""
        noted = yield from _note(order, note.key, note.text, to_shopper=note.to_shopper)
        return noted or Noted()

    # --- what answers mean ------------------------------------------------------------------------

    def judge(self, write: Write, response: Response) -> Verdict:
        """Believe only WooCommerce's own JSON: everything else may come from a wall before the shop."""
        if response.status == 429:
            wait = response.headers.get("retry-after", "")
            return Throttled(float(wait) if wait.isdigit() else None)
        if 200 <= response.status < 300:
            try:
                decode_bytes(dict[str, object], response.body)
            except Malformed as error:
                return Unknown(f"HTTP {response.status}, but {error.message}")
            return Confirmed()
        problem = problem_of(response)
        said = problem.code or problem.message
        if not 400 <= response.status < 500 or response.status in (408, 409, 425) or not said:
            return Unknown(f"HTTP {response.status}")
        # A signature's nonce counts once: a network that carried the call twice brings this back for the
        # second, and the first may have been carried out.
        if response.status == 401 and "nonce" in words(problem.message):
            return Unknown("HTTP 401, the nonce was used")
        return Refused(_why(response.status, problem), code=str(problem.code), message=words(problem.message))

    # --- webhooks ---------------------------------------------------------------------------------

    def read_webhook(self, method: str, path: str, headers: Headers, body: bytes) -> Nudge | Reply:
        """A signed message about an order is a nudge; the ping of a new webhook is answered and dropped."""
        signature = headers.get("x-wc-webhook-signature", "")
        if method != "POST":
            return Reply(status=405)
        if not signature and body.startswith(b"webhook_id="):
            return Reply()
        if not self._signed(signature, body):
            return Reply(status=401)
        topic = headers.get("x-wc-webhook-topic", "")
        resource, _, event = topic.partition(".")
        try:
            message = decode_bytes(dict[str, object], body)
        except Malformed:
            message = {}
        if resource == "action":
            about = message.get("arg") if "order" in event else None
        elif resource in ("order", ""):
            about = message.get("id")
        else:
            return Reply()
        ref = text(about) if text(about).isdigit() else ""
        changed = text(message.get("date_modified_gmt"))
        # One delivery id serves all orders of a second. Bodies without a time are equal for different
        # events, so there it helps; it is not signed, so elsewhere it has no say.
        once = changed or headers.get("x-wc-webhook-delivery-id", "")
        digest = hashlib.sha256(body).hexdigest()
        return Nudge(ref=ref, topic=topic, dedupe=f"{topic}:{ref}:{once}:{digest}")

    def _signed(self, signature: str, body: bytes) -> bool:
        good = False
        for secret in self.settings.webhook_secrets:
            # WooCommerce decodes HTML entities in a secret before it signs.
            for key in {secret.reveal(), unescape(secret.reveal())}:
                digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
                good |= hmac.compare_digest(base64.b64encode(digest), signature.encode())
        return good

    # --- probe ------------------------------------------------------------------------------------

    def probe(self) -> Flow[Access]:
        """Who the shop is, and what is wrong, in words a merchant can act on."""
        return (yield from look(self.settings.base_url))


# --- requests ---------------------------------------------------------------------------------------


def _order_path(order: Order) -> str:
    return f"{API}/orders/{quote(order.ref, safe='')}"


def _state(order: Order) -> Flow[WireState]:
    return decode(WireState, (yield get(_order_path(order), ("_fields", "status,meta_data"))))


def _body(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _post(step: str, path: str, body: object) -> Write:
    return Write(step, Request("POST", path, headers=JSON, body=_body(body)), unknown=LookUp())


def _put_order(order: Order, step: str, body: object) -> Write:
    # Never with lines: one without its id would be added to the order.
    request = Request("PUT", _order_path(order), headers=JSON, body=_body(body))
    return Write(step, request, unknown=Repeat())


def _why(status: int, problem: WireError) -> Refusal:
    if status == 401:
        return Refusal.UNAUTHORIZED
    if status == 403:
        return Refusal.FORBIDDEN
    # Fulfillments that do not exist are refused with HTTP 400 and the number 404 inside.
    if status in (404, 410) or problem.code == 404 or str(problem.code).endswith("_invalid_id"):
        return Refusal.NOT_FOUND
    return Refusal.INVALID


# --- packages and notes -----------------------------------------------------------------------------


def _note(order: Order, key: str, said: str, *, to_shopper: bool) -> Flow[Write | Unclear | None]:
    """The note as a write, or None if the order has it. Notes cannot be changed, so each ends in its key."""
    path = f"{_order_path(order)}/notes"
    mark = f"[ob:{key}]"
    notes = decode(list[WireNote], (yield get(path)))
    found = [str(note.id) for note in notes if mark in text(note.note)]
    if len(found) > 1:
        return Unclear(f"order {order.ref}: notes {', '.join(found)} carry one key {mark}")
    if found:
        return None
    # Notes are shown as HTML.
    return _post("note", path, {"note": f"{escape(said, quote=False)} {mark}", "customer_note": to_shopper})


def _refunds(ref: str) -> Flow[list[WireRefund]]:
    found: list[WireRefund] = []
    page = 1
    while len(found) == (page - 1) * PER_PAGE:
        params = (("per_page", str(PER_PAGE)), ("page", str(page)))
        found += decode(list[WireRefund], (yield get(f"{API}/orders/{ref}/refunds", *params)))
        page += 1
    return found


def _set_aside(ref: str, error: Malformed | NotFound) -> SetAside:
    path = error.path if isinstance(error, Malformed) else "$"
    return SetAside(ref, path, error.message)


def _providers(plugin: str, ref: str) -> Flow[dict[str, str]]:
    """The plug-in's carriers by comparable name; older versions list them below an order."""
    response = yield get(f"/wp-json/{plugin}/shipment-trackings/providers", keep=KEEP)
    if response.status == 404:
        response = yield get(f"/wp-json/{plugin}/orders/{ref}/shipment-trackings/providers", keep=KEEP)
    if response.status == 404:
        return {}
    regions = fields(decode(object, response))
    return {same_name(name): name for region in regions.values() for name in fields(region)}


# --- the platform -----------------------------------------------------------------------------------


def _auth(settings: Settings) -> Auth:
    # Over plain http WooCommerce ignores keys without a word; only a signature counts there.
    if settings.base_url.startswith("http://"):
        return OAuth1(settings.consumer_key, settings.consumer_secret)
    if settings.query_keys:
        return QueryKeys(
            (("consumer_key", settings.consumer_key), ("consumer_secret", settings.consumer_secret))
        )
    return Basic(settings.consumer_key, settings.consumer_secret)


PLATFORM = StorePlatform(
    name="woocommerce",
    title="WooCommerce",
    settings=Settings,
    adapter=WooCommerce,
    auth=_auth,
    # WooCommerce itself has no limit; hosts have, and say 429.
    limits=lambda _: Bucket(per_second=10.0, burst=20),
)
