"""How a first pull of a large Shopify shop uses the points that Shopify gives: by pages, or in bulk.

    python benchmarks/shopify_pull.py {pages|bulk} [ORDERS] [LINES]

The shop is the simulated one, with its strictest price list; its clock is simulated too, and every call is on
its way for a quarter of a second. Figures, not a test; ten thousand orders of sixty lines take the simulated
shop many minutes of real time.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import attrs

from orderbridge._clockwork import Clockwork
from orderbridge._drivers_shared import LONGEST_WAIT
from orderbridge._http import Call, Headers, Read, Response
from orderbridge._model import Secret
from orderbridge._pace import Pace
from orderbridge.adapters import Flow
from orderbridge.sandbox.shopify import Bucket, Item, ShopifyShop
from orderbridge.stores.shopify import PLATFORM, Settings, Shopify
from orderbridge.stores.shopify import _bulk as bulk

T = TypeVar("T")
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
TRIP = 0.25  # seconds that a call is on its way


class Jumping(Clockwork):
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def wall(self) -> datetime:
        return START + timedelta(days=1, seconds=self.at)

    def steady(self) -> float:
        return self.at


@attrs.define
class Counted(Bucket):
    """Shopify's points, and how many of them were spent."""

    spent: float = 0.0

    def take(self, points: float) -> None:
        Bucket.take(self, points)
        self.spent += points


class Pull:
    """A shop whose orders are read as the core reads them: as fast as the points come back."""

    def __init__(self, orders: int, lines: int) -> None:
        self.points = Counted()
        self.shop = ShopifyShop(bucket=self.points)
        items = [Item(sku=f"SKU-{line}", quantity=1) for line in range(lines)]
        for number in range(orders):
            self.shop.place_order(items, now=START + timedelta(seconds=number))
        self.settings = Settings(
            base_url="https://shop.myshopify.com", access_token=Secret(self.shop.access_token)
        )
        self.adapter = Shopify(self.settings)
        self.clock = Jumping()
        self.pace = Pace(PLATFORM.limits(self.settings), self.clock)
        self.asked: Counter[str] = Counter()
        self.turned_away = 0
        self.waits_from: tuple[float, float] | None = None  # when it first waited, and what was spent by then
        self.seen: Counter[str] = Counter()
        self.lines = 0
        self.bytes = 0
        self.peak = 0

    def all(self) -> None:
        """To the end of the first run."""
        cursor, more, began, piece = None, True, time.monotonic(), False
        while more:
            flow = self.adapter.fetch_orders(cursor, since=START - timedelta(hours=1), now=self.clock.wall())
            page = self.run(flow)
            assert not page.set_aside, page.set_aside
            if piece:
                self.peak = max(self.peak, tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()
            for order in page.items:
                self.seen[order.ref] += 1
                self.lines += len(order.lines)
            cursor, more = page.next, page.more or page.again_at is not None
            if page.again_at is not None:
                self.clock.at = (page.again_at - START - timedelta(days=1)).total_seconds()
            if page.as_of is None and piece:
                tracemalloc.stop()
                piece = False
            elif self.asked["Range"] and not piece and not tracemalloc.is_tracing():
                tracemalloc.start()  # the simulated shop has written its file by now
                piece = True
            if sum(self.asked.values()) % 50 < 3:
                self.say(f"after {time.monotonic() - began:.0f} s of real time")

    def run(self, flow: Flow[T]) -> T:
        try:
            read = next(flow)
            while True:
                read = flow.send(self.answer(read))
        except StopIteration as end:
            result: T = end.value
            return result

    def answer(self, read: Read) -> Response:
        if read.url:
            self.clock.at += TRIP
            self.asked["Range"] += 1
            call = Call("GET", read.url, headers=read.headers)
            response = self.shop.handle(call, self.clock.wall())
            self.bytes += len(response.body)
            return response
        wait = self.pace.take(LONGEST_WAIT, read.cost)
        if wait and self.waits_from is None:
            self.waits_from = (self.clock.at, self.points.spent)
        self.clock.at += wait + TRIP
        headers = Headers({**read.headers, "X-Shopify-Access-Token": self.shop.access_token})
        call = Call("POST", f"https://shop.myshopify.com{read.path}", headers=headers, body=read.body)
        response = self.shop.handle(call, self.clock.wall())
        said = PLATFORM.meter(response)
        self.pace.settle(read.cost, said)
        self.asked[json.loads(read.body)["operationName"]] += 1
        self.turned_away += said is not None and said.throttled
        return response

    def say(self, when: str) -> None:
        use = "never waited for points"
        if self.waits_from is not None:
            since, before = self.waits_from
            back = (self.clock.at - since) * self.points.restore
            use = f"{(self.points.spent - before) / back:.1%} of the points that came back" if back else use
        twice = sum(times - 1 for times in self.seen.values())
        print(
            f"{when}: {len(self.seen)} orders ({twice} read twice), {self.lines} lines, "
            f"{sum(self.asked.values())} calls, {self.points.spent:.0f} points, {use}, "
            f"{self.turned_away} turned away, {timedelta(seconds=round(self.clock.at))} simulated, "
            f"{dict(self.asked)}"
            + (
                f", {self.bytes / 2**20:.0f} MiB read, {self.peak / 2**20:.1f} MiB at most held"
                if self.bytes
                else ""
            ),
            flush=True,
        )


def main() -> None:
    orders = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    lines = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    if sys.argv[1] == "pages":
        bulk.MANY = sys.maxsize
    pull = Pull(orders, lines)
    print("the shop is filled", flush=True)
    pull.all()
    pull.say("at the end")


if __name__ == "__main__":
    main()
