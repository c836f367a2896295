"""Money as a whole: ``payable``, ``stop-money``, ``allow-money``; and ``events``, what was done with it."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import Bridge
from .desk import Supplier, show_differences
from .opened import DryRun, Looking, Owner, opened
from .output import CONFIG, AsJson, ConfigFile, console, print_json, print_table

__all__ = ["allow_money", "events", "payable", "stop_money"]


def payable(
    supplier: Supplier, owner: Owner = "", config: ConfigFile = CONFIG, as_json: AsJson = False
) -> None:
    """What may be paid at a supplier, where, and what stands against it. Exit code 4: something does."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.payable(supplier, owner=owner)
    if as_json:
        print_json(found)
    else:
        if found.against:
            show_differences(supplier, found.against)
            console().print("Do not pay before they agree: orderbridge reconcile shows how.")
        if found.stopped:
            console().print(f"Money is stopped: {found.stopped}", soft_wrap=True)
        for purchase_order in found.purchase_orders:
            page = "" if found.page else found.pages.get(purchase_order, "")
            console().print(f"{purchase_order} {page}".strip(), soft_wrap=True)
        for purchase_order, why in found.kept_back.items():
            console().print(f"Do not pay {purchase_order}: {why}", soft_wrap=True)
        if not found.purchase_orders:
            console().print("Nothing waits for money.")
        elif found.page:
            console().print(f"Pay it here: {found.page}", soft_wrap=True)
    if found.against or found.stopped:
        raise typer.Exit(4)


def stop_money(
    reason: Annotated[str, typer.Argument(help="Why; health shows it.")],
    owner: Owner = "",
    dry_run: DryRun = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Stop all placing and paying at once, in every process that uses this journal."""
    why = reason.strip() or "nobody said why"
    with opened(config, asks=False, dry_run=dry_run, as_json=as_json) as bridge:
        bridge.stop_money(reason=why, owner=owner)
    if as_json:
        print_json({"owner": owner or None, "stopped": why})
    else:
        whose = f"Money of {owner}" if owner else "Money"
        console().print(f"{whose} is stopped: {why}", soft_wrap=True)


def allow_money(
    owner: Owner = "", dry_run: DryRun = False, config: ConfigFile = CONFIG, as_json: AsJson = False
) -> None:
    """Let placing and paying go on. Owners who were stopped by themselves stay so, and are named."""
    with opened(config, asks=False, dry_run=dry_run, as_json=as_json) as bridge:
        bridge.allow_money(owner=owner)
        after = bridge.health(owner=owner)
    if as_json:
        still = {"stopped": after.stopped or None, "stopped_owners": after.stopped_owners}
        print_json({"owner": owner or None, **still})
        return
    if owner and after.stopped:
        console().print(f"All money is stopped still: {after.stopped}", soft_wrap=True)
        return
    console().print(f"Money of {owner} may move." if owner else "Money may move.")
    for name, why in after.stopped_owners.items():
        console().print(f"Money of {name} stays stopped: {why}", soft_wrap=True)


def events(
    after: Annotated[int, typer.Option(help="Go on after this position.")] = 0,
    limit: Annotated[int, typer.Option(help="So many at once.", min=1, max=1000)] = 100,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the audit: all that happened, in the one order in which it was written."""
    with Looking.from_toml(config) as bridge:
        found = bridge.events(after=after, owner=owner, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        "Events",
        ("Position", "Time", "What", "About", "Details"),
        (
            (
                event.position,
                event.at,
                event.kind,
                event.about,
                ", ".join(f"{name}: {value}" for name, value in event.data.items()),
            )
            for event in found
        ),
    )
    if len(found) == limit:
        console().print(f"For more: orderbridge events --after {found[-1].position}")
