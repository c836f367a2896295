"""Every kind of event, and what it says. The page in the docs is made from the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

__all__ = ["EVENTS", "Event", "EventKind", "EventText"]


class EventKind(StrEnum):
    """What happened. Words are never renamed or removed; later versions may add some."""

    # orders
    ORDER_SEEN = "OrderSeen"
    ORDER_CHANGED = "OrderChanged"
    ORDER_GONE = "OrderGone"
    ADDRESS_CHANGED = "AddressChanged"
    HELD = "Held"
    RELEASED = "Released"
    FORGOTTEN = "Forgotten"
    STORE_FORGOTTEN = "StoreForgotten"
    PULL_FAILED = "PullFailed"
    # purchase orders, until they are placed
    PURCHASE_ORDER_MADE = "PurchaseOrderMade"
    PURCHASE_ORDER_CHANGED = "PurchaseOrderChanged"
    PURCHASE_ORDER_CANCELED = "PurchaseOrderCanceled"
    RESEND_MADE = "ResendMade"
    RESERVED = "Reserved"
    NOT_HELD = "NotHeld"
    APPROVED = "Approved"
    QUOTED = "Quoted"
    TOO_DEAR = "TooDear"
    PLACING = "Placing"
    PLACED = "Placed"
    IN_DOUBT = "InDoubt"
    REFUSED = "Refused"
    PUT_OFF = "PutOff"
    # money
    PAYING = "Paying"
    PAID = "Paid"
    PAYMENT_SEEN = "PaymentSeen"
    PAYMENT_REGRESSED = "PaymentRegressed"
    MONEY_STOPPED = "MoneyStopped"
    MONEY_RELEASED = "MoneyReleased"
    # purchase orders, from then on
    STATUS = "Status"
    STATUS_REGRESSED = "StatusRegressed"
    CONTRADICTORY_STATUS = "ContradictoryStatus"
    UNKNOWN_STATUS = "UnknownStatus"
    DEPARTED = "Departed"
    TRACKING_CHANGED = "TrackingChanged"
    RETURNED = "Returned"
    REVOKE_ASKED = "RevokeAsked"
    REVOKING = "Revoking"
    REVOKED = "Revoked"
    SEEN_AT_SUPPLIER = "SeenAtSupplier"
    TWIN_FOUND = "TwinFound"
    TWIN_REVOKING = "TwinRevoking"
    TWIN_REVOKED = "TwinRevoked"
    UNKNOWN_PURCHASE = "UnknownPurchase"
    # what the shop is told
    ANNOUNCED = "Announced"
    TRACKING_CORRECTED = "TrackingCorrected"
    FOUND_BY_HAND = "FoundByHand"
    TOLD_BY_HAND = "ToldByHand"
    PROGRESS_SHOWN = "ProgressShown"
    WARNING = "Warning"
    # what people ask of the shop
    ASKED = "Asked"
    NOTED = "Noted"
    CANCELED_IN_SHOP = "CanceledInShop"
    REFUNDED = "Refunded"
    HELD_IN_SHOP = "HeldInShop"
    RELEASED_IN_SHOP = "ReleasedInShop"
    # cases and manifests
    CASE_OPENED = "CaseOpened"
    CASE_MOVED = "CaseMoved"
    MANIFEST_OPENED = "ManifestOpened"
    PACKED = "Packed"
    UNPACKED = "Unpacked"
    LEFT_OUT = "LeftOut"
    MANIFEST_SHIPPED = "ManifestShipped"
    # people
    REVIEW_OPENED = "ReviewOpened"
    REVIEW_RESOLVED = "ReviewResolved"


@attrs.frozen(kw_only=True)
class EventText:
    """One kind of event.

    Args:
        means: What has happened.

        about: What its ``about`` names.

        data: The names in its ``data``. Each is text, and any of them may be missing.
    """

    means: str
    about: str
    data: tuple[str, ...] = ()


_ORDER, _PURCHASE, _NOTICE, _TASK = "order", "purchase order", "shipment notice", "task"
_CASE, _MANIFEST = "case", "manifest"
_STATUS = ("raw", "fulfillment", "payment")

E = EventKind
EVENTS: Mapping[EventKind, EventText] = {
    E.ORDER_SEEN: EventText(
        means="The shop shows an order for the first time.",
        about=_ORDER,
        data=("number", "payment", "status"),
    ),
    E.ORDER_CHANGED: EventText(
        means="The shop shows something else that matters to shipping or money.",
        about=_ORDER,
        data=("number", "payment", "status"),
    ),
    E.ORDER_GONE: EventText(means="The shop does not have the order any more.", about=_ORDER),
    E.ADDRESS_CHANGED: EventText(
        means="Your application gave another address, or took its own back.",
        about=_ORDER,
        data=("address",),
    ),
    E.HELD: EventText(means="A person keeps the order from being placed.", about=_ORDER),
    E.RELEASED: EventText(means="A person lets it go on.", about=_ORDER),
    E.FORGOTTEN: EventText(means="The shopper was blanked for good.", about=_ORDER),
    E.STORE_FORGOTTEN: EventText(
        means="All shoppers of a shop that went away were blanked.", about="store account"
    ),
    E.PULL_FAILED: EventText(
        means="A shop could not be asked for its orders; it is asked again.",
        about="store account",
        data=("why",),
    ),
    E.PURCHASE_ORDER_MADE: EventText(
        means="A supplier is to ship something.", about=_PURCHASE, data=("supplier",)
    ),
    E.PURCHASE_ORDER_CHANGED: EventText(
        means="It is to ship something else; nothing is placed yet.", about=_PURCHASE, data=("supplier",)
    ),
    E.PURCHASE_ORDER_CANCELED: EventText(
        means="Nothing of it is wanted any more, and nothing was ordered.", about=_PURCHASE
    ),
    E.RESEND_MADE: EventText(
        means="Goods are to be sent once more.", about=_PURCHASE, data=("supplier", "resend_of")
    ),
    E.RESERVED: EventText(means="Its units are held at the supplier.", about=_PURCHASE),
    E.NOT_HELD: EventText(
        means="Units of it are not held any more; it is reserved again.",
        about=_PURCHASE,
        data=("remote_id",),
    ),
    E.APPROVED: EventText(means="A person said: place it.", about=_PURCHASE, data=("checkout",)),
    E.QUOTED: EventText(
        means="The supplier said what it would cost.", about=_PURCHASE, data=("total", "carrier")
    ),
    E.TOO_DEAR: EventText(means="It costs more than was agreed.", about=_PURCHASE, data=("why",)),
    E.PLACING: EventText(
        means="It is about to be ordered; written down before the call.",
        about=_PURCHASE,
        data=("reference",),
    ),
    E.PLACED: EventText(
        means="The supplier has the order.", about=_PURCHASE, data=("supplier_ref", "status")
    ),
    E.IN_DOUBT: EventText(means="Nobody knows yet what came of a call; it is looked for.", about=_PURCHASE),
    E.REFUSED: EventText(means="The supplier said no.", about=_PURCHASE, data=("code", "why")),
    E.PUT_OFF: EventText(
        means="Nothing was done; it is tried again.",
        about=f"{_PURCHASE}, {_NOTICE} or {_TASK}",
        data=("why", "purchase_order"),
    ),
    E.PAYING: EventText(
        means="It is about to be paid; written down before the call.", about=_PURCHASE, data=("amount",)
    ),
    E.PAID: EventText(means="It is paid.", about=_PURCHASE, data=("payment",)),
    E.PAYMENT_SEEN: EventText(
        means="The supplier says something else of the payment.", about=_PURCHASE, data=("payment",)
    ),
    E.PAYMENT_REGRESSED: EventText(
        means="The supplier's word on the payment went back; ours stays.",
        about=_PURCHASE,
        data=("raw", "payment"),
    ),
    E.MONEY_STOPPED: EventText(
        means="All placing and paying was stopped.", about="owner, or `all`", data=("reason",)
    ),
    E.MONEY_RELEASED: EventText(
        means="Placing and paying may go on.", about="owner, or `all`", data=("reason",)
    ),
    E.STATUS: EventText(means="The supplier says how far it is.", about=_PURCHASE, data=_STATUS),
    E.STATUS_REGRESSED: EventText(
        means="The supplier's word went back; our state stays.", about=_PURCHASE, data=_STATUS
    ),
    E.CONTRADICTORY_STATUS: EventText(
        means="The supplier's word cannot be after what it said before.", about=_PURCHASE, data=_STATUS
    ),
    E.UNKNOWN_STATUS: EventText(
        means="The supplier used a word that nobody here knows; it changes nothing.",
        about=_PURCHASE,
        data=_STATUS,
    ),
    E.DEPARTED: EventText(means="Goods left.", about=_PURCHASE, data=("shipment", "packages")),
    E.TRACKING_CHANGED: EventText(
        means="The supplier has another number for a departure.", about=_PURCHASE, data=("shipment",)
    ),
    E.RETURNED: EventText(
        means="Goods came back to the supplier.", about=_PURCHASE, data=("ref", "remote_id", "raw")
    ),
    E.REVOKE_ASKED: EventText(means="A person wants it canceled at the supplier.", about=_PURCHASE),
    E.REVOKING: EventText(means="It is about to be canceled; written down before the call.", about=_PURCHASE),
    E.REVOKED: EventText(
        means="The supplier canceled it, or was asked to.", about=_PURCHASE, data=("status",)
    ),
    E.SEEN_AT_SUPPLIER: EventText(
        means="The daily look found it at the supplier, and no call had told of it; it is looked up.",
        about=_PURCHASE,
        data=("supplier_ref",),
    ),
    E.TWIN_FOUND: EventText(
        means="The supplier has one more order under its reference; a person is asked.",
        about=_PURCHASE,
        data=("supplier_ref", "raw"),
    ),
    E.TWIN_REVOKING: EventText(
        means="The order too many is about to be canceled; written down before the call.",
        about=_PURCHASE,
        data=("supplier_ref",),
    ),
    E.TWIN_REVOKED: EventText(
        means="The supplier canceled the order too many, or was asked to.",
        about=_PURCHASE,
        data=("supplier_ref", "status"),
    ),
    E.UNKNOWN_PURCHASE: EventText(
        means="A supplier's account has an order with a reference like ours that this journal has not given.",
        about="supplier account",
        data=("supplier_ref", "reference"),
    ),
    E.ANNOUNCED: EventText(
        means="The shop was told of a departure.",
        about=_NOTICE,
        data=("purchase_order", "parcels", "completes"),
    ),
    E.TRACKING_CORRECTED: EventText(
        means="The shop was told another number.", about=_NOTICE, data=("purchase_order", "parcels")
    ),
    E.FOUND_BY_HAND: EventText(
        means="A person said which of the supplier's orders it is.", about=_PURCHASE, data=("supplier_ref",)
    ),
    E.TOLD_BY_HAND: EventText(means="A person told the shop.", about=_NOTICE),
    E.PROGRESS_SHOWN: EventText(
        means="The shop shows how far the suppliers are.", about=_ORDER, data=("stages",)
    ),
    E.WARNING: EventText(
        means="It was done, and something did not come with it.",
        about=f"{_NOTICE} or {_TASK}",
        data=("text", "purchase_order"),
    ),
    E.ASKED: EventText(
        means="A person wants something done in the shop.", about=_TASK, data=("task", "amount")
    ),
    E.NOTED: EventText(means="The shop shows the remark.", about=_TASK),
    E.CANCELED_IN_SHOP: EventText(means="The shop canceled its order.", about=_TASK),
    E.REFUNDED: EventText(
        means="The shop gave money back, or wrote down that somebody did.",
        about=_TASK,
        data=("ref", "amount", "money"),
    ),
    E.HELD_IN_SHOP: EventText(means="The shop holds the order.", about=_TASK),
    E.RELEASED_IN_SHOP: EventText(means="Our hold in the shop is off.", about=_TASK),
    E.CASE_OPENED: EventText(means="Something is wanted of a supplier.", about=_CASE, data=("kind", "state")),
    E.CASE_MOVED: EventText(means="How far that is.", about=_CASE, data=("kind", "state")),
    E.MANIFEST_OPENED: EventText(means="A hand-over list begins.", about=_MANIFEST, data=("courier",)),
    E.PACKED: EventText(means="A departure is on it.", about=_MANIFEST, data=("purchase_order", "shipment")),
    E.UNPACKED: EventText(
        means="A departure is off it.", about=_MANIFEST, data=("purchase_order", "shipment")
    ),
    E.LEFT_OUT: EventText(
        means="A departure did not go with it.", about=_MANIFEST, data=("purchase_order", "why")
    ),
    E.MANIFEST_SHIPPED: EventText(means="The courier has it.", about=_MANIFEST, data=("courier",)),
    E.REVIEW_OPENED: EventText(
        means="A person is asked.", about="what the review is about", data=("code", "evidence")
    ),
    E.REVIEW_RESOLVED: EventText(
        means="A person answered.", about="what the review is about", data=("code", "decision")
    ),
}


@attrs.frozen(kw_only=True)
class Event:
    """One line of the audit, in one order over the whole journal.

    Args:
        position: Rises with each event; no reader can skip one.

        kind: What happened; a plain string is one that a later version has written.

        about: The id of what it happened to.

        order_id: The store order it belongs to, or empty.

        data: Details, without shopper data or secrets.
    """

    position: int
    at: datetime
    kind: EventKind | str
    about: str
    order_id: str = ""
    data: dict[str, str] = attrs.field(factory=dict[str, str])
