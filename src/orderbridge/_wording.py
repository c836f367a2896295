"""What stands in words: marks in remarks, what a departure holds, amounts as people write them."""

from __future__ import annotations

from collections.abc import Mapping

from ._model import Order, Package, ShipmentNotice
from ._money import Money, decimals_of


def mark_of(key: str) -> str:
    """How a key of ours stands in text that people read."""
    return f"[ob:{key}]"


def web_link(package: Package) -> str:
    """The package's tracking page, or empty if what the supplier gave is no web address."""
    return package.tracking_url if package.tracking_url.startswith(("https://", "http://")) else ""


def purchase_name(po_id: str) -> str:
    """A purchase order within its order: its supplier, with its number where it is not the first there."""
    _, supplier, n = po_id.rsplit("/", 2)
    return supplier if n == "1" else f"{supplier}/{n}"


def readable(word: str) -> str:
    """A platform's word for a state; empty where it has only a number for it, which says nothing."""
    return word if any(sign.isalpha() for sign in word) else ""


def departure(order: Order, notice: ShipmentNotice) -> str:
    """What left and in which parcels, for people."""
    names = {line.ref: line.name or line.sku or line.ref for line in order.lines}
    left = ", ".join(
        f"{line.units.normalize():f} x {names.get(line.line_ref, line.line_ref)}" for line in notice.lines
    )
    parcels = "; ".join(
        " ".join(part for part in (package.carrier, package.tracking_number, web_link(package)) if part)
        for package in notice.packages
    )
    if not left:
        return f"One more parcel: {parcels}" if parcels else "One more parcel"
    return ". ".join(part for part in (f"Shipped: {left}", parcels) if part)


def same_number(one: str, other: str) -> bool:
    """Equal tracking numbers but for blanks and letter case, in which people and carriers differ."""
    return bool(one.strip()) and "".join(one.split()).casefold() == "".join(other.split()).casefold()


def same_name(one: str, other: str) -> bool:
    """Equal carriers' names but for letter case, blanks and signs; an empty name equals none."""
    return bool(plain_name(one)) and plain_name(one) == plain_name(other)


def by_name(table: Mapping[str, str], name: str) -> str:
    """What the merchant wrote beside a carrier's name, however he spelled that; empty if nothing."""
    return next((theirs.strip() for ours, theirs in table.items() if same_name(ours, name)), "")


def plain_name(name: str) -> str:
    """A form in which a carrier's names compare equal however people write them."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def amount_of(money: Money) -> str:
    """An amount for people: with its currency's decimals, and with more only where they are not zero."""
    places = decimals_of(money.currency)
    whole, _, rest = f"{money.amount:f}".partition(".")
    rest = rest[:places].ljust(places, "0") + rest[places:].rstrip("0")
    return f"{whole}{'.' if rest else ''}{rest} {money.currency}"
