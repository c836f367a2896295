"""Commands on orders: ``orders``, ``show``, ``place``, ``pay``."""

from __future__ import annotations

from typing import Annotated, cast

import attrs
import typer

from .. import Bridge, Line, OrderView, PurchaseRecord
from ..errors import ConfigurationError
from .output import CONFIG, AsJson, ConfigFile, console, print_json, print_table

__all__ = ["orders", "pay", "place", "show"]


def orders(
    store: Annotated[str, typer.Option(help="Only of this store.")] = "",
    after: Annotated[str, typer.Option(help="Go on after this order.")] = "",
    limit: Annotated[int, typer.Option(help="So many at once.", min=1, max=1000)] = 100,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List orders by id, and how far each is."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.orders(store=store, after=after, limit=limit)
    if as_json:
        print_json([_public(view) for view in found])
        return
    print_table(
        f"{len(found)} orders",
        ("Order", "Number", "Placed", "Status", "Payment", "Total", "The bridge"),
        (
            (
                view.record.order.id,
                view.record.order.number,
                view.record.order.placed_at,
                view.record.order.raw_status,
                view.record.order.payment.value,
                view.record.order.total,
                _how_far(view),
            )
            for view in found
        ),
    )
    if len(found) == limit:
        console().print(f"For more: orderbridge orders --after {found[-1].record.order.id}")


def _how_far(view: OrderView) -> str:
    if not view.record.taken:
        return "only looks on"
    states = [f"{record.po.supplier} {record.fulfillment.value}" for record in view.purchases]
    held = ["held"] if view.record.held else []
    return ", ".join([*held, *states, *(["in quote"] if view.in_quote else [])]) or "nothing to order"


def show(
    order: Annotated[str, typer.Argument(help="The order's id: store/ref.")],
    private: Annotated[bool, typer.Option("--private", help="With the shopper's name and address.")] = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show one order: its lines, its purchase orders, what the shop was told, and its time line."""
    with Bridge.from_toml(config) as bridge:
        view = bridge.order(order)
        if view is None:
            raise ConfigurationError(
                f"order: there is no {order!r}; give store/ref, as orderbridge orders shows"
            )
        history = bridge.history(order)
    if as_json:
        print_json({**_public(view, private=private), "history": history})
        return
    found = view.record.order
    console().print(
        f"{found.id}, number {found.number}: {found.raw_status}, {found.payment.value}, {found.total}"
    )
    if private and found.ship_to:
        print_table("Ship to", ("", ""), (row for row in attrs.asdict(found.ship_to).items() if row[1]))
    print_table(
        "Lines",
        ("Line", "Name", "SKU", "Units", "Open", "Goes to"),
        (
            (line.ref, line.name, line.sku, f"{line.quantity:f}", f"{line.open:f}", _goes_to(view, line))
            for line in found.lines
        ),
    )
    _show_purchases(view.purchases)
    print_table(
        "Shipment notices",
        ("Purchase order", "State", "Carrier", "Tracking"),
        (
            (record.notice.purchase_order_id, record.state.value, package.carrier, package.tracking_number)
            for record in view.notices
            for package in record.notice.packages
        ),
    )
    print_table(
        "Time line",
        ("Time", "What", "About", "Details"),
        (
            (event.at, event.kind, event.about, ", ".join(f"{k} {v}" for k, v in event.data.items() if v))
            for event in history
        ),
    )


def _goes_to(view: OrderView, line: Line) -> str:
    return ", ".join(
        f"{record.po.supplier} {part.remote_id}: {part.quantity:f}"
        for record in view.purchases
        for part in record.po.lines
        if part.line_ref == line.ref
    )


def _show_purchases(purchases: tuple[PurchaseRecord, ...]) -> None:
    print_table(
        "Purchase orders",
        ("Purchase order", "Reference", "At the supplier", "State", "Payment", "Waits for"),
        (
            (
                record.po.id,
                record.po.reference,
                record.po.supplier_ref,
                record.fulfillment.value,
                record.payment.value,
                record.waits,
            )
            for record in purchases
        ),
    )


def place(
    purchase_orders: Annotated[list[str], typer.Argument(help="Their ids: store/ref/supplier/n.")],
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Order these at their suppliers. One whose units are not held yet goes as soon as they are."""
    with Bridge.from_toml(config) as bridge:
        bridge.place(*purchase_orders)
        found = tuple(record for po_id in purchase_orders if (record := _purchase(bridge, po_id)))
    if as_json:
        print_json([_without_private(record, private=False) for record in found])
    else:
        _show_purchases(found)


def _purchase(bridge: Bridge, po_id: str) -> PurchaseRecord | None:
    view = bridge.order(po_id.rsplit("/", 2)[0])
    return next((record for record in view.purchases if record.po.id == po_id), None) if view else None


def pay(
    purchase_order: Annotated[str, typer.Argument(help="Its id: store/ref/supplier/n.")],
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Pay a placed purchase order through its supplier's API, or say where a person pays."""
    with Bridge.from_toml(config) as bridge:
        page = bridge.pay(purchase_order)
        record = _purchase(bridge, purchase_order)
    if as_json:
        print_json({"purchase_order": page.purchase_order, "page": page.page or None})
    elif page.page:
        console().print(f"Pay it here: {page.page}", soft_wrap=True)
    else:
        console().print(f"{purchase_order}: {record.payment.value if record else 'UNKNOWN'}")


def _public(view: OrderView, *, private: bool = False) -> dict[str, object]:
    return {
        "id": view.record.order.id,
        "in_quote": view.in_quote,
        **cast("dict[str, object]", _without_private(view, private=private)),
    }


def _without_private(value: object, *, private: bool) -> object:
    """Fields that have no place in a repr have none here either: they hold a shopper."""
    if isinstance(value, (list, tuple)):
        return [_without_private(item, private=private) for item in cast("list[object]", value)]
    if not attrs.has(type(value)):
        return value
    fields = attrs.fields(type(cast("attrs.AttrsInstance", value)))
    return {
        field.name: _without_private(getattr(value, field.name), private=private)
        for field in fields
        if private or field.repr
    }
