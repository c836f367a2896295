"""Commands on purchase orders: ``pay``, ``cancel-purchase``, and what people move themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from .. import Bridge, Document, Fulfillment, Package, Payment, PurchaseRecord, Shipment, ShipmentLine
from .._config import read_buyer
from .._states import SAID, SAID_PAID
from ..errors import ConfigurationError
from .opened import DryRun, Owner, opened
from .output import (
    CONFIG,
    AsJson,
    ConfigFile,
    amount,
    console,
    print_json,
    print_table,
    without_private,
    write_papers,
)

__all__ = [
    "cancel_purchase",
    "documents",
    "found",
    "import_",
    "known_purchase",
    "observe",
    "pay",
    "read_units",
    "ship",
    "show_purchases",
]

PurchaseId = Annotated[str, typer.Argument(help="Its id: store/ref/supplier/n.")]


def show_purchases(purchases: tuple[PurchaseRecord, ...]) -> None:
    """How far purchase orders are, as a table."""
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


def _show(record: PurchaseRecord, *, as_json: bool) -> None:
    if as_json:
        print_json(without_private(record))
    else:
        show_purchases((record,))


def pay(
    purchase_order: PurchaseId,
    buyer_file: Annotated[
        Path | None,
        typer.Option(help="TOML of who pays, in place of [buyer] in the configuration."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it costs, and what stands against it.")
    ] = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Pay a placed purchase order through its supplier's API, or say where a person pays.

    Exit code 4, with --dry-run: something stands against it.
    """
    if dry_run:
        _try_paying(purchase_order, owner, config, as_json=as_json)
        return
    buyer = read_buyer(buyer_file) if buyer_file is not None else None
    with Bridge.from_toml(config) as bridge:
        page = bridge.pay(purchase_order, buyer=buyer, owner=owner)
    if as_json:
        print_json(
            {
                "purchase_order": page.purchase_order,
                "page": page.page or None,
                "payment": page.payment,
            }
        )
    elif page.page:
        console().print(f"Pay it here: {page.page}", soft_wrap=True)
    else:
        console().print(f"{purchase_order}: {page.payment.value}")


def _try_paying(purchase_order: str, owner: str, config: Path, *, as_json: bool) -> None:
    with Bridge.from_toml(config) as bridge:
        record = known_purchase(bridge, purchase_order, owner)
        found = bridge.payable(record.po.supplier)
        stopped = bridge.health(owner=owner).stopped
    # A supplier that serves several holds others' units as well.
    ours = [each for each in found.against if not owner or each.remote_id in record.po.units]
    against = [f"{each.remote_id}: {each.cause}; {each.fix}" for each in ours]
    if purchase_order in found.kept_back:
        against.insert(0, found.kept_back[purchase_order])
    elif purchase_order not in found.purchase_orders:
        against.insert(0, f"it is {record.fulfillment.value} and {record.payment.value}")
    if stopped and f"money is stopped: {stopped}" not in against:
        against.insert(0, f"money is stopped: {stopped}")
    if as_json:
        print_json({"purchase_order": purchase_order, "total": record.total, "against": against})
    else:
        console().print(f"{purchase_order}: {_price(record)}", soft_wrap=True)
        for words in against:
            console().print(f"Against it: {words}", soft_wrap=True)
        console().print("Nothing was paid.")
    if against:
        raise typer.Exit(4)


def _price(record: PurchaseRecord) -> str:
    return "its supplier names no price" if record.total is None else amount(record.total)


def known_purchase(bridge: Bridge, purchase_order: str, owner: str) -> PurchaseRecord:
    """One that is there; its id begins with its order's."""
    view = bridge.order(purchase_order.rsplit("/", 2)[0], owner=owner)
    for record in view.purchases if view is not None else ():
        if record.po.id == purchase_order:
            return record
    raise ConfigurationError(f"purchase order: there is no {purchase_order!r}")


def cancel_purchase(
    purchase_order: PurchaseId,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Cancel a placed purchase order at its supplier. It gives the shopper no money back."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        record = bridge.cancel_purchase(purchase_order, owner=owner)
    _show(record, as_json=as_json)


def found(
    purchase_order: PurchaseId,
    supplier_ref: Annotated[str, typer.Argument(help="The supplier's own id of the order.")],
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say which of the supplier's orders a purchase order is, where a review asks."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        record = bridge.found(purchase_order, supplier_ref=supplier_ref, owner=owner)
    _show(record, as_json=as_json)


# --- suppliers without an API -------------------------------------------------------------------------


def documents(
    purchase_order: PurchaseId,
    to: Annotated[Path | None, typer.Option(help="A folder for the files.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files with other content.")] = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write a purchase order for a supplier that people tell, or print its table. It names the shopper."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.documents(purchase_order, owner=owner)
    if to is not None:
        _write(found, to, force=force)
    if as_json:
        print_json(
            [
                {
                    "name": document.name,
                    "media_type": document.media_type,
                    "file": str(to / document.name) if to is not None else None,
                    "text": document.body.decode("utf-8-sig") if to is None else None,
                }
                for document in found
            ]
        )
    elif not found:
        console().print(f"{purchase_order} has no paper: its supplier fetches the order by itself.")
    elif to is not None:
        for document in found:
            console().print(str(to / document.name), soft_wrap=True)
    else:
        for document in found:
            if document.media_type == "text/csv":
                typer.echo(document.body, nl=False)


def _write(found: tuple[Document, ...], folder: Path, *, force: bool) -> None:
    try:
        for document in found:
            file = folder / document.name
            if not force and file.exists() and file.read_bytes() != document.body:
                raise ConfigurationError(f"{file}: is there with other content; --force overwrites it")
    except OSError as error:
        raise ConfigurationError(f"{error.filename or folder}: cannot be read: {error.strerror}") from None
    write_papers((folder / document.name, document.body) for document in found)


W = TypeVar("W", Fulfillment, Payment)


def _listed(words: Sequence[Fulfillment | Payment]) -> str:
    return ", ".join(each.value for each in words)


def _like(words: Sequence[Fulfillment | Payment]) -> Callable[[str], list[str]]:
    """For the shell, while somebody types."""

    def found(incomplete: str) -> list[str]:
        known = [each.value for each in words if each.value.startswith(incomplete.upper())]
        return [word.lower() for word in known] if incomplete.islower() else known

    return found


def _one_of(words: Sequence[W], option: str, said: str) -> W | None:
    known = {each.value: each for each in words}
    word = said.upper().replace("-", "_")
    if said and word not in known:
        raise ConfigurationError(f"{option}: there is no {said!r}; give one of {', '.join(known)}")
    return known.get(word)


def observe(
    purchase_order: PurchaseId,
    status: Annotated[
        str, typer.Option(help=f"How far it is: {_listed(SAID)}.", autocompletion=_like(SAID))
    ] = "",
    payment: Annotated[
        str, typer.Option(help=f"How far it is paid: {_listed(SAID_PAID)}.", autocompletion=_like(SAID_PAID))
    ] = "",
    word: Annotated[str, typer.Option(help="What the supplier calls it.")] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say how far a purchase order is at a supplier that people tell; that it has arrived, at any."""
    if not (status or payment or word):
        raise ConfigurationError("observe: give --status, --payment or --word")
    how_far, paid = _one_of(SAID, "--status", status), _one_of(SAID_PAID, "--payment", payment)
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        record = bridge.observe(purchase_order, fulfillment=how_far, payment=paid, raw=word, owner=owner)
    _show(record, as_json=as_json)


def ship(
    purchase_order: PurchaseId,
    carrier: Annotated[str, typer.Option(help="Who carries the parcel.")] = "",
    number: Annotated[str, typer.Option(help="The parcel's tracking number.")] = "",
    url: Annotated[str, typer.Option(help="Its tracking page.")] = "",
    line: Annotated[
        list[str] | None,
        typer.Option(help="What is in it, REMOTE_ID=QUANTITY, as often as needed; else all that is left."),
    ] = None,
    ref: Annotated[
        str,
        typer.Option(help="Names this departure; by default its number or page. The same again corrects it."),
    ] = "",
    at: Annotated[str, typer.Option(help="When it left, such as 2026-11-22T15:00:00+01:00; else now.")] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say what left a supplier without an API. The shop is told of each departure once."""
    if not (ref or number or url):
        raise ConfigurationError("ship: give --number, --url, or a --ref of your own")
    departure = Shipment(
        ref=ref or number or url,
        packages=(Package(carrier=carrier, tracking_number=number, tracking_url=url),),
        lines=read_units(line) or None,
        shipped_at=_time(at),
    )
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        record = bridge.ship(purchase_order, departure, owner=owner)
    _show(record, as_json=as_json)


def read_units(texts: list[str] | None, form: str = "REMOTE_ID=QUANTITY") -> tuple[ShipmentLine, ...]:
    """Units as people type them; ``form`` is what they were asked for."""
    return tuple(_line(text, form) for text in texts or ())


def _line(text: str, form: str) -> ShipmentLine:
    remote_id, mark, quantity = text.rpartition("=")
    try:
        units = Decimal(quantity)
    except InvalidOperation:
        units = Decimal(0)
    if not (mark and remote_id and units.is_finite() and units > 0):
        raise ConfigurationError(f"line: {text!r} came; give {form} such as 4711=2")
    return ShipmentLine(remote_id=remote_id, quantity=units)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"at: {text!r} is no time such as 2026-11-22T15:00:00+01:00") from None
    if at.tzinfo is None:
        raise ConfigurationError(f"at: {text!r} has no time zone; add Z or an offset such as +01:00")
    return at


def import_(
    file: Annotated[Path, typer.Argument(help="CSV, with a header.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong.")] = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take in a table of what people say and what left. Exit code 3: rows were refused, the others not."""
    try:
        table = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8; save it as CSV UTF-8") from None
    with Bridge.from_toml(config) as bridge:
        done = bridge.import_shipments(table, dry_run=dry_run, owner=owner)
    if as_json:
        print_json(done)
    else:
        if done.errors:
            print_table(
                "Rows that were refused",
                ("Row", "Column", "What is wrong"),
                ((error.row, error.column, error.why) for error in done.errors),
            )
        went = "would go in" if dry_run else "went in"
        known = f"; {done.known} were known already" if done.known else ""
        console().print(f"{done.statuses} statuses and {done.departures} departures {went}{known}.")
    if done.errors:
        raise typer.Exit(3)
