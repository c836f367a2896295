"""``link`` and ``links``: which supplier ships a shop's product, and as what; one by one, or as a table."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from .. import Bridge, Money, ProductLink
from ..errors import ConfigurationError
from .opened import DryRun, Looking, Owner, opened
from .output import CONFIG, AsJson, ConfigFile, console, counted, print_json, print_table

__all__ = ["LINKS", "link"]


def link(
    store: Annotated[str, typer.Argument(help="The store's account; nothing lists all links.")] = "",
    key: Annotated[
        str,
        typer.Argument(help="The line's link key: its variant or product id (PrestaShop: 1-6), or sku:..."),
    ] = "",
    supplier: Annotated[str, typer.Argument(help="The supplier's account.")] = "",
    remote_id: Annotated[str, typer.Argument(help="What the supplier wants ordered.")] = "",
    factor: Annotated[str, typer.Option(help="The supplier's units in one of the shop's.")] = "1",
    cost: Annotated[str, typer.Option(help="What one of its units costs, such as '3.10 EUR'.")] = "",
    priority: Annotated[int, typer.Option(help="Of several suppliers the lowest comes first.")] = 0,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the product's links away: all, a supplier's, or one.")
    ] = False,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say which supplier ships a shop's product, and as what; or list what was said. A kit has several."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        if remove:
            changed = bridge.unlink(*_known(bridge, store, key, supplier, remote_id, owner), owner=owner)
            done = f"Done; {counted(changed, 'order')} changed."
        elif key:
            if not remote_id:
                raise ConfigurationError("link: give the store, the product, the supplier and its remote id")
            changed = bridge.link(
                ProductLink(
                    store=store,
                    key=key,
                    supplier=supplier,
                    remote_id=remote_id,
                    factor=_number(factor),
                    cost=_money(cost),
                    priority=priority,
                ),
                owner=owner,
            )
            done = f"Done; {counted(changed, 'waiting order')} can go on."
        else:
            done = ""
        links = bridge.links(store=store, owner=owner)
    if as_json:
        print_json(links)
    elif done:
        console().print(done)
    else:
        print_table(
            "Product links",
            ("Store", "Product", "Supplier", "Remote id", "Factor", "Cost", "Priority"),
            (
                (each.store, each.key, each.supplier, each.remote_id, each.factor, each.cost, each.priority)
                for each in links
            ),
        )


def _known(
    bridge: Bridge, store: str, key: str, supplier: str, remote_id: str, owner: str
) -> list[ProductLink]:
    known = [
        each
        for each in bridge.links(store=store, owner=owner)
        if each.key == key and supplier in ("", each.supplier) and remote_id in ("", each.remote_id)
    ]
    if not known:
        raise ConfigurationError(f"link: {store} has none such for {key!r}")
    return known


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigurationError(f"factor: {text!r} is not a number such as 1 or 2.5") from None


def _money(text: str) -> Money | None:
    try:
        return Money.parse(text) if text else None
    except ValueError:
        raise ConfigurationError(f"cost: {text!r} is not an amount such as '3.10 EUR'") from None


def export(
    store: Annotated[str, typer.Option(help="Only this store's.")] = "",
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Print all product links as CSV, for a spreadsheet and for ``links import``."""
    with Looking.from_toml(config) as bridge:
        if as_json:
            print_json(bridge.links(store=store, owner=owner))
            return
        typer.echo(bridge.export_links(store=store, owner=owner).replace("\r\n", "\n"), nl=False)


def import_(
    file: Annotated[Path, typer.Argument(help="CSV, with a header.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong.")] = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take in a table of product links. Exit code 3: rows were refused, the others not."""
    try:
        table = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8; save it as CSV UTF-8") from None
    with Bridge.from_toml(config) as bridge:
        done = bridge.import_links(table, dry_run=dry_run, owner=owner)
    if as_json:
        print_json(done)
    else:
        if done.errors:
            print_table(
                "Rows that were refused",
                ("Row", "Column", "What is wrong"),
                ((error.row, error.column, error.why) for error in done.errors),
            )
        went = "would go in" if dry_run else f"went in, and {counted(done.orders, 'order')} changed"
        console().print(f"{counted(done.links, 'link')} {went}.")
    if done.errors:
        raise typer.Exit(3)


LINKS = (export, import_)
