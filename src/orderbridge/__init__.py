"""orderbridge: web shops on one side, the suppliers who ship for them on the other.

Start with ``Bridge`` or ``AsyncBridge``. For plug-ins see ``orderbridge.adapters``.
"""

from ._bridge import Bridge
from ._bridge_async import AsyncBridge
from ._cart import Difference
from ._commands import PaymentPage
from ._drivers import MemoryTokens, TokenStore
from ._journal import Journal
from ._model import (
    Address,
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
from ._plugins import Account, journal, register, store, supplier
from ._policy import Policy, Take, Who
from ._records import (
    Event,
    NoticeRecord,
    OrderRecord,
    PurchaseRecord,
    ReservationRow,
    Review,
    ReviewCode,
    Task,
)
from ._run import Report
from ._sourcing import OwnStock, SkuPrefix, SupplierRef
from ._states import Fulfillment, IntentState, NoticeState, Payment, TaskState
from ._store_adapter import Carrier, Note, Refund, RefundLine
from ._views import Health, OrderView, Payable
from .errors import BridgeError, ConfigurationError

__version__ = "0.1.0"

__all__ = [
    "Account",
    "Address",
    "AsyncBridge",
    "Bridge",
    "BridgeError",
    "Carrier",
    "ConfigurationError",
    "Difference",
    "Event",
    "Fulfillment",
    "Health",
    "Held",
    "IntentState",
    "Journal",
    "Line",
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
    "Payable",
    "Payment",
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
    "Secret",
    "Shipment",
    "ShipmentLine",
    "ShipmentNotice",
    "ShippingChoice",
    "ShopRefund",
    "SkuPrefix",
    "StorePayment",
    "SupplierRef",
    "Take",
    "Task",
    "TaskState",
    "TokenStore",
    "Who",
    "journal",
    "register",
    "store",
    "supplier",
]
