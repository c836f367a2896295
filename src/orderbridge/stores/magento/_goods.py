"""The rows of a Magento order as a tree, and the lines they are to us: what ships by itself, how many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import cast

import attrs

from ..._model import Line
from ...adapters import in_kg
from ...errors import Malformed
from ._shapes import WireItem, WireOrder, row_total
from ._values import Amount, flag, id_text, money, needed, number, number_of, text, words

_STEP = Decimal("0.0001")
_NO_GOODS = frozenset({"downloadable", "virtual"})


def bundle_products(wire: WireOrder) -> set[int]:
    """Products of the order whose parts might ship by themselves: an order does not say it."""
    parents = {item.parent for item in wire.lines}
    return {
        number_of(item.product_id)
        for item in wire.lines
        if _is_bundle(item) and item.ref in parents and number_of(item.product_id)
    }


@attrs.frozen
class _Row:
    """A row of the order and where it stands in it."""

    item: WireItem
    path: str

    def units(self, name: str) -> Decimal:
        value = number(cast("Amount", getattr(self.item, name)), f"{self.path}.{name}")
        if value < 0:
            raise Malformed(
                f"{self.path}.{name}: {value} is not a quantity of zero or more", path=f"{self.path}.{name}"
            )
        return value

    @property
    def ordered(self) -> Decimal:
        needed(self.item.qty_ordered, f"{self.path}.qty_ordered")
        return self.units("qty_ordered")

    @property
    def price(self) -> Decimal:
        """Before discounts, without tax."""
        needed(self.item.row_total, f"{self.path}.row_total")
        return row_total(self.item, self.path)

    @property
    def net(self) -> Decimal:
        """After discounts, without tax. The tax inside a discount on prices with tax stands apart."""
        return (
            self.price
            - number(self.item.discount_amount, f"{self.path}.discount_amount")
            + number(
                self.item.discount_tax_compensation_amount, f"{self.path}.discount_tax_compensation_amount"
            )
        )

    @property
    def tax(self) -> Decimal:
        return number(self.item.tax_amount, f"{self.path}.tax_amount")

    @property
    def is_goods(self) -> bool:
        return not flag(self.item.is_virtual) and text(self.item.product_type) not in _NO_GOODS


class Goods:
    """The rows of an order as a tree: parents, and the parts that stand below them."""

    def __init__(self, wire: WireOrder, separately: Mapping[int, bool], weight_unit: str) -> None:
        self._weight_unit = weight_unit
        self._currency = wire.currency
        self._separately = separately
        rows = [_Row(item, f"$.items[{index}]") for index, item in enumerate(wire.lines)]
        known: set[str] = set()
        for row in rows:
            if not row.item.ref or row.item.ref in known:
                raise Malformed(
                    f"{row.path}.item_id: a line needs an id of its own", path=f"{row.path}.item_id"
                )
            known.add(row.item.ref)
        self._tops = [row for row in rows if row.item.parent not in known]
        self._parts: dict[str, list[_Row]] = {}
        for row in rows:
            if row.item.parent in known:
                self._parts.setdefault(row.item.parent, []).append(row)

    def lines(self) -> tuple[Line, ...]:
        """One for each thing that ships by itself, and one for each bundle whose parts do."""
        found: list[Line] = []
        for top in self._tops:
            parts = self._parts.get(top.item.ref, [])
            if parts and _is_bundle(top.item) and self._separately.get(number_of(top.item.product_id)):
                found += self._apart(top, parts)
            else:
                found.append(self._whole(top, parts))
        return tuple(found)

    def _whole(self, top: _Row, parts: Sequence[_Row]) -> Line:
        """A product, a configurable, or a bundle in one box: what ships and is counted is the parent."""
        bundle = _is_bundle(top.item)
        # A bundle priced by its parts says their sum once more, without all of their discounts.
        priced = any(part.price for part in parts)
        charged = parts if priced else [top]
        return self._line(
            top,
            net=sum((row.net for row in charged), Decimal(0)),
            tax=sum((row.tax for row in charged), Decimal(0)),
            variant_ref="" if bundle or len(parts) != 1 else id_text(parts[0].item.product_id),
            attributes=(
                *(_contents(top, parts) if bundle else _variant(top, parts)),
                *_options(top.item),
            ),
            canceled=_gone("qty_canceled", top, parts),
            # Of a bundle priced by its parts Magento calls all units refunded once a part of one is.
            refunded=_shared("qty_refunded", top, [part for part in parts if part.price])
            if priced
            else _gone("qty_refunded", top, parts),
            shippable=top.is_goods and (not parts or any(part.is_goods for part in parts)),
        )

    def _apart(self, top: _Row, parts: Sequence[_Row]) -> Iterable[Line]:
        """A bundle whose parts ship by themselves: each is a line, and the bundle none that ships."""
        priced = any(part.price for part in parts)
        nothing = Decimal(0)
        yield self._line(
            top,
            net=nothing if priced else top.net,
            tax=nothing if priced else top.tax,
            attributes=_options(top.item),
            canceled=top.units("qty_canceled"),
            refunded=top.units("qty_refunded"),
            shippable=False,
        )
        for part in parts:
            # The price of a bundle with one of its own goes back with the bundle, not with its parts.
            inside = [] if priced else [top]
            yield self._line(
                part,
                net=part.net if priced else nothing,
                tax=part.tax if priced else nothing,
                attributes=_options(part.item),
                canceled=_gone("qty_canceled", part, inside),
                refunded=_gone("qty_refunded", part, inside),
                shippable=part.is_goods,
                container=top.item.ref,
            )

    def _line(
        self,
        row: _Row,
        *,
        net: Decimal,
        tax: Decimal,
        attributes: tuple[tuple[str, str], ...],
        canceled: Decimal,
        refunded: Decimal,
        shippable: bool,
        variant_ref: str = "",
        container: str = "",
    ) -> Line:
        total = money(net, self._currency, f"{row.path}.row_total")
        quantity = row.ordered
        return Line(
            ref=row.item.ref,
            ship_ref=row.item.ref,
            sku=text(row.item.sku),
            product_ref=id_text(row.item.product_id),
            variant_ref=variant_ref,
            name=words(row.item.name),
            attributes=attributes,
            quantity=quantity,
            canceled=min(quantity, canceled),
            refunded=min(quantity, refunded),
            fulfilled=min(quantity, row.units("qty_shipped")),
            unit_price=total.each(quantity),
            total=total,
            tax=money(tax, self._currency, f"{row.path}.tax_amount"),
            shippable=shippable,
            container=container,
            weight=self._weight(row),
        )

    def _weight(self, row: _Row) -> Decimal | None:
        """Of one unit; that of a parent is its parts' together."""
        if not self._weight_unit:
            return None
        return in_kg(number(row.item.weight, f"{row.path}.weight"), self._weight_unit)


def _is_bundle(item: WireItem) -> bool:
    return text(item.product_type) == "bundle"


def _gone(name: str, row: _Row, others: Sequence[_Row]) -> Decimal:
    """Units canceled or refunded, which stand at a parent, at its parts, or at both.

    A unit is gone where the row says it, or where all of ``others`` do.
    """
    return max(row.units(name), _shared(name, row, others))


def _shared(name: str, row: _Row, others: Sequence[_Row]) -> Decimal:
    """Units of ``row`` that all of ``others`` call canceled or refunded."""
    shares = [other.units(name) * row.ordered / other.ordered for other in others if other.ordered]
    least = min(shares, default=Decimal(0))
    whole = least.to_integral_value()
    return whole if whole == least else least.quantize(_STEP)


def _variant(top: _Row, parts: Sequence[_Row]) -> tuple[tuple[str, str], ...]:
    said = words(top.item.name)
    names = (words(part.item.name) for part in parts)
    return tuple(("variant", name) for name in names if name and name != said)


def _contents(top: _Row, parts: Sequence[_Row]) -> tuple[tuple[str, str], ...]:
    ordered = top.ordered
    return tuple(
        (
            text(part.item.sku) or part.item.ref,
            f"{_plain(part.ordered / ordered if ordered else part.ordered)} x {words(part.item.name)}",
        )
        for part in parts
    )


def _plain(units: Decimal) -> str:
    shown = f"{units.quantize(_STEP):f}".rstrip("0").rstrip(".")
    return shown or "0"


def _options(item: WireItem) -> tuple[tuple[str, str], ...]:
    """What the shopper wrote or chose beside the product itself; Magento gives the options' ids alone."""
    chosen = _fields(_fields(item.product_option).get("extension_attributes")).get("custom_options")
    found = [_fields(each) for each in cast("list[object]", chosen)] if isinstance(chosen, list) else []
    return tuple(
        (f"option {text(option.get('option_id'))}", words(option.get("option_value")))
        for option in found
        if words(option.get("option_value"))
    )


def _fields(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
