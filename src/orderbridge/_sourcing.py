"""Which supplier ships which line: links first, then rules; pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import attrs

from ._model import Allocation, Line, Order, ProductLink
from ._policy import SourceBy
from ._records import Offer
from .errors import ConfigurationError

__all__ = [
    "Choice",
    "Match",
    "OwnStock",
    "Rule",
    "SkuPrefix",
    "Sourced",
    "SupplierRef",
    "allocate",
    "still_needed",
    "still_wanted",
]


@attrs.frozen(kw_only=True)
class SkuPrefix:
    """Lines whose SKU starts with ``prefix`` go to ``supplier``; the rest of the SKU is the remote id."""

    prefix: str
    supplier: str

    def matches(self, line: Line) -> bool:
        return line.sku.startswith(self.prefix) and line.sku != self.prefix

    def remote_id_of(self, line: Line) -> str:
        return line.sku.removeprefix(self.prefix)


@attrs.frozen(kw_only=True)
class OwnStock:
    """Lines whose SKU starts with ``prefix`` are shipped by the merchant.

    Args:
        prefix: What the SKU starts with.

        supplier: The merchant's own warehouse, an account on ``offline``; the SKU is the remote id there.
            Without one the bridge leaves the lines alone.
    """

    prefix: str
    supplier: str = ""

    def matches(self, line: Line) -> bool:
        return line.sku.startswith(self.prefix) and (not self.supplier or bool(line.sku))

    def remote_id_of(self, line: Line) -> str:
        return line.sku


@attrs.frozen(kw_only=True)
class SupplierRef:
    """Lines whose product the shop itself ties to a supplier go to ``supplier``.

    Some shops keep, with a product, what its supplier calls it (PrestaShop: the supplier reference). That
    text less ``prefix`` is the remote id; lines without one, or without the prefix, are not this rule's.
    """

    supplier: str
    prefix: str = ""

    def matches(self, line: Line) -> bool:
        return line.supplier_ref.startswith(self.prefix) and line.supplier_ref != self.prefix

    def remote_id_of(self, line: Line) -> str:
        return line.supplier_ref.removeprefix(self.prefix)


@attrs.frozen(kw_only=True)
class Match:
    """Lines that show all that is given here go to ``supplier``. Capitals do not count, but in SKUs.

    A shop that does not say a thing of its products never fits a rule about it; the page of each shop
    says what it does.

    Args:
        sku_prefix: What the SKU starts with; it is no part of the remote id.

        vendor: Who makes or sells the product.

        tag: One of the product's tags.

        shipping_class: The shop's word for how the product is shipped.

        attribute: What the shopper chose on the line, such as ``"Engraving"``; with ``"Color=Red"`` only
            that value.

        remote_id: Which of the line's fields the supplier is to be told.
    """

    supplier: str
    sku_prefix: str = ""
    vendor: str = ""
    tag: str = ""
    shipping_class: str = ""
    attribute: str = ""
    remote_id: Literal["sku", "supplier_ref", "variant_ref", "product_ref"] = "sku"

    def __attrs_post_init__(self) -> None:
        if not (self.sku_prefix or self.vendor or self.tag or self.shipping_class or self.attribute):
            raise ConfigurationError(
                f"rule for {self.supplier!r}: give a sku_prefix, vendor, tag, shipping_class or attribute"
            )

    def matches(self, line: Line) -> bool:
        wanted = (
            (self.vendor, (line.vendor,)),
            (self.tag, line.tags),
            (self.shipping_class, (line.shipping_class,)),
        )
        return (
            line.sku.startswith(self.sku_prefix)
            and all(not fact or _is_one_of(fact, said) for fact, said in wanted)
            and (not self.attribute or self._has_attribute(line))
            and bool(self.remote_id_of(line))
        )

    def _has_attribute(self, line: Line) -> bool:
        name, sign, value = self.attribute.partition("=")
        return any(
            _is_one_of(name, (known,)) and (not sign or _is_one_of(value, (chosen,)))
            for known, chosen in line.attributes
        )

    def remote_id_of(self, line: Line) -> str:
        said = {
            "sku": line.sku.removeprefix(self.sku_prefix),
            "supplier_ref": line.supplier_ref,
            "variant_ref": line.variant_ref,
            "product_ref": line.product_ref,
        }
        return said[self.remote_id]


def _is_one_of(text: str, said: Iterable[str]) -> bool:
    return text.strip().casefold() in {each.strip().casefold() for each in said}


Rule = SkuPrefix | SupplierRef | Match | OwnStock


@attrs.frozen(kw_only=True)
class Choice:
    """How one of several suppliers that a product is linked to is chosen.

    Args:
        known: Names of the suppliers that may ship it; a link to another one waits for its account.

        settled: By line, the supplier that has it in a purchase order which can still change.

        offer: What a supplier says of a remote id; None if it is to be asked first.

        rate: What one unit of a currency is worth in another, or None.
    """

    by: SourceBy
    known: Container[str]
    settled: Mapping[str, str]
    offer: Callable[[str, str], Offer | None]
    rate: Callable[[str, str], Decimal | None]

    def among(
        self, line: Line, units: Decimal, links: Sequence[ProductLink]
    ) -> str | frozenset[tuple[str, str]] | None:
        """The supplier; what is to be asked first, as suppliers and remote ids; or None if there is none."""
        kits: dict[str, list[ProductLink]] = {}
        for link in sorted(links, key=lambda each: (each.priority, each.supplier)):
            if link.supplier in self.known:
                kits.setdefault(link.supplier, []).append(link)
        names = list(kits)
        if len(names) < 2 or self.by is SourceBy.PRIORITY:
            return names[0] if names else None
        if self.settled.get(line.ref) in kits:
            # What was held, quoted or agreed there is not given up because a price moved elsewhere.
            return self.settled[line.ref]
        offers: dict[tuple[str, str], Offer] = {}
        unasked: set[tuple[str, str]] = set()
        for link in (link for kit in kits.values() for link in kit):
            key = link.supplier, link.remote_id
            if self.by is SourceBy.PRICE and link.cost is not None:
                offers[key] = Offer(price=link.cost)
            elif (offer := self.offer(*key)) is None:
                unasked.add(key)
            else:
                offers[key] = offer
        if unasked:
            return frozenset(unasked)
        if self.by is SourceBy.STOCK:
            return next((name for name in names if _has_enough(kits[name], units, offers)), names[0])
        prices = {name: self._price(kits[name], offers, line) for name in names}
        # Of equal prices the first by priority; one that nobody knows comes last.
        return min(names, key=lambda name: (prices[name] is None, prices[name] or Decimal(0)))

    def _price(
        self, kit: Sequence[ProductLink], offers: Mapping[tuple[str, str], Offer], line: Line
    ) -> Decimal | None:
        """Of one unit of the line, in the order's currency; None if it is not known in full."""
        total = Decimal(0)
        for link in kit:
            price = offers[link.supplier, link.remote_id].price
            if price is None:
                return None
            to = line.total.currency
            rate = Decimal(1) if price.currency == to else self.rate(price.currency, to)
            if rate is None:
                return None
            total += price.times(link.factor).amount * rate
        return total


def _has_enough(kit: Sequence[ProductLink], units: Decimal, offers: Mapping[tuple[str, str], Offer]) -> bool:
    """Who does not say is taken to have it: only a supplier's own word stands against it."""
    for link in kit:
        available = offers[link.supplier, link.remote_id].available
        if available is not None and available < units * link.factor:
            return False
    return True


@attrs.frozen(kw_only=True)
class Sourced:
    """Who ships what, and what waits.

    Args:
        allocations: To suppliers.

        waits: Per line, why no supplier ships it: ``"link"`` (nobody said which), ``"own"``, ``"supplier"``
            (suppliers are to be asked first).

        unasked: What they are to be asked about: suppliers and remote ids.

        absent: A line waits although a link or a rule names its supplier, whose account is not there now.
    """

    allocations: tuple[Allocation, ...]
    waits: dict[str, str]
    unasked: frozenset[tuple[str, str]] = frozenset()
    absent: bool = False


def still_wanted(line: Line, *, announced: Decimal) -> Decimal:
    """Units of a line that suppliers are to ship in all, those that have left among them.

    Args:
        line: As the shop shows it now.

        announced: Units in notices of ours; what the shop shows as shipped beyond them, others shipped.
    """
    if not line.shippable:
        return Decimal(0)
    by_others = max(Decimal(0), line.fulfilled - announced)
    return max(Decimal(0), line.quantity - line.canceled - line.refunded - by_others)


def still_needed(line: Line, *, committed: Decimal, announced: Decimal) -> Decimal:
    """Units of a line that some supplier is still to be asked for.

    Args:
        line: As the shop shows it now.

        committed: Units in purchase orders that can no longer be changed.

        announced: As for ``still_wanted``.
    """
    return max(Decimal(0), still_wanted(line, announced=announced) - committed)


def allocate(
    order: Order,
    needed: Mapping[str, Decimal],
    *,
    links: Callable[[Line], Sequence[ProductLink]],
    rules: Iterable[Rule],
    choice: Choice,
) -> Sourced:
    """Share out what is needed: each line whole, to one supplier or to nobody.

    Links to several remote ids of one supplier are a kit and all go.
    """
    rules = tuple(rules)
    allocations: list[Allocation] = []
    waits: dict[str, str] = {}
    unasked: frozenset[tuple[str, str]] = frozenset()
    for line in order.lines:
        units = needed.get(line.ref, Decimal(0))
        if not line.shippable or not units:
            continue
        found = links(line)
        if found:
            chosen = choice.among(line, units, found)
            if chosen is None:
                waits[line.ref] = "link"
            elif not isinstance(chosen, str):
                waits[line.ref] = "supplier"
                unasked |= chosen
            else:
                allocations += [
                    Allocation(
                        line_ref=line.ref,
                        supplier=link.supplier,
                        remote_id=link.remote_id,
                        units=units,
                        factor=link.factor,
                        cost=link.cost,
                    )
                    for link in found
                    if link.supplier == chosen
                ]
            continue
        rule = next((rule for rule in rules if rule.matches(line)), None)
        if rule is None:
            waits[line.ref] = "link"
        elif not rule.supplier:
            waits[line.ref] = "own"
        else:
            allocations.append(
                Allocation(
                    line_ref=line.ref, supplier=rule.supplier, remote_id=rule.remote_id_of(line), units=units
                )
            )
    return Sourced(allocations=tuple(allocations), waits=waits, unasked=unasked)
