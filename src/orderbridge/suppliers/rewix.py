"""Rewix: suppliers such as Brandsdistribution, each at an address of its own.

One key (``key`` when sent, ``ext_ref`` when read) makes an order findable, so placing looks there
before it writes. Units are held in one *growing order* per account, which an absolute ``set``
changes. Nothing is paid or canceled through this API: a person does that in the supplier's shop.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

import attrs
from dateutil.parser import parse as parse_date

from .._model import Address, Held, Package, PurchaseOrder, Secret, Shipment
from ..adapters import (
    Access,
    AccountSettings,
    Bucket,
    Confirmed,
    Finding,
    Flow,
    Fulfillment,
    Headers,
    LookUp,
    PaidByHand,
    Past,
    Payment,
    Placed,
    Placement,
    Probes,
    Read,
    Refusal,
    Refused,
    Repeat,
    Request,
    Reserves,
    Response,
    SupplierPlatform,
    SupplierStatus,
    Throttled,
    Unclear,
    Unknown,
    Verdict,
    Write,
    decode,
    decode_bytes,
    decode_xml,
    parse_xml,
    raise_for_status,
)
from ..auth import Basic
from ..errors import AnswerError, ConfigurationError, Malformed, Unavailable, Unsupported

__all__ = ["PLATFORM", "RewixAdapter", "Settings"]

_ORDERS = "/restful/ghost/clientorders"
_CREATE = "/restful/ghost/orders/0/dropshipping"
_CART = "/restful/ghost/orders/dropshipping/locked/"
_SET = "/restful/ghost/orders/sold"

_ACCEPT = Headers({"Accept": "application/xml"})
_SEND = Headers({"Accept": "application/xml", "Content-Type": "application/xml; charset=utf-8"})

# The vendor's own client tells people to come back after so many seconds.
_WAIT = 15 * 60.0

F, P = Fulfillment, Payment
Meaning = tuple[Fulfillment | None, Payment | None]

# The supplier's numbers. The same numbers mean other things inside its plug-ins' own tables; only
# what the supplier itself answers is read here. What is missing (2001, 11, 5001...) nobody has
# explained, and 5003 is the growing order itself.
_MEANINGS: Mapping[str, Meaning] = {
    "0": (F.PLACED, P.UNPAID),  # pending
    "10": (F.PLACED, P.UNPAID),  # pending, nothing locked
    "1": (F.PLACED, P.UNPAID),  # money waiting
    "4000": (F.PLACED, P.PENDING),  # payment scheduled
    "1000": (F.PLACED, P.FAILED),  # payment canceled
    "2002": (F.PLACED, P.FAILED),  # payment verification failed
    "5": (F.PLACED, P.UNPAID),  # booked: it may run on account, so it never proves a payment
    "2": (F.ACCEPTED, P.PAID),  # confirmed
    "3001": (F.PREPARING, P.PAID),  # working on
    "3002": (F.READY, P.PAID),  # ready
    "3": (F.SHIPPED, P.PAID),  # dispatched
    "3003": (F.ON_HOLD, None),  # not dispatchable
    "3004": (F.ON_HOLD, None),  # missing items
    "3005": (F.ON_HOLD, None),  # not allowed to dispatch
    "3006": (F.ON_HOLD, None),  # ready, yet not dispatchable
    "3007": (F.ON_HOLD, None),  # not validated
    "2000": (F.CANCELED, None),
    "2005": (F.REJECTED, None),
    "2003": (None, P.REFUNDED),
}
_GROWING = "5003"
_WRAPPERS = frozenset({"5", "6"})  # booked, dropshipping: the real step is the substatus
_HAS_LEFT = frozenset({F.SHIPPED, F.DELIVERED, F.COMPLETED})

_STOCK = re.compile(r"\bstock\b|availab|sold out|disponibil|giacenz|esaurit", re.IGNORECASE)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# --- settings -----------------------------------------------------------------------------------


def _meaning(raw: str, words: str) -> Meaning:
    fulfillment, _, payment = words.partition("/")
    try:
        if not words.strip("/"):
            raise KeyError(words)
        return (F[fulfillment] if fulfillment else None, P[payment] if payment else None)
    except KeyError:
        raise ConfigurationError(
            f"statuses: {raw!r} = {words!r} is not understood; give a fulfillment word such as ON_HOLD, "
            "and after a slash a payment word such as PAID"
        ) from None


def _known_words(
    instance: object, attribute: attrs.Attribute[Mapping[str, str]], value: Mapping[str, str]
) -> None:
    for raw, words in value.items():
        _meaning(raw, words)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number_or_empty(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value and not _is_number(value):
        raise ConfigurationError(f"{attribute.name}: {value!r} is not a carrier's number such as 1")


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """One account at one Rewix supplier; ``base_url`` is the supplier's own shop.

    Args:
        api_key: From "My subscription" in the supplier's shop.

        password: The account's login password there; a new one there must be set here too.

        carrier_id: The carrier for orders that name none; empty lets the supplier choose.

        statuses: What more of the supplier's status numbers mean, or mean in this account:
            ``"2001" = "ON_HOLD"``, with payment ``"2001" = "ON_HOLD/PAID"``, payment alone ``"/PAID"``.

        payment_page: Where a person pays; ``base_url`` if empty.
    """

    api_key: Secret
    password: Secret
    carrier_id: str = attrs.field(default="", validator=_number_or_empty)
    statuses: Mapping[str, str] = attrs.field(factory=dict[str, str], validator=_known_words)
    payment_page: str = ""


# --- the adapter --------------------------------------------------------------------------------


class RewixAdapter(Reserves, PaidByHand, Probes):
    """Orders, the growing order and statuses of one Rewix account."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        own = {raw: _meaning(raw, words) for raw, words in settings.statuses.items()}
        self._meanings: Mapping[str, Meaning] = {**_MEANINGS, **own}

    def place(self, po: PurchaseOrder, past: Past) -> Flow[Write | Placement | Unclear]:
        """Order it unless the supplier has an order with our key."""
        found = yield from _find(f"{_ORDERS}/clientkey/{quote(po.reference, safe='')}")
        if not found and po.supplier_ref:
            return Unclear(f"placed as supplier order {po.supplier_ref}, but our key finds nothing")
        if not found:
            return self._create(po)
        doubt = _doubt(found, po)
        if doubt:
            return Unclear(doubt)
        order = found[0]
        if order.status == _GROWING:
            return Unclear(f"supplier order {order.order_id} with our key is the account's growing order")
        fulfillment, payment = self._read_status(order)
        placed = Placed(
            supplier_ref=order.order_id, fulfillment=fulfillment, payment=payment, raw_status=order.raw
        )
        return Placement(placed=(placed,))

    def fetch(self, po: PurchaseOrder) -> Flow[SupplierStatus | None]:
        """Its status, by the supplier's id of it if that is known, else by our key."""
        if po.supplier_ref:
            path = f"{_ORDERS}/serverkey/{quote(po.supplier_ref, safe='')}"
        else:
            path = f"{_ORDERS}/clientkey/{quote(po.reference, safe='')}"
        found = yield from _find(path)
        if not found:
            return None
        doubt = _doubt(found, po)
        if doubt:
            raise Malformed(doubt, path="/root/order_list")
        order = found[0]
        fulfillment, payment = self._read_status(order)
        return SupplierStatus(
            raw=order.raw,
            fulfillment=fulfillment,
            payment=payment,
            at=order.at,
            # A tracking number may exist before the parcel has left: only the status tells.
            shipments=(order.shipment,) if fulfillment in _HAS_LEFT else (),
        )

    def held(self) -> Flow[tuple[Held, ...]]:
        """The growing order, whoever put things into it."""
        response = yield Read("GET", _CART, headers=_ACCEPT)
        return _cart(response)

    def set_held(self, units: Mapping[str, Decimal], past: Past) -> Flow[Write | tuple[Held, ...] | Unclear]:
        """Hold exactly so many of each; a supplier that gives less answers 200 and a smaller number."""
        # An id that no model can have would have the whole set refused: it is never held, and asked about.
        ids = [remote_id for remote_id in sorted(units) if _MODEL.fullmatch(remote_id)]
        wanted = {remote_id: _whole(remote_id, units[remote_id]) for remote_id in ids}
        if not wanted:
            return (yield from self.held())
        held = yield from self.held()
        now = {item.remote_id: item.held for item in held}
        if "set" in past.answers or all(now.get(remote_id, 0) == n for remote_id, n in wanted.items()):
            return held
        root = Element("root")
        operation = SubElement(root, "operation", type="set")
        for remote_id, n in wanted.items():
            SubElement(operation, "model", stock_id=remote_id, quantity=str(n))
        # "lock" and "unlock" add and subtract, so a repeat counts twice; "set" is absolute.
        return Write("set", Request("POST", _SET, headers=_SEND, body=_xml(root)), unknown=Repeat())

    def payment_page(self, po: PurchaseOrder) -> str:
        """The supplier's shop: Rewix has no address for the payment of one order."""
        return self._settings.payment_page or self._settings.base_url

    def probe(self) -> Flow[Access]:
        """Read the growing order, as the supplier's own status page does."""
        response = yield Read("GET", _CART, headers=_ACCEPT)
        finding = _finding(response)
        if finding.ok:
            yield _NO_SUCH_ORDER  # kept: a 500 means more where 404 is the habit
        # The key belongs to the account and is the only thing that names it.
        key = hashlib.sha256(self._settings.api_key.reveal().strip().encode()).hexdigest()[:16]
        return Access(identity=f"{self._settings.base_url.lower()}#{key}", findings=(finding,))

    def judge(self, write: Write, response: Response) -> Verdict:
        """Confirmed only by an answer in the supplier's own shape; refused only where it says so."""
        status, text = response.status, response.text.strip()
        if 200 <= status < 300:
            return _judge_success(response)
        if status == 401:
            return Refused(Refusal.UNAUTHORIZED, code="401")
        if status == 403:
            return Refused(Refusal.FORBIDDEN, code="403")
        if status == 404 and not _is_page(response):
            return Refused(Refusal.NOT_FOUND, code="404")
        # The reason is plain text that may quote the address, so only its kind is kept.
        if status == 412 and text and not _is_page(response):
            return Refused(Refusal.OUT_OF_STOCK if _STOCK.search(text) else Refusal.INVALID, code="412")
        if status == 429:
            after = response.headers.get("retry-after", "").strip()
            return Throttled(float(after) if _is_number(after) else _WAIT)
        if status == 400 and "order_already_exists" in text:
            return Unknown("order_already_exists")  # some earlier try landed: the look-up finds it
        return Unknown(f"HTTP {status}")

    def _read_status(self, order: _Seen) -> Meaning:
        return self._meanings.get(order.raw) or self._meanings.get(order.effective) or (None, None)

    def _create(self, po: PurchaseOrder) -> Write | Unclear:
        carrier = po.carrier or self._settings.carrier_id
        if carrier and not _is_number(carrier):
            return Unclear("carrier: not a carrier's number of this supplier, such as 1")
        missing = _missing(po.ship_to)
        if missing:
            return Unclear(f"ship_to: {', '.join(missing)} missing")
        body = _xml(_order(po, carrier))
        return Write("create", Request("POST", _CREATE, headers=_SEND, body=body), unknown=LookUp())


# --- what we send -------------------------------------------------------------------------------


def _order(po: PurchaseOrder, carrier: str) -> Element:
    to = po.ship_to
    root = Element("root")
    order = SubElement(SubElement(root, "order_list"), "order")
    _put(order, {"key": po.reference, "date": po.placed_at.strftime("%Y/%m/%d %H:%M:%S %z")})
    if carrier:
        _put(order, {"carrierId": carrier})
    details = SubElement(order, "recipient_details")
    _put(
        details,
        {
            "recipient": to.name or to.company,
            "careof": to.company if to.name else "",
            "cfpiva": to.tax_id,
            # One customer per order, so that no two shoppers are ever filed as one.
            "customer_key": po.reference,
            "notes": po.note,
        },
    )
    # Like the vendor's own clients: the whole street in one field, its number and kind left empty.
    _put(
        SubElement(details, "address"),
        {
            "street_type": "",
            "street_name": f"{to.line1} {to.line2}",
            "address_number": "",
            "zip": to.postal_code,
            "city": to.city,
            "province": to.region_code or to.region,
            "countrycode": to.country,
        },
    )
    _put(SubElement(details, "phone"), {"prefix": "", "number": to.phone})
    items = SubElement(order, "item_list")
    for remote_id, quantity in _items(po).items():
        _put(SubElement(items, "item"), {"stock_id": remote_id, "quantity": str(quantity)})
    return root


def _items(po: PurchaseOrder) -> dict[str, int]:
    items: dict[str, int] = {}
    for remote_id, quantity in po.units.items():
        lines = ", ".join(line.line_ref for line in po.lines if line.remote_id == remote_id)
        items[remote_id] = _whole(remote_id, quantity, of=f"line {lines}, ")
        if not items[remote_id]:
            raise Unsupported(f"line {lines}, remote id {remote_id}: nothing of it is asked for")
    if not items:
        raise Unsupported("the purchase order has no lines")
    return items


_MODEL = re.compile(r"[\w.-]{1,64}", re.ASCII)


def _whole(remote_id: str, quantity: Decimal, *, of: str = "") -> int:
    if remote_id != _plain(remote_id) or not remote_id:
        raise Unsupported(f"{of}remote id {remote_id!r}: give the number of the supplier's model")
    if not quantity.is_finite() or quantity < 0 or quantity != quantity.to_integral_value():
        raise Unsupported(
            f"{of}remote id {remote_id}: {quantity} units; this supplier takes whole units only"
        )
    return int(quantity)


def _missing(to: Address) -> list[str]:
    fields = {
        "name": to.name + to.company,
        "street": to.line1 + to.line2,
        "zip": to.postal_code,
        "city": to.city,
        "country": to.country,
    }
    return [name for name, value in fields.items() if not _plain(value)]


def _put(parent: Element, fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        SubElement(parent, name).text = _plain(value)


def _plain(value: str) -> str:
    # Characters that XML 1.0 cannot hold would make the whole order unreadable.
    return " ".join(_NOT_XML.sub("", value).split())


def _xml(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


# --- what we are answered -----------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Seen:
    """An order as the supplier shows it, from XML or JSON."""

    order_id: str
    ext_ref: str
    status: str
    substatus: str
    last_update: str
    tracking_code: str
    tracking_url: str
    carrier_name: str

    @property
    def raw(self) -> str:
        return self.status if self.substatus in ("", "0") else f"{self.status}/{self.substatus}"

    @property
    def effective(self) -> str:
        inner = self.status in _WRAPPERS and self.substatus not in ("", "0")
        return self.substatus if inner else self.status

    @property
    def at(self) -> datetime | None:
        try:
            # Servers differ in how they write it. What is missing must not come from today's date.
            at = parse_date(self.last_update, default=datetime.min)
            return at.astimezone(UTC) if at.tzinfo is not None and at.year > 1 else None
        except (ValueError, OverflowError):
            return None

    @property
    def shipment(self) -> Shipment:
        """The one departure this API can express."""
        url = self.tracking_url
        # Older servers give no number of their own, only an address that ends in it.
        number = self.tracking_code or (url.rpartition("=")[2] if "=" in url else "")
        package = Package(tracking_number=number, tracking_url=url, carrier=self.carrier_name)
        return Shipment(ref="1", packages=(package,) if package != Package() else ())


@attrs.frozen(kw_only=True)
class _JsonOrders:
    orders: list[dict[str, object]]


_FIELDS = tuple(field.name for field in attrs.fields(_Seen))


# How this server says "no such order", asked while it is well: by a key that no order can have.
_NO_SUCH_ORDER = Read("GET", f"{_ORDERS}/clientkey/orderbridge-none", headers=_ACCEPT, keep=timedelta(days=7))


def _find(path: str) -> Flow[tuple[_Seen, ...]]:
    """The orders at ``path``; none only if the supplier is sure to have none."""
    response = yield Read("GET", path, headers=_ACCEPT)
    if response.status == 500:
        # Some servers say 500 for "no such order", and all say it when they are broken. Only if
        # the account answers something else right now, and this still fails, is it the former.
        control = yield Read("GET", _CART, headers=_ACCEPT)
        _cart(control)
        response = yield Read("GET", path, headers=_ACCEPT)
        if response.status == 500:
            habit = yield _NO_SUCH_ORDER
            if habit.status == 404:
                raise Unavailable("this supplier says 404 for what it does not know, and now says 500")
            return ()
    if response.status in (200, 404) and _is_page(response):
        raise Malformed(
            "a web page came where an order was expected; is base_url the supplier's own shop?", path="/"
        )
    return () if response.status == 404 else _orders(response)


def _is_page(response: Response) -> bool:
    head = response.text[:1000].lower()
    return "<html" in head or "<!doctype html" in head


def _orders(response: Response) -> tuple[_Seen, ...]:
    raise_for_status(response)
    if response.text.lstrip().startswith("{"):
        found = decode(_JsonOrders, response).orders
        rows = [{name: _word(order.get(name)) for name in _FIELDS} for order in found]
    else:
        root = parse_xml(response.body)
        if root.tag != "root" or (len(root) and root.find("order_list") is None):
            raise Malformed("an answer without order_list came where an order was expected", path="/root")
        elements = root.iterfind("order_list/order")
        rows = [{name: _word(order.findtext(name)) for name in _FIELDS} for order in elements]
    for row in rows:
        for name in ("order_id", "status"):
            if not row[name]:
                raise Malformed(f"{name}: missing", path=f"/root/order_list/order/{name}")
    return tuple(_Seen(**row) for row in rows)


def _word(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # this vendor's JSON writes whole numbers as 3.0
    return "" if value is None else str(value).strip()


def _doubt(found: tuple[_Seen, ...], po: PurchaseOrder) -> str:
    """Why what was found may not be ours; empty if it is. The answer has no lines and no total to compare."""
    order, *others = found
    if others:
        ids = ", ".join(each.order_id for each in found)
        return f"{len(found)} supplier orders answer to our key: {ids}"
    if po.supplier_ref and order.order_id != po.supplier_ref:
        return f"supplier order {order.order_id} answers, where {po.supplier_ref} was placed"
    if order.ext_ref == po.reference or (po.supplier_ref and not order.ext_ref):
        return ""
    return f"supplier order {order.order_id}: its ext_ref is not our key"


def _cart(response: Response) -> tuple[Held, ...]:
    root = decode_xml(response)
    if root.tag != "root":
        raise Malformed("something else came where the growing order was expected", path="/")
    held: dict[str, Held] = {}
    for model in root.iterfind("model"):
        remote_id = model.get("stock_id", "").strip()
        if not remote_id or remote_id in held:
            raise Malformed("stock_id: missing, or there twice", path="/root/model/@stock_id")
        locked, available = model.get("locked", "").strip(), model.get("available", "").strip()
        if not locked.isdecimal():
            raise Malformed("locked: not a number of units", path="/root/model/@locked")
        held[remote_id] = Held(
            remote_id=remote_id,
            held=Decimal(locked),
            available=Decimal(available) if available.isdecimal() else None,
        )
    return tuple(held.values())


def _judge_success(response: Response) -> Verdict:
    # The id in this answer is that of the growing order, so it proves the write and names nothing.
    try:
        if response.text.lstrip().startswith("{"):
            ours = "order_id" in decode_bytes(dict[str, object], response.body)
        else:
            ours = parse_xml(response.body).tag == "root"
    except Malformed:
        ours = False
    return Confirmed() if ours else Unknown(f"HTTP {response.status} without the growing order")


_FIXES: Mapping[int, tuple[str, str]] = {
    401: (
        "the supplier does not accept the API key and password",
        "copy the key from My subscription; the password is that of the login, so set it here again "
        "after it was changed there; see that the subscription has not ended",
    ),
    403: ("the supplier knows the account but refuses its API", "ask the supplier to open the API for it"),
    404: ("there is no Rewix API at base_url", "give the address of the supplier's own shop as base_url"),
    429: ("too many requests", "let no other plug-in use this account, and try again in 15 minutes"),
}


def _finding(response: Response) -> Finding:
    if response.status in _FIXES:
        what, fix = _FIXES[response.status]
        return Finding(ok=False, what=what, fix=fix)
    try:
        held = _cart(response)
    except AnswerError as error:
        later = response.status >= 500
        return Finding(ok=False, what=error.message, fix="try again later" if later else _FIXES[404][1])
    units = sum((item.held for item in held), Decimal(0))
    return Finding(ok=True, what=f"the account answers; its growing order holds {units:f} units")


PLATFORM = SupplierPlatform(
    name="rewix",
    title="Rewix",
    settings=Settings,
    adapter=RewixAdapter,
    auth=lambda settings: Basic(settings.api_key, settings.password),
    # No limits are published; too many cost 15 minutes of silence.
    limits=lambda _: Bucket(per_second=4.0, burst=20),
)
