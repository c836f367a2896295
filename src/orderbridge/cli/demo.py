"""``demo``: orders go from a simulated shop to a simulated supplier and back, before your eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import attrs
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from .demo_orders import read_recorded
from .demo_run import Counts, Demo
from .output import AsJson, console, print_json, print_table

__all__ = ["demo"]


def demo(
    orders: Annotated[
        list[Path] | None, typer.Option(help="Recorded WooCommerce orders: a file or a folder.")
    ] = None,
    faults: Annotated[bool, typer.Option("--faults", help="Lose, cut, delay and double calls.")] = False,
    seed: Annotated[int, typer.Option(help="Which orders and which faults.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Send orders from a simulated shop to a simulated supplier. Nothing leaves this machine.

    Exit code 0: nothing was ordered twice, lost, or left untold. Else 1.
    """
    recorded = read_recorded(orders) if orders else []
    now = datetime.now(UTC).replace(microsecond=0)
    with (
        TemporaryDirectory(prefix="orderbridge-demo-") as folder,
        Demo(Path(folder), seed=seed, faults=faults, recorded=recorded, now=now) as run,
    ):
        for title, act, show in _stages(run):
            _with_bar(title, act, quiet=as_json)
            if not as_json:
                show(run)
        run.settle()
        counts = run.count()
        if not as_json:
            _show_time_line(run)
    if as_json:
        print_json(counts)
    else:
        _show_counts(counts)
    raise typer.Exit(0 if counts.good else 1)


Act = Callable[[Callable[[int, int], None]], None]


def _stages(run: Demo) -> Iterator[tuple[str, Act, Callable[[Demo], None]]]:
    yield "Pull the shop's orders", run.pull, _show_orders
    yield "Reserve and place", run.order, _show_reserved
    yield "The merchant pays", run.pay, _show_purchases
    yield "The supplier works on them", run.work, _show_purchases
    yield "Ready to leave", run.pack, _show_purchases
    yield "Dispatch, tell the shop", run.ship, _show_shipments


def _with_bar(title: str, act: Act, *, quiet: bool) -> None:
    columns = TextColumn("[bold]{task.description:<28}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console(), disable=quiet) as progress:
        task = progress.add_task(title, total=None)
        act(lambda have, of: progress.update(task, completed=have, total=of))


def _show_orders(run: Demo) -> None:
    print_table(
        "What the shop has",
        ("Order", "Status", "Payment", "Lines", "Total", "The bridge"),
        (
            (
                view.record.order.id,
                view.record.order.raw_status,
                view.record.order.payment.value,
                len(view.record.order.lines),
                view.record.order.total,
                _part(view.record.taken, len(view.purchases), in_quote=view.in_quote),
            )
            for view in run.orders()
        ),
    )


def _part(taken: bool, purchases: int, *, in_quote: bool) -> str:
    if not taken:
        return "only looks on"
    ordered = f"{purchases} purchase order" if purchases else "nothing to order"
    return f"{ordered}, the rest is left to others" if in_quote else ordered


def _show_reserved(run: Demo) -> None:
    print_table(
        "What is ordered of what",
        ("Purchase order", "Reference", "At the supplier", "State", "Units by stock id"),
        (
            (
                record.po.id,
                record.po.reference,
                record.po.supplier_ref,
                record.fulfillment.value,
                ", ".join(f"{remote_id}: {units:f}" for remote_id, units in record.po.units.items()),
            )
            for view in run.orders()
            for record in view.purchases
        ),
    )


def _show_purchases(run: Demo) -> None:
    print_table(
        "What the supplier says",
        ("Purchase order", "At the supplier", "State", "Payment", "Its own word"),
        (
            (
                record.po.id,
                record.po.supplier_ref,
                record.fulfillment.value,
                record.payment.value,
                record.raw_status,
            )
            for view in run.orders()
            for record in view.purchases
        ),
    )


def _show_shipments(run: Demo) -> None:
    print_table(
        "What the shop was told",
        ("Purchase order", "State", "Notice", "Carrier", "Tracking"),
        (
            (
                notice.notice.purchase_order_id,
                notice.state.value,
                notice.notice.key,
                package.carrier,
                package.tracking_number,
            )
            for view in run.orders()
            for notice in view.notices
            for package in notice.notice.packages
        ),
    )


def _show_time_line(run: Demo) -> None:
    with_purchases = [view for view in run.orders() if view.purchases]
    if not with_purchases:
        return
    view = max(with_purchases, key=lambda view: len(run.bridge.history(view.record.order.id)))
    print_table(
        f"The time line of {view.record.order.id}",
        ("Time", "What", "About", "Details"),
        (
            (
                f"{event.at:%H:%M:%S}",
                event.kind,
                event.about,
                ", ".join(f"{name} {value}" for name, value in event.data.items() if value),
            )
            for event in run.bridge.history(view.record.order.id)
        ),
    )


def _show_counts(counts: Counts) -> None:
    print_table(
        "What both sides really hold",
        ("", "Count"),
        ((name.replace("_", " "), value) for name, value in attrs.asdict(counts).items()),
    )
    words = "Nothing doubled, nothing lost, every departure told."
    console().print(words if counts.good else "Something is wrong: see the counts above.", style="bold")
