"""What a person at the desk does: ``reservations``, ``reconcile``, ``reviews``, ``resolve``."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

import attrs
import typer

from .. import Bridge, Difference
from .._canonical import plain
from ..errors import OutOfDate
from .opened import DryRun, Looking, Owner, opened
from .output import CONFIG, AsJson, ConfigFile, accounts_like, console, print_json, print_table

__all__ = ["Supplier", "reconcile", "reservations", "resolve", "reviews", "show_differences"]

Supplier = Annotated[
    str, typer.Argument(help="The supplier's account.", autocompletion=accounts_like("supplier"))
]


def reservations(
    supplier: Supplier, owner: Owner = "", config: ConfigFile = CONFIG, as_json: AsJson = False
) -> None:
    """List what is wanted and held of each remote id, as of the last look at the supplier."""
    with Bridge.from_toml(config) as bridge:
        rows = bridge.reservations(supplier, owner=owner)
    if as_json:
        print_json(rows)
        return
    print_table(
        f"Reserved at {supplier}",
        (
            "Remote id",
            "Wanted",
            "Held",
            "Available",
            "Status",
            "Seen",
            "Order",
            "Product",
            "Variant",
            "Units",
        ),
        (
            (
                *(row.remote_id, row.wanted, row.held, row.available, row.status, row.seen_at),
                *(
                    "\n".join(str(getattr(each, name)) for each in row.wanted_by)
                    for name in ("order_id", "product_ref", "variant_ref", "units")
                ),
            )
            for row in rows
        ),
    )


def reconcile(
    supplier: Supplier,
    fix: Annotated[
        str, typer.Option(help="Set what differs to what the orders want: the word that the table shows.")
    ] = "",
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Compare what the supplier holds with what the orders want, now. Nothing is changed without --fix.

    Exit code 4: they differ, and not only because an order is being placed.
    """
    with Bridge.from_toml(config) as bridge:
        found = bridge.reconcile(supplier, owner=owner)
        if fix:
            if fix != _digest(found):
                raise OutOfDate("the growing order is not as it was shown; nothing was set", account=supplier)
            found = bridge.put_right(*found)
    if as_json:
        print_json({"differences": found, "fix": _digest(found) if found else None})
    elif found:
        show_differences(supplier, found)
        console().print(f"To do so: orderbridge reconcile {supplier} --fix {_digest(found)}", soft_wrap=True)
    else:
        console().print(f"{supplier} holds exactly what the orders want.")
    if any(item.cause != "being placed" for item in found):
        raise typer.Exit(4)


def _digest(found: tuple[Difference, ...]) -> str:
    """A word for these differences, and no others."""
    return hashlib.sha256(json.dumps(plain(found), sort_keys=True).encode()).hexdigest()[:12]


def show_differences(supplier: str, found: tuple[Difference, ...]) -> None:
    """What stands against paying, as a table."""
    print_table(
        f"Differences at {supplier}",
        ("Remote id", "Wanted", "Held", "Cause", "What to do"),
        ((item.remote_id, item.wanted, item.held, item.cause, item.fix) for item in found),
    )


def reviews(
    after: Annotated[int, typer.Option(help="Go on after this review.")] = 0,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the questions that only a person may answer. Exit code 4: there are some."""
    with Looking.from_toml(config) as bridge:
        found = bridge.reviews(after=after, owner=owner)
    if as_json:
        print_json([{**attrs.asdict(each, recurse=False), "hint": each.text.hint} for each in found])
    elif found:
        print_table(
            "Answer with: orderbridge resolve ID DECISION",
            ("ID", "Opened", "Why", "About", "What was seen", "What to do", "Decisions"),
            (
                (
                    review.id,
                    review.opened_at,
                    review.code.value,
                    review.about,
                    review.evidence,
                    review.text.hint,
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
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Answer a review. Safe to repeat: the first answer stays."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        answered = bridge.resolve(review, decision, owner=owner)
    if as_json:
        print_json(answered)
    else:
        console().print(
            f"Review {answered.id} ({answered.code.value}, {answered.about}): {answered.decision}"
        )
