"""A PrestaShop with one order in it, and what can be seen there of what a bridge did to that order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orderbridge as ob
from both_sides import PrestaShopSides
from orderbridge.sandbox import PrestaShopShop
from orderbridge.sandbox.faults import Fault

__all__ = [
    "BY_HAND",
    "LINK",
    "LOSSES",
    "QUIET",
    "booked",
    "departed",
    "in_shop",
    "notices",
    "placed",
    "said",
    "states",
    "warnings",
]

# Pulls are rare where none is needed, so that hours pass quickly.
RARELY = timedelta(minutes=30)
BY_HAND = ob.Policy(place=ob.Who.BY_HAND, pull_every=RARELY)
QUIET = ob.Policy(place=ob.Who.AUTOMATIC, report_progress=False, pull_every=RARELY)
LINK = "https://parcels.example/?n=@"
# What may become of a write so that nobody knows whether it was carried out.
LOSSES = (Fault.ANSWER_LOST, Fault.REQUEST_LOST, Fault.ERROR_AFTER, Fault.LATE)


def in_shop(*, link: bool = True, **habits: Any) -> PrestaShopSides:
    """Both sides, with a PrestaShop of these habits.

    Args:
        link: The orders' carrier has a tracking address; without one, no mail goes out about a parcel.

        habits: Of the shop.
    """
    sides = PrestaShopSides(shop=PrestaShopShop(**habits))
    if link:
        sides.shop.change("carriers", sides.shop.tables["carriers"][2], url=LINK)
    return sides


def placed(sides: PrestaShopSides, basket: dict[str, int | str] | None = None, **bridge: Any) -> ob.Bridge:
    """One order, which the supplier has."""
    sides.sell(basket or {"RW-100": 2})
    made = sides.bridge(**{"policy": QUIET, **bridge})
    sides.live(made, 1)
    assert sides.ordered()
    return made


def departed(sides: PrestaShopSides, bridge: ob.Bridge) -> str:
    """The supplier sends it off, and the shop is told; the tracking number."""
    (number,) = sides.dispatch()
    sides.live(bridge, 1)
    return number


def warnings(bridge: ob.Bridge) -> str:
    view = bridge.order("shop/1")
    assert view is not None
    return "; ".join(warning for notice in view.notices for warning in notice.warnings)


def notices(bridge: ob.Bridge) -> list[ob.NoticeState]:
    view = bridge.order("shop/1")
    assert view is not None
    return [notice.state for notice in view.notices]


def states(sides: PrestaShopSides) -> list[str]:
    """The states that the order went through."""
    return [entry["id_order_state"] for entry in sides.shop.histories(1)]


def said(sides: PrestaShopSides, text: str) -> list[str]:
    """Messages with this text: 1 for each that only the staff see, 0 for each that the shopper sees too."""
    return [row["private"] for row in sides.shop.messages(1) if text in row["message"]]


def booked(sides: PrestaShopSides) -> tuple[int, int, str]:
    """What PrestaShop has written down as money: invoices, payments, and what they come to."""
    return len(sides.shop.invoices(1)), len(sides.shop.payments(1)), sides.shop.order(1)["total_paid_real"]
