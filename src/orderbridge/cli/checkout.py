"""``checkout`` and ``place``: see what ordering costs, then order exactly that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import Bridge, Checkout, CheckoutItem, EventKind, PaymentPage, PurchaseLine
from ..errors import ConfigurationError
from .opened import Owner, rehearsed
from .output import CONFIG, AsJson, ConfigFile, amount, console, print_json, print_table, without_private
from .purchases import known_purchase, show_purchases

__all__ = ["checkout", "place"]


# What a person placed and another decision keeps back; that it was placed is kept.
_WAITS = {
    "held": "is not ordered: its order is held. It goes once that is released.",
    "money": "waits: money is stopped. It goes on once that is allowed.",
    "address": "is not ordered: a person is to say which address is right. It goes then.",
    "review": "waits for the answer to a review. Then it goes on.",
    "shipping": "is not ordered: a person is to choose how it is sent, with checkout.",
}


def checkout(
    orders: Annotated[
        list[str], typer.Argument(help="Shop orders, by id or number, or purchase orders, by id.")
    ],
    shipping: Annotated[
        list[str] | None, typer.Option(help="The way to send one: PURCHASE_ORDER=CODE. May be repeated.")
    ] = None,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """What ordering these would cost, how it can be sent, and what stands against it. Nothing is ordered."""
    chosen: dict[str, str] = {}
    for each in shipping or ():
        name, mark, code = each.partition("=")
        if not (name and mark and code):
            raise ConfigurationError(f"--shipping: {each!r} came; give PURCHASE_ORDER=CODE")
        chosen[name] = code
    with Bridge.from_toml(config) as bridge:
        found = bridge.check_out(*orders, shipping=chosen, owner=owner)
    if as_json:
        print_json(found)
        return
    _show(found)
    console().print(
        f"Place it until {found.expires_at:%Y-%m-%d %H:%M} UTC: orderbridge place --checkout {found.digest}",
        soft_wrap=True,
    )


def _show(found: Checkout) -> None:
    print_table(
        "Checkout",
        ("Purchase order", "Order", "Supplier", "What", "Goods", "Sent by", "Total", "Packing", "Against it"),
        (
            (
                item.purchase_order,
                item.order_number,
                item.supplier,
                "\n".join(map(_bought, item.lines)),
                item.goods,
                _way(item),
                item.total,
                ", ".join(item.packing),
                "; ".join(item.against),
            )
            for item in found.items
        ),
    )
    ways = [
        (
            f"{item.purchase_order}={option.code}",
            option.title,
            option.price,
            f"{option.days[0]} to {option.days[1]}" if option.days else "",
        )
        for item in found.items
        for option in item.options
        if option != item.shipping
    ]
    if ways:
        print_table("Other ways to send it", ("Choose it with --shipping", "Way", "Price", "Days"), ways)
    totals = ", ".join(map(amount, found.totals)) or "named by no supplier"
    console().print(f"Total: {totals}.")


def _bought(line: PurchaseLine) -> str:
    name = line.name or line.sku or line.remote_id
    return f"{line.quantity:f} x {name}" + (f" ({line.remote_id})" if line.remote_id != name else "")


def _way(item: CheckoutItem) -> str:
    if item.shipping is None:
        return "choose" if item.options else ""
    return f"{item.shipping.title} ({amount(item.shipping.price)})"


def place(
    purchase_orders: Annotated[
        list[str] | None, typer.Argument(help="Their ids: store/ref/supplier/n. All of the checkout if none.")
    ] = None,
    checkout: Annotated[str, typer.Option(help="Digest of the checkout that you saw.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what these would cost, and what stands against it.")
    ] = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Order these at their suppliers. One whose units are not held yet goes as soon as they are.

    Exit code 4: one waits for a person.
    """
    if dry_run:
        _dry_run(purchase_orders or [], owner, config, as_json=as_json)
        return
    with Bridge.from_toml(config) as bridge:
        pages = bridge.place(*(purchase_orders or ()), checkout=checkout, owner=owner)
    if as_json:
        print_json(pages)
    else:
        show_pages(pages)
        for page in pages:
            if words := _WAITS.get(page.waits):
                console().print(f"{page.purchase_order} {words}", soft_wrap=True)
    if any(page.waits in _WAITS for page in pages):
        raise typer.Exit(4)


def _dry_run(purchase_orders: list[str], owner: str, config: Path, *, as_json: bool) -> None:
    if not purchase_orders:
        raise ConfigurationError("--dry-run: name the purchase orders; a digest says that you have seen them")
    events = rehearsed(config, lambda bridge: bridge.place(*purchase_orders, owner=owner))
    if not any(event.kind == EventKind.APPROVED for event in events):
        with Bridge.from_toml(config) as bridge:
            placed = tuple(known_purchase(bridge, each, owner) for each in purchase_orders)
        if as_json:
            print_json(without_private(placed))
        else:
            show_purchases(placed)
            console().print("It is placed already. Nothing was ordered.")
        return
    with Bridge.from_toml(config) as bridge:
        found = bridge.check_out(*purchase_orders, owner=owner)
    if as_json:
        print_json(found)
    else:
        _show(found)
        console().print("Nothing was ordered.")


def show_pages(pages: tuple[PaymentPage, ...]) -> None:
    """Where purchase orders stand, and where people go on."""
    print_table(
        "Purchase orders",
        ("Purchase order", "State", "Payment", "Waits for", "Total", "Its page", "Pay it at"),
        (
            (
                page.purchase_order,
                page.fulfillment.value,
                page.payment.value,
                page.waits,
                page.total,
                page.order_page,
                page.page,
            )
            for page in pages
        ),
    )
