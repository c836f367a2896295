"""What a person at the desk does: ``reservations``, ``reconcile``, ``reviews``, ``resolve``."""

from __future__ import annotations

from typing import Annotated

import attrs
import typer

from .. import Bridge, Difference
from .._reviews import REVIEWS
from .output import CONFIG, AsJson, ConfigFile, console, print_json, print_table

__all__ = ["Supplier", "reconcile", "reservations", "resolve", "reviews", "show_differences"]

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
        show_differences(supplier, found)
    else:
        console().print(f"{supplier} holds exactly what the orders want.")
    if any(item.cause != "being placed" for item in found):
        raise typer.Exit(4)


def show_differences(supplier: str, found: tuple[Difference, ...]) -> None:
    """What stands against paying, as a table."""
    print_table(
        f"Differences at {supplier}",
        ("Remote id", "Wanted", "Held", "Cause", "What to do"),
        ((item.remote_id, item.wanted, item.held, item.cause, item.fix) for item in found),
    )


def reviews(
    after: Annotated[int, typer.Option(help="Go on after this review.")] = 0,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the questions that only a person may answer. Exit code 4: there are some."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.reviews(after=after)
    if as_json:
        print_json([{**attrs.asdict(each, recurse=False), "hint": REVIEWS[each.code].hint} for each in found])
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
                    REVIEWS[review.code].hint,
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
