"""A made-up shop that never calls out: many of it cost nothing, and each says when it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

import orderbridge as ob
from orderbridge.adapters import (
    AccountSettings,
    Announced,
    Bucket,
    Flow,
    Page,
    Past,
    Response,
    StorePlatform,
    Verdict,
    Write,
    judge_by_status,
)
from orderbridge.auth import NoAuth

__all__ = ["Many", "QuietShops", "an_order"]


@attrs.define
class QuietShops:
    """All of them: their orders, how many pages they have, and what was asked of them."""

    orders: dict[str, list[ob.Order]] = attrs.field(factory=dict[str, list[ob.Order]])
    pages: dict[str, int] = attrs.field(factory=dict[str, int])
    opened: list[str] = attrs.field(factory=list[str])
    pulled: list[str] = attrs.field(factory=list[str])

    def sell(self, store: str, sku: str, **changes: object) -> str:
        """A shopper buys one; the order's id in the bridge."""
        known = self.orders.setdefault(store, [])
        known.append(an_order(store, str(len(known) + 1), sku, **changes))
        return known[-1].id

    def change(self, order_id: str, **changes: object) -> None:
        """Somebody changes the order in the shop."""
        store, _, ref = order_id.partition("/")
        known = self.orders[store]
        known[int(ref) - 1] = attrs.evolve(known[int(ref) - 1], updated_at=datetime.now(UTC), **changes)

    def platform(self, name: str = "quiet") -> str:
        """Make them known under a name, and say it."""
        ob.register(
            StorePlatform(
                name=name,
                title="Quiet",
                settings=AccountSettings,
                adapter=self._open,
                auth=lambda _: NoAuth(),
                limits=lambda _: Bucket(per_second=1e6, burst=1_000_000),
            )
        )
        return name

    def _open(self, settings: AccountSettings) -> QuietStore:
        name = settings.base_url.removeprefix("https://").partition(".")[0]
        self.opened.append(name)
        return QuietStore(self, name)


@attrs.define
class QuietStore:
    """The adapter of one."""

    shops: QuietShops
    name: str

    def fetch_orders(self, cursor: str | None, *, since: datetime, now: datetime) -> Flow[Page]:
        self.shops.pulled.append(self.name)
        page = int(cursor or 0) + 1
        more = page < self.shops.pages.get(self.name, 0)
        items = tuple(self.shops.orders.get(self.name, ()))
        return Page(items=items, next=str(page), more=more)
        yield  # makes this a flow

    def fetch_order(self, ref: str) -> Flow[ob.Order | None]:
        return next((order for order in self.shops.orders[self.name] if order.ref == ref), None)
        yield

    def announce(self, order: ob.Order, notice: ob.ShipmentNotice, past: Past) -> Flow[Write | Announced]:
        return Announced(refs=(notice.key,))
        yield

    def judge(self, write: Write, response: Response) -> Verdict:
        return judge_by_status(write, response)


@attrs.define
class Many(Mapping[str, ob.Account]):
    """Accounts as an application has them in a database: by name, and each loaded when it is asked for."""

    names: list[str]
    platform: str
    owners: Mapping[str, str] = attrs.field(factory=dict[str, str])
    loaded: list[str] = attrs.field(factory=list[str])

    def __getitem__(self, name: str) -> ob.Account:
        if name not in self.names:
            raise KeyError(name)
        self.loaded.append(name)
        return ob.store(
            name,
            platform=self.platform,
            settings={"base_url": f"https://{name}.example"},
            owner=self.owners.get(name, ""),
        )

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def an_order(store: str, ref: str, sku: str, **changes: object) -> ob.Order:
    ten, now = ob.Money(Decimal("10.00"), "EUR"), datetime.now(UTC)
    order = ob.Order(
        store=store,
        ref=ref,
        number=f"#{ref}",
        placed_at=now - timedelta(hours=1),
        updated_at=now,
        currency="EUR",
        payment=ob.StorePayment.PAID,
        ready=True,
        raw_status="paid",
        lines=(
            ob.Line(
                ref="1",
                sku=sku,
                product_ref="p1",
                name="Cup",
                quantity=Decimal(1),
                unit_price=ten,
                total=ten,
                tax=ob.Money(Decimal(0), "EUR"),
            ),
        ),
        ship_to=ob.Address(name="Zoë", line1="Old Road 1", city="Łódź", country="PL"),
        total=ten,
    )
    return attrs.evolve(order, **changes)
