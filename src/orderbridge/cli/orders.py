"""Commands on orders: ``orders``, ``tabs``, ``show``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, cast

import attrs
import typer

from .. import Address, Line, OrderRecord, OrderView, Tab
from .._wording import purchase_name
from ..errors import ConfigurationError
from .cases import show_cases
from .opened import Looking, Owner
from .output import (
    CONFIG,
    AsJson,
    ConfigFile,
    accounts_like,
    amount,
    console,
    counted,
    print_json,
    print_table,
    without_private,
)
from .purchases import show_purchases
from .shop import known

__all__ = ["orders", "show", "tabs"]

_WORDS = [tab.value.lower().replace("_", "-") for tab in Tab]
_TABS = ", ".join(_WORDS)


def _tabs_like(incomplete: str) -> list[str]:
    """For the shell, while somebody types."""
    return [word for word in _WORDS if word.startswith(incomplete.lower())]


def orders(
    tab: Annotated[
        str, typer.Option(help=f"Only those that stand there: {_TABS}.", autocompletion=_tabs_like)
    ] = "",
    store: Annotated[
        str, typer.Option(help="Only of this store.", autocompletion=accounts_like("store"))
    ] = "",
    supplier: Annotated[
        str,
        typer.Option(
            help="Only what this supplier ships something of.", autocompletion=accounts_like("supplier")
        ),
    ] = "",
    number: Annotated[str, typer.Option(help="Only with this number, as people say it.")] = "",
    find: Annotated[
        str,
        typer.Option(
            help="The beginning of a number, a SKU or a tracking number; or the supplier's id of it, in full."
        ),
    ] = "",
    owner: Annotated[str, typer.Option(help="Only of this owner's stores.")] = "",
    since: Annotated[str, typer.Option(help="Placed then or later: 2026-03-02, or with a time (UTC).")] = "",
    until: Annotated[str, typer.Option(help="Placed before.")] = "",
    after: Annotated[str, typer.Option(help="Go on after this order.")] = "",
    limit: Annotated[int, typer.Option(help="So many at once.", min=1, max=1000)] = 100,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List orders, the newest first, and how far each is."""
    with Looking.from_toml(config) as bridge:
        found = bridge.orders(
            tab=_tab(tab),
            store=store,
            supplier=supplier,
            number=number,
            find=find,
            owner=owner,
            since=_time("--since", since),
            until=_time("--until", until),
            after=after,
            limit=limit,
        )
    if as_json:
        print_json([_public(view) for view in found])
        return
    print_table(
        counted(len(found), "order") if found else "Orders",
        ("Order", "Number", "Placed", "Status", "Payment", "Total", "Stands in", "The bridge"),
        (
            (
                view.record.order.id,
                view.record.order.number,
                view.record.order.placed_at,
                view.record.order.raw_status,
                view.record.order.payment.value,
                view.record.order.total,
                ", ".join(_plain(tab) for tab in view.tabs),
                _how_far(view),
            )
            for view in found
        ),
    )
    if len(found) == limit:
        console().print(f"For more: orderbridge orders --after {found[-1].record.order.id}")


def _tab(word: str) -> Tab | None:
    if not word:
        return None
    name = word.replace("-", "_").replace(" ", "_").upper()
    if name not in Tab.__members__:
        raise ConfigurationError(f"--tab: there is no {word!r}; there are {_TABS}")
    return Tab[name]


def _plain(tab: Tab) -> str:
    return tab.value.replace("_", " ").capitalize()


def _time(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option}: {text!r} is no time; give 2026-03-02 or 2026-03-02T14:30Z"
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def tabs(
    store: Annotated[
        str, typer.Option(help="Only of this store.", autocompletion=accounts_like("store"))
    ] = "",
    owner: Annotated[str, typer.Option(help="Only of this owner's stores.")] = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """How many orders stand where; list them with orders --tab."""
    with Looking.from_toml(config) as bridge:
        found = bridge.tabs(store=store, owner=owner)
    if as_json:
        print_json({tab.value: count for tab, count in found.items()})
    else:
        print_table("Tabs", ("Tab", "Orders"), ((_plain(tab), count) for tab, count in found.items()))


def _how_far(view: OrderView) -> str:
    if not view.record.taken:
        return "only looks on"
    states = [
        f"{purchase_name(record.po.id)} {record.word or record.fulfillment.value}"
        for record in view.purchases
    ]
    held = ["held"] if view.record.held else []
    return ", ".join([*held, *states, *(["in quote"] if view.in_quote else [])]) or "nothing to order"


def show(
    order: Annotated[str, typer.Argument(help="The order's id, store/ref, or its number.")],
    private: Annotated[bool, typer.Option("--private", help="With the shopper's name and address.")] = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show one order: its lines, its purchase orders, what the shop was told, and its time line."""
    with Looking.from_toml(config) as bridge:
        view = known(bridge, order, owner)
        history = bridge.history(view.record.order.id, owner=owner)
        steps = bridge.timeline(view.record.order.id, owner=owner)
    if as_json:
        print_json({**_public(view, private=private), "history": history, "timeline": steps})
        return
    found = view.record.order
    console().print(
        f"{found.id}, number {found.number}: {found.raw_status}, {found.payment.value}, {amount(found.total)}"
    )
    if private:
        _show_address(view.record)
    print_table(
        "Lines",
        ("Line", "Name", "SKU", "Units", "Open in the shop", "Goes to"),
        (
            (line.ref, line.name, line.sku, f"{line.quantity:f}", f"{line.open:f}", _goes_to(view, line))
            for line in found.lines
        ),
    )
    show_purchases(view.purchases)
    print_table(
        "Shipment notices",
        ("Purchase order", "State", "Carrier", "Tracking"),
        (
            (record.notice.purchase_order_id, record.state.value, package.carrier, package.tracking_number)
            for record in view.notices
            for package in record.notice.packages
        ),
    )
    if view.cases:
        show_cases(view.cases)
    print_table(
        "Time line",
        ("Time", "What", "About"),
        ((step.at, step.words, step.about) for step in steps),
    )


def _show_address(record: OrderRecord) -> None:
    """The address that counts, and beside it the shop's, where another one was given since."""
    if record.ship_to is None:
        return
    ours = attrs.asdict(record.ship_to)
    if record.address is None:
        print_table("Ship to", ("", ""), (row for row in ours.items() if row[1]))
        return
    theirs = attrs.asdict(record.order.ship_to or Address())
    print_table(
        "Ship to, as you have said",
        ("", "Ship to", "The shop shows"),
        ((name, ours[name], theirs[name]) for name in ours if ours[name] or theirs[name]),
    )


def _goes_to(view: OrderView, line: Line) -> str:
    return ", ".join(
        f"{record.po.supplier} {part.remote_id}: {part.quantity:f}"
        for record in view.purchases
        for part in record.po.lines
        if part.line_ref == line.ref
    )


def _public(view: OrderView, *, private: bool = False) -> dict[str, object]:
    return {
        "id": view.record.order.id,
        "in_quote": view.in_quote,
        "tabs": [tab.value for tab in view.tabs],
        "words": {record.po.id: record.word for record in view.purchases},
        **cast("dict[str, object]", without_private(view, private=private)),
    }
