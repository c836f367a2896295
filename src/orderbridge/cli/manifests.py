"""``manifest``: gather what one courier takes, print the list, hand it over, and tell the shops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from .. import Manifest, ManifestReport, ManifestState, Package, Shipment, Telling
from ..errors import ConfigurationError
from .opened import DryRun, Looking, Owner, opened
from .output import CONFIG, AsJson, ConfigFile, console, print_json, print_table, write_papers
from .purchases import PurchaseId, read_units

__all__ = ["MANIFESTS"]

ManifestId = Annotated[int, typer.Argument(help="Its number.")]


def _open(
    courier: Annotated[str, typer.Option(help="Who takes the parcels.")],
    owner: Annotated[str, typer.Option(help="Whose shops, where several share this bridge.")] = "",
    dry_run: DryRun = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Begin a hand-over list for one courier."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        manifest = bridge.open_manifest(courier, owner=owner)
    _show_list(manifest, as_json=as_json)


def _list(
    state: Annotated[
        ManifestState | None, typer.Option(help="PREPARING or SHIPPED; else all.", case_sensitive=False)
    ] = None,
    after: Annotated[int, typer.Option(help="The last number of the page before.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 50,
    owner: Annotated[str, typer.Option(help="Whose; else everybody's.")] = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List manifests."""
    with Looking.from_toml(config) as bridge:
        found = bridge.manifests(owner=owner, state=state, after=after, limit=limit)
    if as_json:
        print_json(found)
    else:
        _show_lists(found)


def _pack(
    manifest: ManifestId,
    purchase_order: PurchaseId,
    carrier: Annotated[str, typer.Option(help="Who carries it; else the manifest's courier.")] = "",
    number: Annotated[str, typer.Option(help="The parcel's tracking number.")] = "",
    url: Annotated[str, typer.Option(help="Its tracking page.")] = "",
    line: Annotated[
        list[str] | None,
        typer.Option(help="What is in it, REMOTE_ID=QUANTITY, as often as needed; else all that is here."),
    ] = None,
    ref: Annotated[
        str, typer.Option(help="Names this departure; by default its number. The same again corrects it.")
    ] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Put a departure on a manifest. No shop hears of it yet."""
    if not (ref or number or url):
        raise ConfigurationError("pack: give --number, --url, or a --ref of your own")
    departure = Shipment(
        ref=ref or number or url,
        packages=(Package(carrier=carrier, tracking_number=number, tracking_url=url),),
        lines=read_units(line) or None,
    )
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        found = bridge.pack(manifest, purchase_order, departure, owner=owner)
    _show_list(found, as_json=as_json)


def _unpack(
    manifest: ManifestId,
    purchase_order: PurchaseId,
    ref: Annotated[str, typer.Option(help="Which departure; else all of the purchase order's.")] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take a departure off a manifest that has not shipped."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        found = bridge.unpack(manifest, purchase_order, ref=ref, owner=owner)
    _show_list(found, as_json=as_json)


def _show(
    manifest: ManifestId, owner: Owner = "", config: ConfigFile = CONFIG, as_json: AsJson = False
) -> None:
    """Show a manifest, and how far each shop is told."""
    with Looking.from_toml(config) as bridge:
        report = bridge.manifest(manifest, owner=owner)
    _show_report(report, as_json=as_json)


def _print(
    manifest: ManifestId,
    to: Annotated[Path | None, typer.Option(help="A file for the page; else it is printed here.")] = None,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write the list as an HTML page for the courier to sign. It names the shoppers."""
    with Looking.from_toml(config) as bridge:
        document = bridge.print_manifest(manifest, owner=owner)
    if to is not None:
        write_papers([(to, document.body)])
    if as_json:
        text = document.body.decode() if to is None else None
        print_json({"name": document.name, "file": str(to) if to is not None else None, "text": text})
    elif to is not None:
        console().print(str(to), soft_wrap=True)
    else:
        typer.echo(document.body, nl=False)


def _ship(
    manifest: ManifestId,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """The courier has it: tell the shops. Exit code 4: one refused, or a person has to look."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        report = bridge.ship_manifest(manifest, owner=owner)
    _end(report, as_json=as_json)


def _repeat(
    manifest: ManifestId,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell the shops that refused once more, and no others. Exit code as of ship."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        report = bridge.repeat_manifest(manifest, owner=owner)
    _end(report, as_json=as_json)


MANIFESTS: tuple[Callable[..., None], ...] = (_open, _list, _pack, _unpack, _show, _print, _ship, _repeat)


def _end(report: ManifestReport, *, as_json: bool) -> None:
    _show_report(report, as_json=as_json)
    if report.refused or report.only(Telling.ASKED):
        raise typer.Exit(4)


def _show_list(manifest: Manifest, *, as_json: bool) -> None:
    if as_json:
        print_json(manifest)
    else:
        _show_lists((manifest,))


def _show_lists(manifests: tuple[Manifest, ...]) -> None:
    print_table(
        "Manifests",
        ("No.", "Courier", "State", "Departures", "Opened", "Shipped"),
        (
            (each.id, each.courier, each.state.value, len(each.departures), each.created_at, each.shipped_at)
            for each in manifests
        ),
    )


def _show_report(report: ManifestReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    manifest = report.manifest
    print_table(
        f"Manifest {manifest.id}: {manifest.courier}, {manifest.state.value}",
        ("Purchase order", "Departure", "Shop", "Stands", "Why", "Review"),
        (
            (each.purchase_order, each.ref, each.store, each.telling.value, each.why, each.review)
            for each in report.departures
        ),
    )
