"""``demo``: orders go from simulated shops to simulated suppliers and back, before your eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from .. import NoticeState, OrderView
from ..errors import ConfigurationError
from .demo_count import Counts
from .demo_recorded import read_recorded
from .demo_run import Demo
from .demo_shops import SHOPS
from .demo_suppliers import SUPPLIERS
from .output import AsJson, console, print_json, print_table

__all__ = ["chosen", "demo"]

T = TypeVar("T")
_ROWS = 12  # of a table; more of them nobody reads


def demo(
    stores: Annotated[
        str, typer.Option(help=f"Shops, with commas between them: {', '.join(SHOPS)}.")
    ] = "woocommerce",
    suppliers: Annotated[
        str, typer.Option(help=f"Suppliers, the same way: {', '.join(SUPPLIERS)}.")
    ] = "rewix,offline",
    orders: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded WooCommerce orders, for Rewix alone: a file or a folder."),
    ] = None,
    faults: Annotated[bool, typer.Option("--faults", help="Lose, cut, delay and double calls.")] = False,
    seed: Annotated[int, typer.Option(help="Which orders and which faults.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Send orders from simulated shops to simulated suppliers. Nothing leaves this machine.

    Exit code 0: nothing was ordered or paid twice, lost, or left untold. Else 1.
    """
    recorded = read_recorded(orders) if orders else []
    chosen_shops = chosen(SHOPS, "woocommerce" if recorded else stores, "stores")
    chosen_suppliers = chosen(SUPPLIERS, "rewix" if recorded else suppliers, "suppliers")
    now = datetime.now(UTC).replace(microsecond=0)
    with Demo(
        shops=[shop() for shop in chosen_shops],
        suppliers=[supplier() for supplier in chosen_suppliers],
        seed=seed,
        faults=faults,
        recorded=recorded,
        now=now,
    ) as run:
        for title, act, show in _stages(run):
            _with_bar(title, act, quiet=as_json)
            if show is not None and not as_json:
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


def chosen(known: Mapping[str, T], words: str, option: str) -> list[T]:
    """What is named, each once, in the order of the names."""
    names = list(dict.fromkeys(word.strip().lower() for word in words.split(",") if word.strip()))
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        said = ", ".join(map(repr, wrong)) if wrong else "nothing"
        raise ConfigurationError(f"{option}: {said} came; known are: {', '.join(known)}")
    return [known[name] for name in names]


Act = Callable[[Callable[[int, int], None]], None]
Show = Callable[[Demo], None]


def _stages(run: Demo) -> Iterator[tuple[str, Act, Show | None]]:
    yield "Pull the shops' orders", run.pull, _show_orders
    yield "Reserve, quote and place", run.order, _show_ordered
    yield "The merchant pays", run.pay, _show_paid
    yield "The suppliers' people work", run.work, None
    yield "Ready to leave", run.pack, None
    yield "Dispatch, tell the shops", run.ship, _show_shipments


def _with_bar(title: str, act: Act, *, quiet: bool) -> None:
    columns = TextColumn("[bold]{task.description:<28}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console(), disable=quiet) as progress:
        task = progress.add_task(title, total=None)
        act(lambda have, of: progress.update(task, completed=have, total=of))


def _print_some(title: str, columns: Sequence[str], rows: Iterable[tuple[str, Sequence[object]]]) -> None:
    """Rows of each shop, named by the id before them; where there are many, the first of each."""
    by_shop: dict[str, list[Sequence[object]]] = {}
    for order_id, row in rows:
        by_shop.setdefault(order_id.partition("/")[0], []).append(row)
    total = sum(map(len, by_shop.values()))
    each = total if total <= _ROWS else _ROWS // max(1, len(by_shop))
    shown = [row for mine in by_shop.values() for row in mine[:each]]
    print_table(title, columns, shown)
    if len(shown) < total:
        console().print(f"... and {total - len(shown)} more\n")


def _show_orders(run: Demo) -> None:
    _print_some(
        "What the shops have",
        ("Order", "Status", "Payment", "Lines", "Total", "Ships"),
        (
            (
                view.record.order.id,
                (
                    view.record.order.id,
                    view.record.order.raw_status,
                    view.record.order.payment.value,
                    len(view.record.order.lines),
                    view.record.order.total,
                    _shipped_by(run, view),
                ),
            )
            for view in run.orders()
        ),
    )


def _shipped_by(run: Demo, view: OrderView) -> str:
    order = run.sold.get(view.record.order.id)
    if order is not None:
        return ", ".join(order.units)
    return "the merchant" if view.record.taken else "nobody yet"


def _show_ordered(run: Demo) -> None:
    _print_some(
        "What is ordered of what",
        ("Purchase order", "Reference", "At the supplier", "State", "Units by remote id"),
        (
            (
                record.po.id,
                (
                    record.po.id,
                    record.po.reference,
                    record.po.supplier_ref,
                    record.fulfillment.value,
                    ", ".join(f"{remote_id}: {units:f}" for remote_id, units in record.po.units.items()),
                ),
            )
            for view in run.orders()
            for record in view.purchases
        ),
    )


def _show_paid(run: Demo) -> None:
    paid_by = {each.name: each.paid_by or "to nobody" for each in run.suppliers}
    _print_some(
        "What the suppliers say",
        ("Purchase order", "State", "Payment", "Paid", "Total", "Its own word"),
        (
            (
                record.po.id,
                (
                    record.po.id,
                    record.fulfillment.value,
                    record.payment.value,
                    paid_by[record.po.supplier],
                    record.total,
                    record.raw_status,
                ),
            )
            for view in run.orders()
            for record in view.purchases
        ),
    )


def _show_shipments(run: Demo) -> None:
    _print_some(
        "What the shops were told",
        ("Purchase order", "State", "Notice", "Carrier", "Tracking"),
        (
            (
                notice.notice.purchase_order_id,
                (
                    notice.notice.purchase_order_id,
                    notice.state.value,
                    notice.notice.key,
                    ", ".join(dict.fromkeys(package.carrier for package in notice.notice.packages)),
                    ", ".join(package.tracking_number for package in notice.notice.packages),
                ),
            )
            for view in run.orders()
            for notice in view.notices
            if notice.state is not NoticeState.WITHDRAWN
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
        "What the shops really hold",
        ("Shop", "Orders", "To ship by suppliers", "Departures shown", "Mails about them"),
        ((name, shop.orders, shop.taken, shop.shown, shop.mails) for name, shop in counts.shops.items()),
    )
    print_table(
        "What the suppliers really hold",
        ("Supplier", "Orders", "Units", "Payments", "Orders that left", "Parcels"),
        (
            (
                name,
                each.placed,
                each.units,
                "none needed" if each.payments is None else f"{each.payments} {each.paid_by}",
                each.shipped,
                each.parcels,
            )
            for name, each in counts.suppliers.items()
        ),
    )
    lines = (
        f"{counts.purchase_orders} purchase orders: {counts.placed} at the suppliers, {counts.shipped} left, "
        f"{counts.announced} shown in the shops; open questions: {counts.reviews}.",
        f"{counts.double_orders} doubled, {counts.double_payments} paid twice, {counts.lost_orders} lost, "
        f"{counts.unannounced} unannounced, {counts.double_announcements} announced twice.",
        f"{counts.requests} requests, {counts.seconds} seconds.",
    )
    for line in lines:
        console().print(line, soft_wrap=True)
    words = "Nothing doubled, nothing lost, every departure told or asked about."
    console().print(words if counts.good else "Something is wrong: see the counts above.", style="bold")
