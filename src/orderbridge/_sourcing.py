"""Which supplier ships which line: links first, then rules; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import attrs

from ._model import Allocation, Line, Order, ProductLink

__all__ = ["OwnStock", "Rule", "SkuPrefix", "Sourced", "SupplierRef", "allocate", "still_needed"]


@attrs.frozen(kw_only=True)
class SkuPrefix:
    """Lines whose SKU starts with ``prefix`` go to ``supplier``; the rest of the SKU is the remote id."""

    prefix: str
    supplier: str

    def matches(self, line: Line) -> bool:
        return line.sku.startswith(self.prefix) and line.sku != self.prefix

    def remote_id(self, line: Line) -> str:
        return line.sku.removeprefix(self.prefix)


@attrs.frozen(kw_only=True)
class OwnStock:
    """Lines whose SKU starts with ``prefix`` are shipped by the merchant; the bridge leaves them alone."""

    prefix: str

    def matches(self, line: Line) -> bool:
        return line.sku.startswith(self.prefix)


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

    def remote_id(self, line: Line) -> str:
        return line.supplier_ref.removeprefix(self.prefix)


Rule = SkuPrefix | SupplierRef | OwnStock


@attrs.frozen(kw_only=True)
class Sourced:
    """Who ships what, and what waits.

    Args:
        allocations: To suppliers.

        waits: Per line, why no supplier ships it: ``"link"`` (nobody said which), ``"own"``.
    """

    allocations: tuple[Allocation, ...]
    waits: dict[str, str]


def still_needed(line: Line, *, committed: Decimal, announced: Decimal) -> Decimal:
    """Units of a line that some supplier is still to be asked for.

    Args:
        line: As the shop shows it now.

        committed: Units in purchase orders that can no longer be changed.

        announced: Units in notices of ours; what the shop shows as shipped beyond them, others shipped.
    """
    if not line.shippable:
        return Decimal(0)
    by_others = max(Decimal(0), line.fulfilled - announced)
    wanted = line.quantity - line.canceled - line.refunded - by_others - committed
    return max(Decimal(0), wanted)


def allocate(
    order: Order,
    needed: dict[str, Decimal],
    *,
    links: Callable[[Line], Sequence[ProductLink]],
    rules: Iterable[Rule],
) -> Sourced:
    """Share out what is needed.

    A product with links to several suppliers goes to the first of them in the alphabet until a
    rule says otherwise; links to several remote ids of one supplier are a kit and all go.
    """
    rules = tuple(rules)
    allocations: list[Allocation] = []
    waits: dict[str, str] = {}
    for line in order.lines:
        units = needed.get(line.ref, Decimal(0))
        if not line.shippable:
            continue
        found = links(line)
        if found:
            first = found[0].supplier
            if units:
                allocations += [
                    Allocation(
                        line_ref=line.ref,
                        supplier=link.supplier,
                        remote_id=link.remote_id,
                        units=units,
                        factor=link.factor,
                    )
                    for link in found
                    if link.supplier == first
                ]
            continue
        rule = next((rule for rule in rules if rule.matches(line)), None)
        if rule is None:
            waits[line.ref] = "link"
        elif isinstance(rule, OwnStock):
            waits[line.ref] = "own"
        elif units:
            allocations.append(
                Allocation(
                    line_ref=line.ref, supplier=rule.supplier, remote_id=rule.remote_id(line), units=units
                )
            )
    return Sourced(allocations=tuple(allocations), waits=waits)
