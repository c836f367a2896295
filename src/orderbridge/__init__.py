"""orderbridge: web shops on one side, the suppliers who ship for them on the other.

Start with ``Bridge`` or ``AsyncBridge``. For plug-ins see ``orderbridge.adapters``.
"""

from ._bridge import Bridge
from ._bridge_async import AsyncBridge
from ._cart import Difference
from ._checkout import Checkout, CheckoutItem
from ._checkout_pay import PaymentPage
from ._events import Event, EventKind
from ._health import Health, LimitUse, StoreHealth
from ._journal import Journal
from ._links_table import LinksImported
from ._manifest_report import Handed, ManifestReport, Telling
from ._model import (
    Address,
    BuyerContext,
    Document,
    Held,
    Line,
    NoticeLine,
    Order,
    Package,
    ProductLink,
    PurchaseLine,
    PurchaseOrder,
    Secret,
    Shipment,
    ShipmentLine,
    ShipmentNotice,
    ShippingChoice,
    ShopRefund,
    StorePayment,
)
from ._money import Money
from ._plugins import Account, journal, register, store, supplier, tokens
from ._policy import PackingRule, Policy, SourceBy, Take, Who
from ._records import (
    DailyLook,
    Manifest,
    NoticeRecord,
    OrderRecord,
    Packed,
    PurchaseRecord,
    ReservationRow,
    Twin,
    WantedBy,
)
from ._reviews import DECISIONS, Review, ReviewCode, ReviewText
from ._run import Report
from ._shipments_table import Imported, RowError
from ._shipping_rules import ShipBy, ShippingRule
from ._sourcing import Match, OwnStock, SkuPrefix, SupplierRef
from ._standing import Tab
from ._states import (
    CaseKind,
    CaseState,
    Fulfillment,
    IntentState,
    ManifestState,
    NoticeState,
    Payment,
    PaymentKind,
    TaskState,
)
from ._store_adapter import Carrier, Note, Refund, RefundLine
from ._timeline import Entry
from ._token_store import MemoryTokens, TokenStore
from ._views import OrderView, Payable
from ._wishes import Case, Task
from .errors import BridgeError, ConfigurationError

__version__ = "0.1.0"

__all__ = [
    "DECISIONS",
    "Account",
    "Address",
    "AsyncBridge",
    "Bridge",
    "BridgeError",
    "BuyerContext",
    "Carrier",
    "Case",
    "CaseKind",
    "CaseState",
    "Checkout",
    "CheckoutItem",
    "ConfigurationError",
    "DailyLook",
    "Difference",
    "Document",
    "Entry",
    "Event",
    "EventKind",
    "Fulfillment",
    "Handed",
    "Health",
    "Held",
    "Imported",
    "IntentState",
    "Journal",
    "LimitUse",
    "Line",
    "LinksImported",
    "Manifest",
    "ManifestReport",
    "ManifestState",
    "Match",
    "MemoryTokens",
    "Money",
    "Note",
    "NoticeLine",
    "NoticeRecord",
    "NoticeState",
    "Order",
    "OrderRecord",
    "OrderView",
    "OwnStock",
    "Package",
    "Packed",
    "PackingRule",
    "Payable",
    "Payment",
    "PaymentKind",
    "PaymentPage",
    "Policy",
    "ProductLink",
    "PurchaseLine",
    "PurchaseOrder",
    "PurchaseRecord",
    "Refund",
    "RefundLine",
    "Report",
    "ReservationRow",
    "Review",
    "ReviewCode",
    "ReviewText",
    "RowError",
    "Secret",
    "ShipBy",
    "Shipment",
    "ShipmentLine",
    "ShipmentNotice",
    "ShippingChoice",
    "ShippingRule",
    "ShopRefund",
    "SkuPrefix",
    "SourceBy",
    "StoreHealth",
    "StorePayment",
    "SupplierRef",
    "Tab",
    "Take",
    "Task",
    "TaskState",
    "Telling",
    "TokenStore",
    "Twin",
    "WantedBy",
    "Who",
    "journal",
    "register",
    "store",
    "supplier",
    "tokens",
]
