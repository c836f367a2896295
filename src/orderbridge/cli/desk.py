"""What a person at the desk does: ``reservations``, ``reconcile``, ``reviews``, ``resolve``, ``link``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from .. import Bridge, ProductLink
from ..errors import ConfigurationError
from .output import CONFIG, AsJson, ConfigFile, console, print_json, print_table

__all__ = ["link", "reconcile", "reservations", "resolve", "reviews"]

Supplier = Annotated[str, typer.Argument(help="The supplier's account.")]


def reservations(supplier: Supplier, config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """List what is wanted and held of each remote id, as of the last look at the supplier."""
    with Bridge.from_toml(config) as bridge:
        rows = bridge.reservations(supplier)
    if as_json:
        print_json(rows)
        return
    print_table(
        f"Reserved at {supplier}",
        ("Remote id", "Wanted", "Held", "Available", "Ours", "Seen"),
        (
            (row.remote_id, row.wanted, row.held, row.available, "yes" if row.ours else "no", row.seen_at)
            for row in rows
        ),
    )


def reconcile(supplier: Supplier, config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """Compare what the supplier holds with what the orders want, now. Nothing is changed.

    Exit code 4: they differ, and not only because an order is being placed.
    """
    with Bridge.from_toml(config) as bridge:
        found = bridge.reconcile(supplier)
    if as_json:
        print_json(found)
    elif found:
        print_table(
            f"Differences at {supplier}",
            ("Remote id", "Wanted", "Held", "Cause", "What to do"),
            ((item.remote_id, item.wanted, item.held, item.cause, item.fix) for item in found),
        )
    else:
        console().print(f"{supplier} holds exactly what the orders want.")
    if any(item.cause != "being placed" for item in found):
        raise typer.Exit(4)


def reviews(
    after: Annotated[int, typer.Option(help="Go on after this review.")] = 0,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the questions that only a person may answer. Exit code 4: there are some."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.reviews(after=after)
    if as_json:
        print_json(found)
    elif found:
        print_table(
            "Answer with: orderbridge resolve ID DECISION",
            ("ID", "Opened", "Why", "About", "What was seen", "Decisions"),
            (
                (
                    review.id,
                    review.opened_at,
                    review.code.value,
                    review.about,
                    review.evidence,
                    ", ".join(review.decisions),
                )
                for review in found
            ),
        )
    else:
        console().print("Nothing waits for a person.")
    if found:
        raise typer.Exit(4)


def resolve(
    review: Annotated[int, typer.Argument(help="Its id, as orderbridge reviews shows.")],
    decision: Annotated[str, typer.Argument(help="One of its decisions.")],
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Answer a review. Safe to repeat: the first answer stays."""
    with Bridge.from_toml(config) as bridge:
        answered = bridge.resolve(review, decision)
    if as_json:
        print_json(answered)
    else:
        console().print(
            f"Review {answered.id} ({answered.code.value}, {answered.about}): {answered.decision}"
        )


def link(
    store: Annotated[str, typer.Argument(help="The store's account; nothing lists all links.")] = "",
    key: Annotated[
        str,
        typer.Argument(help="The line's link key: its variant or product id (PrestaShop: 1-6), or sku:..."),
    ] = "",
    supplier: Annotated[str, typer.Argument(help="The supplier's account.")] = "",
    remote_id: Annotated[str, typer.Argument(help="What the supplier wants ordered.")] = "",
    factor: Annotated[str, typer.Option(help="The supplier's units in one of the shop's.")] = "1",
    remove: Annotated[bool, typer.Option("--remove", help="Take the product's links away.")] = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say which supplier ships a shop's product, and as what; or list what was said. A kit has several."""
    with Bridge.from_toml(config) as bridge:
        if key:
            freed = _link(bridge, store, key, supplier, remote_id, factor, remove=remove)
            if not as_json:
                console().print(f"Done; {freed} waiting orders go on.")
        links = bridge.links(store=store)
    if as_json:
        print_json(links)
    elif not key:
        print_table(
            "Product links",
            ("Store", "Product", "Supplier", "Remote id", "Factor"),
            ((item.store, item.key, item.supplier, item.remote_id, item.factor) for item in links),
        )


def _link(
    bridge: Bridge, store: str, key: str, supplier: str, remote_id: str, factor: str, *, remove: bool
) -> int:
    if remove:
        known = [item for item in bridge.links(store=store) if item.key == key]
        if not known:
            raise ConfigurationError(f"link: {store} has none for {key!r}")
        return bridge.unlink(*known)
    if not remote_id:
        raise ConfigurationError("link: give the store, the product, the supplier and its remote id")
    try:
        units = Decimal(factor)
    except InvalidOperation:
        raise ConfigurationError(f"factor: {factor!r} is not a number such as 1 or 2.5") from None
    return bridge.link(
        ProductLink(store=store, key=key, supplier=supplier, remote_id=remote_id, factor=units)
    )
