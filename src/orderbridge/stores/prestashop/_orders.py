"""How PrestaShop's rows become an order of ours: payment, units, addresses, refunds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from ..._model import Address, Line, Money, Order, ShippingChoice, ShopRefund, StorePayment
from ...adapters import in_kg, same_name
from ...errors import Malformed
from ._amounts import line_amounts, slip_amount, unpaid_rest
from ._wire import Row, utc

OWN = "orderbridge"  # on order states of our own, as their module
NO_CURRENCY = "XXX"  # ISO 4217 for none: a file alone does not say it

PARAMETERS = (
    "PS_TIMEZONE",
    "PS_LANG_DEFAULT",
    "PS_WEIGHT_UNIT",
    "PS_OS_SHIPPING",
    "PS_OS_DELIVERED",
    "PS_OS_CANCELED",
    "PS_OS_REFUND",
    "PS_OS_ERROR",
    "PS_OS_COD_VALIDATION",
    "PS_OS_OUTOFSTOCK_UNPAID",
)


_TEMPLATES = {
    "PS_OS_SHIPPING": "shipped",
    "PS_OS_CANCELED": "order_canceled",
    "PS_OS_REFUND": "refund",
    "PS_OS_ERROR": "payment_error",
    "PS_OS_COD_VALIDATION": "cashondelivery",
}


@attrs.frozen(kw_only=True)
class Shop:
    """What an order's numbers mean: the shop's own settings and lists.

    Args:
        parameters: Of the shop's configuration, by name. Ids of order states stand there as text.

        states: Order states by id.

        time_zone: As the merchant says it; empty for the shop's own word.

        pickup_carriers: Carriers by which nothing is sent, by name or ``id_reference``.

        ready_states: Ids of states in which an order is to be shipped; empty for "by their flags".

        cash_modules: Payment modules by which the courier collects the money.
    """

    parameters: Mapping[str, str]
    states: Mapping[int, Row]
    time_zone: str = ""
    ready_states: tuple[int, ...] = ()
    cash_modules: tuple[str, ...] = ()
    pickup_carriers: tuple[str, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone or self.parameters.get("PS_TIMEZONE", "") or "UTC")

    @property
    def language(self) -> int:
        return self.state_id("PS_LANG_DEFAULT")

    def state_id(self, parameter: str) -> int:
        """A number out of the configuration; 0 where the shop has none."""
        if parameter not in self.parameters and parameter in _TEMPLATES:
            # A file without the configuration, or a key that may not read it: the name of a state's mail is
            # not translated. Two states with one mail leave it open.
            found = [
                ref for ref, row in self.states.items() if row.words("template") == _TEMPLATES[parameter]
            ]
            return found[0] if len(found) == 1 else 0
        return Row({"id": self.parameters.get(parameter, "")}).id()

    def is_closed(self, state: int) -> bool:
        """Nothing is to be shipped any more. No flag says so, and names are translated."""
        names = ("PS_OS_CANCELED", "PS_OS_REFUND", "PS_OS_ERROR")
        return state > 0 and state in {self.state_id(name) for name in names}

    def says(self, state: int, flag: str) -> bool:
        found = self.states.get(state)
        return found is not None and found.flag(flag)


@attrs.frozen(kw_only=True)
class Sides:
    """What orders name by id only, by that id; what is not there stays empty in the order.

    Args:
        details: The lines, by the order's id.

        slips: Credit slips, by the order's id.

        virtual: Products that are not shipped.
    """

    addresses: Mapping[int, Row] = attrs.field(factory=dict[int, Row])
    customers: Mapping[int, Row] = attrs.field(factory=dict[int, Row])
    countries: Mapping[int, Row] = attrs.field(factory=dict[int, Row])
    regions: Mapping[int, Row] = attrs.field(factory=dict[int, Row])
    currencies: Mapping[int, Row] = attrs.field(factory=dict[int, Row])
    carriers: Mapping[int, Row] = attrs.field(factory=dict[int, Row])
    details: Mapping[int, tuple[Row, ...]] = attrs.field(factory=dict[int, tuple[Row, ...]])
    slips: Mapping[int, tuple[Row, ...]] = attrs.field(factory=dict[int, tuple[Row, ...]])
    virtual: frozenset[int] = frozenset()


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Malformed(
            f"$.PS_TIMEZONE: {name[:40]!r} is not a time zone such as Europe/Rome", path="$"
        ) from None


def by_id(rows: Iterable[Row]) -> dict[int, Row]:
    return {row.id(): row for row in rows if row.id()}


def by_order(rows: Iterable[Row]) -> dict[int, tuple[Row, ...]]:
    found: dict[int, tuple[Row, ...]] = {}
    for row in sorted(rows, key=Row.id):
        found[row.id("id_order")] = (*found.get(row.id("id_order"), ()), row)
    return found


def order_from(row: Row, shop: Shop, sides: Sides) -> Order:
    """Our order. ``store`` stays empty: an adapter does not know what the account is called."""
    ref = row.id()
    if not ref:
        raise Malformed(f"$.id: {row.text('id')[:20]!r} is not an order's id", path="$.id")
    placed = row.stamp("date_add")
    if not placed:
        raise Malformed("$.date_add: no time came; an order that was placed has one", path="$.date_add")
    currency = _currency(row, sides)
    total = row.number("total_paid_tax_incl" if row.text("total_paid_tax_incl") else "total_paid")
    slips = sides.slips.get(ref, ())
    lines = _lines(row, currency, shop, sides, slips)
    if _is_fetched(row, shop, sides):
        lines = tuple(attrs.evolve(line, shippable=False) for line in lines)
    state = row.id("current_state")
    payment = _payment(row, shop, total, sum((slip_amount(slip) for slip in slips), Decimal(0)))
    email = sides.customers.get(row.id("id_customer"), Row({})).text("email")
    carrier = row.id("id_carrier")
    known = sides.carriers.get(carrier)
    return Order(
        store="",
        ref=str(ref),
        number=row.text("reference") or str(ref),
        placed_at=utc(placed, shop.zone),
        updated_at=utc(row.stamp("date_upd") or placed, shop.zone),
        currency=currency,
        payment=payment,
        # Downloads need nobody; an order with no lines at all needs a person.
        ready=_ready(row, shop) and (not lines or any(line.shippable for line in lines)),
        canceled=shop.is_closed(state),
        raw_status=shop.states[state].words("name", shop.language) if state in shop.states else "",
        lines=lines,
        ship_to=_address(row.id("id_address_delivery"), sides, email),
        bill_to=_address(row.id("id_address_invoice"), sides, email),
        shipping=()
        if known is None
        else (
            ShippingChoice(
                code=str(known.id("id_reference") or carrier),
                title="" if known.text("name") == "0" else known.words("name"),
                total=_money(row.number("total_shipping_tax_excl"), currency, "$.total_shipping_tax_excl"),
            ),
        ),
        total=_money(total, currency, "$.total_paid"),
        refunds=tuple(
            ShopRefund(
                ref=str(slip.id()), amount=_money(slip_amount(slip), currency, "$.order_slips[].amount")
            )
            for slip in slips
            if slip_amount(slip) > 0
        ),
        extra=tuple(
            (name, row.text(name))
            for name in ("module", "payment", "current_state", "gift_message", "total_discounts", "id_shop")
            if row.text(name)
        ),
    )


def _currency(row: Row, sides: Sides) -> str:
    found = sides.currencies.get(row.id("id_currency"))
    return found.text("iso_code").upper() or NO_CURRENCY if found is not None else NO_CURRENCY


def _is_fetched(row: Row, shop: Shop, sides: Sides) -> bool:
    """Does the shopper come for it? To PrestaShop that is a carrier like any other."""
    carrier = row.id("id_carrier")
    if not shop.pickup_carriers or not carrier:
        return False
    known = sides.carriers.get(carrier)
    if known is None:
        path = "$.id_carrier"
        raise Malformed(f"{path}: the carrier is not shown; is it one of pickup_carriers?", path=path)
    name, reference = known.words("name"), known.text("id_reference")
    return any(each == reference or same_name(each, name) for each in shop.pickup_carriers)


def _ready(row: Row, shop: Shop) -> bool:
    state = row.id("current_state")
    if shop.is_closed(state) or state not in shop.states:
        return False
    if shop.ready_states:
        # Our own states only say how far a ready order is.
        return state in shop.ready_states or shop.states[state].text("module_name") == OWN
    if shop.says(state, "shipped"):
        return False
    return shop.says(state, "paid") or _on_delivery(row, shop)


def _on_delivery(row: Row, shop: Shop) -> bool:
    """Cash on delivery, in the state that its module gives or one the merchant named.

    Where the merchant has switched that on, PrestaShop itself moves an order on to the state for backorders
    if its goods are not in stock, as with dropshipping they seldom are.
    """
    if row.text("module") not in shop.cash_modules:
        return False
    state = row.id("current_state")
    given = {shop.state_id(name) for name in ("PS_OS_COD_VALIDATION", "PS_OS_OUTOFSTOCK_UNPAID")}
    return state in {*given, *shop.ready_states} or shop.says(state, "shipped")


def _payment(row: Row, shop: Shop, total: Decimal, back: Decimal) -> StorePayment:
    state = row.id("current_state")
    if state not in shop.states:
        return StorePayment.UNKNOWN
    if state == shop.state_id("PS_OS_REFUND"):
        return StorePayment.REFUNDED
    real = row.number("total_paid_real")
    if 0 < back >= total:
        return StorePayment.REFUNDED
    # A state that is paid is PrestaShop's word for it. Cash on delivery goes on to a state that says so
    # before the courier has come. A slip alone says nothing: it may be about what nobody has paid.
    if shop.says(state, "paid"):
        return StorePayment.PART_REFUNDED if back > 0 else StorePayment.PAID
    if back > 0 and not unpaid_rest(row):
        return StorePayment.PART_REFUNDED
    if shop.is_closed(state):
        return StorePayment.PAID if real > 0 and not unpaid_rest(row) else StorePayment.VOIDED
    if _on_delivery(row, shop):
        return StorePayment.ON_DELIVERY
    return StorePayment.PART_PAID if 0 < real < total else StorePayment.UNPAID


def _lines(row: Row, currency: str, shop: Shop, sides: Sides, slips: tuple[Row, ...]) -> tuple[Line, ...]:
    all_left = shop.says(row.id("current_state"), "shipped")
    all_back = 0 < row.id("current_state") == shop.state_id("PS_OS_REFUND")
    given_back: dict[int, Decimal] = {}
    for slip in slips:
        for item in slip.below("order_slip_details"):
            ref = item.id("id_order_detail")
            given_back[ref] = given_back.get(ref, Decimal(0)) + _units(
                item, "product_quantity", "$.order_slips[]"
            )
    details = sides.details.get(row.id())
    items = details if details is not None else row.below("order_rows")
    where = "$.order_details" if details is not None else "$.associations.order_rows"
    nets, grosses, cheaper = line_amounts(row, items, where)
    lines: list[Line] = []
    for index, (item, net, gross) in enumerate(zip(items, nets, grosses, strict=True)):
        path = f"{where}[{index}]"
        ref = item.id()
        if not ref:
            raise Malformed(f"{path}.id: {item.text('id')[:20]!r} is not a line's id", path=f"{path}.id")
        quantity = _units(item, "product_quantity", path)
        if not item.text("product_quantity"):
            path = f"{path}.product_quantity"
            raise Malformed(f"{path}: none came; nobody can tell how many are to ship", path=path)
        total = _money(net, currency, f"{path}.total_price_tax_excl")
        each = _money(item.number("unit_price_tax_excl", path), currency, f"{path}.unit_price_tax_excl")
        # The same unit stands in both, so never the sum. What came back without a slip is not counted: it is
        # a parcel on its way home, and no money.
        back = max(
            _units(item, "product_quantity_refunded", path),
            given_back.get(ref, Decimal(0)),
        )
        product, variant = item.id("product_id"), item.id("product_attribute_id")
        lines.append(
            Line(
                ref=str(ref),
                ship_ref=str(ref),
                sku=item.text("product_reference"),
                product_ref=str(product or ""),
                variant_ref=str(variant or ""),
                # Products and combinations are counted apart, each from 1.
                link_as=f"{product}-{variant}" if product and variant else "",
                name=item.words("product_name"),
                attributes=_attributes(item),
                quantity=quantity,
                refunded=quantity if all_back else min(quantity, back),
                fulfilled=quantity if all_left else Decimal(0),
                unit_price=total.each(quantity) if cheaper else each,
                total=total,
                tax=_money(gross - net, currency, f"{path}.total_price_tax_incl"),
                # A download is known by its file, any other service by its product.
                shippable=product not in sides.virtual and not item.text("download_hash"),
                supplier_ref=item.text("product_supplier_reference"),
                weight=in_kg(item.number("product_weight", path), shop.parameters.get("PS_WEIGHT_UNIT", "")),
            )
        )
    return tuple(lines)


def _attributes(item: Row) -> tuple[tuple[str, str], ...]:
    # What the shopper wrote or uploaded stands in the customization itself.
    chosen = item.id("id_customization")
    return (("customization", str(chosen)),) if chosen else ()


def _units(item: Row, name: str, path: str) -> Decimal:
    value = item.number(name, path)
    if value < 0:
        raise Malformed(f"{path}.{name}: {value} is not a quantity of zero or more", path=f"{path}.{name}")
    return value


def _address(ref: int, sides: Sides, email: str) -> Address | None:
    row = sides.addresses.get(ref)
    if row is None:
        return None
    region = sides.regions.get(row.id("id_state"), Row({}))
    country = sides.countries.get(row.id("id_country"), Row({}))
    return Address(
        name=f"{row.words('firstname')} {row.words('lastname')}".strip(),
        company=row.words("company"),
        line1=row.words("address1"),
        line2=row.words("address2"),
        city=row.words("city"),
        region=region.words("name"),
        region_code=region.text("iso_code"),
        postal_code=row.text("postcode"),
        country=country.text("iso_code").upper(),
        phone=row.text("phone_mobile") or row.text("phone"),
        email=email,
        tax_id=row.text("vat_number") or row.text("dni"),
    )


def _money(amount: Decimal, currency: str, path: str) -> Money:
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise Malformed(f"{path}: {error}", path=path) from None
