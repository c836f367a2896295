"""How long views of a large journal take: a page of a tab, the counts, one number, health.

    python benchmarks/views.py [ORDERS]

A figure, not a test. The journal is filled in its own way, so that takes longer than all that is measured.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import attrs

import orderbridge as ob
from orderbridge import Fulfillment, Payment, Tab
from orderbridge._journal import Tx
from orderbridge._records import NoticeRecord
from orderbridge._states import NoticeState
from orderbridge.testing._journal_samples import NOW, a_notice, a_purchase, an_order, keep_order

STATES = (
    (Fulfillment.TO_ORDER, Payment.UNKNOWN),
    (Fulfillment.PLACED, Payment.UNPAID),
    (Fulfillment.PREPARING, Payment.PAID),
    *[(Fulfillment.SHIPPED, Payment.PAID)] * 7,
)


def fill(journal: ob.Journal, orders: int) -> None:
    """Orders of one shop, one a minute, most of them shipped."""

    def keep(tx: Tx, first: int) -> None:
        for number in range(first, min(first + 1000, orders)):
            ref = f"{number}"
            order = attrs.evolve(an_order(ref), placed_at=NOW - timedelta(minutes=number))
            keep_order(tx, order, owner="ann", waits="link" if number % 50 == 0 else "")
            state, payment = STATES[number % len(STATES)]
            purchase = attrs.evolve(a_purchase(order=ref), fulfillment=state, payment=payment)
            tx.put_purchase(attrs.evolve(purchase, placed_at=NOW))
            if state is Fulfillment.SHIPPED:
                tx.put_notice(departed(ref))

    for first in range(0, orders, 1000):
        journal.transact(lambda tx, first=first: keep(tx, first))


def departed(ref: str) -> NoticeRecord:
    """What the shop was told of an order."""
    record = a_notice(f"n{ref}", shipment="1")
    packages = (attrs.evolve(record.notice.packages[0], tracking_number=f"T{ref}-1"),)
    about = {"order_id": f"shop/{ref}", "purchase_order_id": f"shop/{ref}/hub/1"}
    notice = attrs.evolve(record.notice, packages=packages, **about)
    return attrs.evolve(record, notice=notice, state=NoticeState.ANNOUNCED)


def measure(what: str, look: Callable[[], object], rounds: int = 9) -> None:
    """Print how long one look takes."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        look()
        times.append(time.perf_counter() - began)
    print(f"{what:<48}{median(times) * 1000:8.1f} ms")


def main() -> None:
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "journal.db"
        journal = ob.journal(str(file))
        began = time.perf_counter()
        fill(journal, orders)
        size = file.stat().st_size / 1e6
        print(f"{orders} orders, {size:.0f} MB, filled in {time.perf_counter() - began:.0f} s")
        with ob.Bridge(journal=journal) as bridge:
            measure("a page of 100 orders", bridge.orders)
            measure("a page of the tab To order", lambda: bridge.orders(tab=Tab.TO_ORDER))
            late = f"shop/{orders - orders % 10 - 110}"
            measure("its last page", lambda: bridge.orders(tab=Tab.TO_ORDER, after=late))
            measure(
                "a page of ids of the tab Shipped",
                lambda: journal.look(lambda tx: tx.order_ids(tab=Tab.SHIPPED)),
            )
            measure("an order by its number", lambda: bridge.order(f"#{orders // 2}"))
            measure("a page of all orders found by a digit", lambda: bridge.orders(find="4"))
            measure("one found by a tracking number", lambda: bridge.orders(find=f"T{orders // 2 + 5}-"))
            measure("how many stand in each tab", bridge.tabs)
            measure("the same for one store", lambda: bridge.tabs(store="shop"))
            measure("health", bridge.health)
            measure("health of the owner of all of it", lambda: bridge.health(owner="ann"))


if __name__ == "__main__":
    main()
