"""What people see: tabs, words, numbers, time lines and health, and what it costs to look."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import orderbridge as ob
from both_sides import RULES, START, Sides, only_purchase
from orderbridge import CaseKind, CaseState, EventKind, Fulfillment, Payment, Tab
from orderbridge._canonical import stamp, unstamp
from orderbridge._events import Event
from orderbridge._journal import Tx
from orderbridge._standing import case_tabs, purchase_tabs
from orderbridge._timeline import SENTENCES, in_words
from orderbridge.errors import ConfigurationError
from orderbridge.journals._sql import queries
from orderbridge.testing._journal_samples import NOW, a_notice, a_purchase, an_intent, an_order, keep_order

BY_HAND = ob.Policy()
HOUR = timedelta(hours=1)
SHOPPER = {"first_name": "Ines", "last_name": "Moreau", "address_1": "12 rue des Tanneurs", "city": "Lille"}


@pytest.fixture
def sides() -> Iterator[Sides]:
    with Sides() as made:
        yield made


def where(bridge: ob.Bridge, **of: Any) -> set[Tab]:
    """The tabs with orders in them; counts, pages and the orders' own words agree on it."""
    counts = bridge.tabs(**of)
    assert set(counts) == set(Tab)
    everybody = bridge.orders(limit=1000, **of)
    for tab, count in counts.items():
        listed = [view.record.order.id for view in bridge.orders(tab=tab, limit=1000, **of)]
        assert len(set(listed)) == len(listed) == count
        assert listed == [view.record.order.id for view in everybody if tab in view.tabs]
    return {tab for tab, count in counts.items() if count}


def depot(name: str = "depot") -> ob.Account:
    return ob.supplier(name, platform="offline", settings={"title": "Main warehouse"})


# --- tabs and words -------------------------------------------------------------------------------------


def test_an_order_goes_from_tab_to_tab_and_says_so_in_the_suppliers_words(sides: Sides) -> None:
    order_id = sides.sell({"XX-1": 2})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge)
    assert where(bridge) == {Tab.IN_QUOTE}
    bridge.link(ob.ProductLink(store="shop", key="sku:XX-1", supplier="rewix", remote_id="100"))
    sides.live(bridge)
    assert where(bridge) == {Tab.TO_ORDER}
    assert only_purchase(bridge, order_id).word == ""
    bridge.place(only_purchase(bridge, order_id).po.id)
    assert where(bridge) == {Tab.PENDING}
    assert only_purchase(bridge, order_id).word == "Booked"
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge)
    assert where(bridge) == {Tab.PROCESSING}
    assert only_purchase(bridge, order_id).word == "Confirmed"
    sides.dispatch()
    sides.live(bridge)
    assert where(bridge) == where(bridge, store="shop") == {Tab.SHIPPED}
    assert only_purchase(bridge, order_id).word == "Dispatched"


def test_an_order_of_several_suppliers_stands_in_several_tabs_once_each(sides: Sides) -> None:
    rules = (*RULES, ob.SkuPrefix(prefix="DEPOT-", supplier="depot"))
    bridge = sides.bridge(suppliers=[sides.supplier(), depot()], rules=rules, policy=BY_HAND)
    mixed = sides.sell({"RW-100": 1, "DEPOT-9": 1, "XX-1": 1})
    sides.sell({"OWN-1": 1})
    sides.live(bridge)
    assert where(bridge) == {Tab.IN_QUOTE, Tab.TO_ORDER}
    assert bridge.tabs()[Tab.TO_ORDER] == 1
    bridge.place(f"{mixed}/depot/1")
    sides.live(bridge)
    assert where(bridge) == {Tab.IN_QUOTE, Tab.TO_ORDER, Tab.PROCESSING}
    for supplier, tab in (("depot", Tab.PROCESSING), ("rewix", Tab.TO_ORDER)):
        for seen in (None, tab):
            [view] = bridge.orders(tab=seen, supplier=supplier, store="shop")
            assert view.record.order.id == mixed
    assert bridge.orders(tab=Tab.TO_ORDER, supplier="depot") == ()
    with pytest.raises(ob.ConfigurationError, match="no account 'nobody'"):
        bridge.orders(supplier="nobody")


def test_what_the_merchant_ships_himself_is_not_in_quote(sides: Sides) -> None:
    bridge = sides.bridge(policy=BY_HAND)
    sides.sell({"OWN-1": 1})
    sides.live(bridge)
    assert where(bridge) == set()
    assert len(bridge.orders()) == 1


def test_what_is_canceled_in_the_shop_before_it_is_ordered_is_in_canceled_alone(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1, "XX-1": 1})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge)
    sides.shop.put_status(int(order_id.partition("/")[2]), "cancelled", sides.now())
    sides.live(bridge)
    assert where(bridge) == {Tab.CANCELED}


def test_a_purchase_order_that_was_only_shared_out_anew_stands_nowhere(sides: Sides) -> None:
    order_id = sides.sell({"XX-1": 1})
    bridge = sides.bridge(suppliers=[sides.supplier(), depot()], policy=BY_HAND)
    to_rewix = ob.ProductLink(store="shop", key="sku:XX-1", supplier="rewix", remote_id="100")
    bridge.link(to_rewix)
    sides.live(bridge)
    bridge.link(attrs.evolve(to_rewix, supplier="depot", remote_id="XX-1"))
    bridge.unlink(to_rewix)
    sides.live(bridge)
    view = bridge.order(order_id)
    assert view is not None
    assert {each.fulfillment for each in view.purchases} >= {Fulfillment.CANCELED}
    assert where(bridge) == {Tab.TO_ORDER}
    assert bridge.orders(supplier="rewix") == ()


def test_refunds_and_goods_sent_once_more_have_tabs_beside_the_others(sides: Sides) -> None:
    rules = (ob.SkuPrefix(prefix="RW-", supplier="depot"),)
    bridge = sides.bridge(suppliers=[depot()], rules=rules)
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge)
    po_id = only_purchase(bridge, order_id).po.id
    lines = (ob.ShipmentLine(remote_id="100", quantity=Decimal(2)),)
    parcel = ob.Package(tracking_number="1Z1", carrier="UPS")
    bridge.ship(po_id, ob.Shipment(ref="1", packages=(parcel,), lines=lines))
    sides.live(bridge)
    case = bridge.open_case(po_id, kind=CaseKind.REFUND, key="broken")
    assert where(bridge) == {Tab.SHIPPED, Tab.REFUNDS}
    bridge.resend(po_id, key="lost")
    assert where(bridge) == {Tab.SHIPPED, Tab.REFUNDS, Tab.RESENT, Tab.TO_ORDER}
    assert len(bridge.orders(tab=Tab.RESENT, supplier="depot")) == 1
    bridge.move_case(case.id, CaseState.WITHDRAWN)
    assert where(bridge) == {Tab.SHIPPED, Tab.RESENT, Tab.TO_ORDER}


@pytest.mark.parametrize("state", Fulfillment)
def test_every_state_has_a_tab_whatever_its_payment(state: Fulfillment) -> None:
    for payment in Payment:
        tabs = purchase_tabs(state, payment, left=None, placed=True, waits="")
        assert tabs
        aside = purchase_tabs(Fulfillment.ON_HOLD, payment, left=state, placed=True, waits="")
        assert aside == tabs or state in (Fulfillment.ON_HOLD, Fulfillment.CANCEL_REQUESTED)


def test_what_is_placed_is_pending_until_it_is_paid() -> None:
    def tabs(payment: Payment) -> Sequence[Tab]:
        return purchase_tabs(Fulfillment.PLACED, payment, left=None, placed=True, waits="")

    assert tabs(Payment.FAILED) == tabs(Payment.PENDING) == tabs(Payment.UNPAID) == (Tab.PENDING,)
    assert tabs(Payment.PAID) == tabs(Payment.NOT_REQUIRED) == (Tab.PROCESSING,)


def test_what_another_system_orders_is_not_for_people_here_to_order() -> None:
    tabs = purchase_tabs(Fulfillment.TO_ORDER, Payment.UNKNOWN, left=None, placed=False, waits="hub")
    assert tabs == (Tab.PROCESSING,)


def test_a_case_keeps_its_tab_when_it_is_over() -> None:
    for kind in CaseKind:
        [tab] = case_tabs(kind, CaseState.DENIED)
        assert (tab is Tab.RESENT) == (kind is CaseKind.RESEND)


# --- pages, times, numbers ------------------------------------------------------------------------------


def test_pages_hold_every_order_once_the_newest_first(sides: Sides) -> None:
    bridge = sides.bridge()
    sold: list[str] = []
    for count in range(7):
        sold.append(sides.sell({"RW-100": 1}))
        if count % 3:
            sides.clock.sleep(3600)  # some are of the same second
    sides.live(bridge)
    for tab in (None, Tab.PENDING):
        seen: list[str] = []
        while page := bridge.orders(tab=tab, after=seen[-1] if seen else "", limit=2):
            seen += [view.record.order.id for view in page]
        assert sorted(seen) == sorted(sold)
        times = [view.record.order.placed_at for view in bridge.orders(tab=tab)]
        assert times == sorted(times, reverse=True)
    middle = sorted(times)[3]
    after, before = bridge.orders(since=middle), bridge.orders(until=middle)
    assert {view.record.order.placed_at >= middle for view in after} == {True}
    assert {view.record.order.placed_at < middle for view in before} == {True}
    assert len(after) + len(before) == 7


def test_a_page_is_never_empty_by_mistake(sides: Sides) -> None:
    bridge = sides.bridge()
    with pytest.raises(ConfigurationError, match="after: there is no order 'shop/404'"):
        bridge.orders(after="shop/404")
    with pytest.raises(ConfigurationError, match=r"since: .* no time zone"):
        bridge.orders(since=START.replace(tzinfo=None))


def test_an_order_is_found_by_its_number_and_two_of_it_are_both_named() -> None:
    with closing(ob.journal(":memory:")) as journal, ob.Bridge(journal=journal) as bridge:

        def keep(tx: Tx) -> None:
            for store, ref, owner in (("shop", "7", "ann"), ("outlet", "7", "bob"), ("shop", "8", "ann")):
                keep_order(tx, an_order(ref, store=store), owner=owner)

        journal.transact(keep)
        for name in ("8", "#8", "shop/8"):
            view = bridge.order(name)
            assert view is not None
            assert view.record.order.id == "shop/8"
        with pytest.raises(ConfigurationError, match="#7 is the number of outlet/7, shop/7; name one"):
            bridge.order("#7")
        with pytest.raises(ConfigurationError, match="is the number of"):
            bridge.timeline("7")
        [found] = bridge.orders(number="7", owner="bob")
        assert found.record.order.id == "outlet/7"
        assert len(bridge.orders(number="#7")) == 2
        assert bridge.orders(number="7", tab=Tab.SHIPPED) == ()
        assert bridge.order("9") is None
        assert bridge.order("") is bridge.order("#") is None
        with pytest.raises(ConfigurationError, match="there is no '9'"):
            bridge.timeline("9")


def test_an_order_is_found_by_what_people_read_off_a_parcel_or_a_list(sides: Sides) -> None:
    """A number or a SKU, the supplier's id, a tracking number, or how one begins; never its shopper."""
    order_id = sides.sell({"RW-100": 1}, shipping=SHOPPER | {"postcode": "59000", "country": "FR"})
    other = sides.sell({"RW-200": 1})
    bridge = sides.bridge()
    sides.live(bridge)
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge)
    sides.dispatch()
    sides.live(bridge)
    view = bridge.order(order_id)
    assert view is not None
    [tracking] = {package.tracking_number for each in view.notices for package in each.notice.packages}
    supplier_ref = view.purchases[0].po.supplier_ref
    assert supplier_ref

    def found(word: str, **more: Any) -> set[str]:
        return {each.record.order.id for each in bridge.orders(find=word, **more)}

    number = view.record.order.number
    assert order_id in found(number)
    assert order_id in found(f" #{number}")
    assert found(number[:1]) == {order_id, other}
    assert found("RW-1") == {order_id}
    assert found("RW-") == {order_id, other}
    assert found("RW-", owner="cleo") == set()
    assert found("RW-1", tab=Tab.SHIPPED) == {order_id}
    assert found("RW-2", tab=Tab.SHIPPED) == set()
    assert found("RW-", limit=1) == {other}
    assert found("RW-", limit=1, after=other) == {order_id}
    assert order_id in found(supplier_ref)
    assert found(tracking) == found(tracking[:-1]) == {order_id}
    for name in SHOPPER.values():
        assert found(name) == set()
    assert found("%") == found("_") == set()  # nothing stands for anything
    with pytest.raises(ConfigurationError, match="one of number and find"):
        bridge.orders(find="1", number="1")


def test_a_corrected_tracking_number_is_found_and_the_old_one_is_not(sides: Sides) -> None:
    with closing(ob.journal(":memory:")) as journal, sides.bridge(journal=journal) as bridge:

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order())
            tx.put_purchase(a_purchase())
            tx.put_notice(a_notice("n", shipment="1"))

        journal.transact(keep)
        assert len(bridge.orders(find="1Z")) == 1
        record = a_notice("n", shipment="1")
        package = attrs.evolve(record.notice.packages[0], tracking_number="2Z")
        notice = attrs.evolve(record.notice, packages=(package,))
        journal.transact(lambda tx: tx.put_notice(attrs.evolve(record, notice=notice)))
        assert bridge.orders(find="1Z") == ()
        assert len(bridge.orders(find="2Z")) == 1


def test_both_faces_show_the_same(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 1, "XX-1": 1})
    bridge = sides.bridge(policy=BY_HAND)
    sides.live(bridge)

    async def look() -> tuple[Any, ...]:
        async with ob.AsyncBridge(**sides.parts(journal=bridge._setup.journal, policy=BY_HAND)) as other:
            return (
                await other.tabs(),
                await other.orders(tab=Tab.IN_QUOTE, supplier="", limit=5),
                await other.timeline(order_id),
                attrs.evolve(await other.health(), stores={}, due=0, stuck=()),
            )

    mine = (
        bridge.tabs(),
        bridge.orders(tab=Tab.IN_QUOTE, supplier="", limit=5),
        bridge.timeline(order_id),
        attrs.evolve(bridge.health(), stores={}, due=0, stuck=()),
    )
    assert asyncio.run(look()) == mine


# --- time line ------------------------------------------------------------------------------------------


def test_every_kind_of_event_has_a_sentence() -> None:
    assert set(SENTENCES) == set(EventKind)


@pytest.mark.parametrize("kind", EventKind)
def test_a_sentence_is_whole_with_all_its_details_and_with_none(kind: EventKind) -> None:
    fields = dict.fromkeys(re.findall(r"\{(\w+)\}", SENTENCES[kind]), "this")
    for data in (fields, {}):
        event = Event(position=1, at=NOW, kind=kind, about="shop/7/hub/1", order_id="shop/7", data=data)
        words = in_words(event)
        assert words.endswith((".", "?."))
        assert not re.search(r"[{}\[\]]|  | [.,:;]", words), words


def test_a_word_of_a_later_version_is_shown_as_it_is() -> None:
    assert in_words(Event(position=1, at=NOW, kind="Teleported", about="shop/7")) == "Teleported."


def test_a_time_line_tells_the_whole_way_in_words_and_names_no_shopper(sides: Sides) -> None:
    order_id = sides.sell({"RW-100": 2}, shipping=SHOPPER | {"postcode": "59000", "country": "FR"})
    bridge = sides.bridge()
    sides.live(bridge)
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge)
    sides.dispatch()
    sides.live(bridge)
    steps = bridge.timeline(order_id)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert [step.kind for step in steps] == [event.kind for event in bridge.history(order_id)]
    words = [step.words for step in steps]
    for sentence in (
        "rewix: The units are held.",
        "rewix: A purchase order was made.",
        "rewix: Goods left, packages: 1.",
    ):
        assert sentence in words
    assert any(sentence.startswith("rewix: How far it is: Confirmed, paid.") for sentence in words)
    view = bridge.order(order_id)
    assert view is not None
    (tracking,) = view.notices[0].notice.packages
    assert f"rewix: The shop was told what left: {tracking.carrier} {tracking.tracking_number}." in words
    text = "\n".join(words)
    assert "?" not in text
    assert not any(value in text for value in SHOPPER.values())


# --- health ---------------------------------------------------------------------------------------------


def test_health_says_why_a_store_was_never_read_and_forgets_it_once_it_was(sides: Sides) -> None:
    journal = ob.journal(":memory:")
    bridge = sides.bridge(journal=journal, stores=[sides.store(consumer_secret="cs_of_another")])
    bridge.run_once()
    store = bridge.health().stores["shop"]
    assert (store.last_pull, store.age) == (None, None)
    assert store.failed
    assert store.failed_at is not None
    assert set(bridge.health().refused_logins) == {"shop"}
    bridge = sides.bridge(journal=journal)
    sides.live(bridge, 5)
    store = bridge.health().stores["shop"]
    assert store.age is not None
    assert store.age < HOUR
    assert (store.failed, store.failed_at) == ("", None)
    assert bridge.health().refused_logins == {}


def test_health_says_why_a_store_that_is_another_one_now_is_not_read(sides: Sides) -> None:
    bridge = sides.bridge()
    bridge._setup.journal.transact(
        lambda tx: tx.put_account(
            "shop", kind="store", platform="woocommerce", owner="", identity="x", take_from=START, at=START
        )
    )
    bridge.run_once()
    assert "when this journal first saw it" in bridge.health().stores["shop"].failed


def test_a_login_that_a_supplier_refused_is_said_until_it_lets_us_in(sides: Sides) -> None:
    journal = ob.journal(":memory:")
    bridge = sides.bridge(journal=journal, suppliers=[sides.supplier(api_key="another")])
    sides.sell({"RW-100": 1})
    bridge.run_once()
    assert set(bridge.health().refused_logins) == {"rewix"}
    assert bridge.health().refused_logins["rewix"]
    bridge = sides.bridge(journal=journal)
    bridge.probe()
    assert bridge.health().refused_logins == {}


def test_health_names_a_shop_whose_key_may_read_and_no_more_while_departures_wait(sides: Sides) -> None:
    sides.sell({"RW-100": 1})
    bridge = sides.bridge()
    sides.live(bridge)
    sides.warehouse.pay(now=sides.now())
    sides.live(bridge)
    sides.dispatch()
    sides.shop._keys.permission = "read"
    sides.live(bridge)
    found = bridge.health()
    assert (found.stores["shop"].failed, found.refused_logins) == ("", {})  # it is read as ever
    assert "does not have write permissions" in found.waiting["shop"]
    sides.shop._keys.permission = "read_write"
    bridge.resolve(bridge.reviews()[0].id, "retry")
    sides.live(bridge)
    assert bridge.health().waiting == {}


def test_health_names_a_shop_that_could_not_be_told_for_an_hour() -> None:
    accounts = [ob.store("shop", platform="woocommerce", settings=_SHOP, owner="ann")]
    with (
        Sides() as sides,
        closing(ob.journal(":memory:")) as journal,
        sides.bridge(stores=accounts, suppliers=[], rules=(), journal=journal) as bridge,
    ):

        def keep(tx: Tx, minutes: int, *, why: str) -> None:
            at = START - timedelta(minutes=minutes)
            tx.put_notice(a_notice("n", shipment="1", created_at=at))
            if why:
                tx.event(EventKind.PUT_OFF, about="n", at=at, order_id="shop/7", data={"why": why})

        journal.transact(lambda tx: keep_order(tx, an_order(), owner="ann"))
        journal.transact(lambda tx: tx.put_purchase(a_purchase()))
        journal.transact(lambda tx: keep(tx, 59, why="503"))
        assert bridge.health().waiting == {}  # it may be well again in a minute
        journal.transact(lambda tx: tx.put_notice(a_notice("m", shipment="2", created_at=START - 2 * HOUR)))
        assert bridge.health().waiting == {}  # nobody has tried that yet
        sides.clock.sleep(120)
        assert bridge.health().waiting == {"shop": "503"}
        assert bridge.health(owner="ann").waiting == {"shop": "503"}
        assert bridge.health(owner="bob").waiting == {}


def test_health_counts_what_a_store_sold_in_a_day_against_what_it_used_to(sides: Sides) -> None:
    bridge = sides.bridge(take_from=START - timedelta(days=60))
    for hours in range(0, 24 * 10, 6):
        at = START - timedelta(hours=36 + hours)
        sides.shop.place_order([{"sku": "OWN-1", "quantity": 1, "price": "1.00"}], now=at)
    sides.live(bridge)
    store = bridge.health().stores["shop"]
    assert (store.seen, store.expected) == (0, Decimal("3.9"))
    sides.sell({"OWN-1": 1})
    sides.live(bridge)
    assert bridge.health().stores["shop"].seen == 1


def test_a_young_store_has_nothing_to_be_compared_with(sides: Sides) -> None:
    bridge = sides.bridge()
    sides.sell({"OWN-1": 1})
    sides.live(bridge)
    assert bridge.health().stores["shop"].expected is None


def test_what_nobody_works_on_is_stuck_after_three_times_its_period(sides: Sides) -> None:
    bridge = sides.bridge()
    sides.sell({"RW-100": 1})
    sides.live(bridge)
    sides.clock.sleep(2400)
    assert bridge.health().due
    assert bridge.health().stuck == ()
    sides.clock.sleep(7200)
    assert "pull/shop" in bridge.health().stuck


def test_health_says_what_is_old_untold_asked_and_used_of_a_limit() -> None:
    policy = ob.Policy(limit_per_day=(ob.Money(Decimal(100), "EUR"), ob.Money(Decimal(50), "USD")))
    accounts = [
        ob.store("shop", platform="woocommerce", settings=_SHOP, owner="ann"),
        ob.store("outlet", platform="woocommerce", settings=_SHOP, owner="ann"),
    ]
    with (
        Sides() as sides,
        closing(ob.journal(":memory:")) as journal,
        sides.bridge(stores=accounts, suppliers=[], rules=(), journal=journal, policy=policy) as bridge,
    ):

        def keep(tx: Tx) -> None:
            keep_order(tx, an_order(), owner="ann")
            tx.put_purchase(a_purchase())
            tx.put_notice(a_notice("old", shipment="1", created_at=START - timedelta(days=2)))
            tx.put_notice(a_notice("new", shipment="2", created_at=START))
            for about, hours in (("a", 1), ("b", 23), ("c", 25)):
                intent = tx.add_intent(an_intent(about)).id
                at = START - timedelta(hours=hours)
                tx.spend(intent, owner="ann", currency="EUR", amount=Decimal("12.50"), at=at)
            ask = {"evidence": "x", "decisions": ("ignore",), "at": START}
            tx.open_review(ob.ReviewCode.PRICE, about="a", **ask)
            tx.open_review(ob.ReviewCode.PRICE, about="b", **ask)
            tx.open_review(ob.ReviewCode.LIMIT, about="b", **ask)

        journal.transact(keep)
        found = bridge.health()
        assert found.untold == 1
        assert found.oldest_unshipped == an_order().placed_at
        assert (found.reviews, found.review_codes) == (3, {"PRICE": 2, "LIMIT": 1})
        used = [(use.owner, use.spent, use.limit) for use in found.limits]
        assert used == [
            ("ann", ob.Money(Decimal("25.00"), "EUR"), ob.Money(Decimal(100), "EUR")),
            ("ann", ob.Money(Decimal(0), "USD"), ob.Money(Decimal(50), "USD")),
        ]


_SHOP = {"base_url": "https://shop.example", "consumer_key": "k", "consumer_secret": "s"}


# --- many orders ----------------------------------------------------------------------------------------


class Counted:
    """A journal's rows, and which queries were asked of them how often."""

    def __init__(self, rows: Any) -> None:
        self.rows, self.asked = rows, list[str]()

    def run(self, name: str, /, **values: Any) -> Any:
        self.asked.append(name)
        return self.rows.run(name, **values)


def fill(journal: ob.Journal, file: Path, orders: int) -> None:
    """So many orders by SQL, each like one put in by the journal itself, with two purchase orders."""

    def keep(tx: Tx) -> None:
        keep_order(tx, an_order("0"), owner="ann", waits="link")
        for n in (1, 2):
            tx.put_purchase(a_purchase(n, order="0"))

    journal.transact(keep)
    journal.close()
    with closing(sqlite3.connect(file)) as connection:
        for table, key in (
            ("orders", "id"),
            ("order_private", "order_id"),
            ("lines", "order_id"),
            ("purchase_orders", "order_id"),
            ("stands", "order_id"),
        ):
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
            rows = [list(row) for row in connection.execute(f"SELECT * FROM {table} WHERE {key} = 'shop/0'")]
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} VALUES ({marks})",
                (
                    [
                        str(number)
                        if column in ("ref", "number") and table == "orders"
                        else _renamed(value, number)
                        for column, value in zip(columns, row, strict=True)
                    ]
                    for number in range(1, orders)
                    for row in rows
                ),
            )
        connection.commit()


FIRST = stamp(an_order().placed_at)


def _renamed(value: object, number: int) -> object:
    if not isinstance(value, str):
        return value
    if value == FIRST:
        return stamp(unstamp(FIRST) - timedelta(minutes=number))
    if value == "#0":
        return f"#{number}"
    return re.sub(r"shop/0\b", f"shop/{number}", value).replace("ref0", f"ref{number}x")


OPEN_REVIEWS = ("SCAN reviews USING INDEX reviews_o", "SCAN r USING INDEX reviews_o")  # those that are open
VIEWS: dict[str, Any] = {
    "all": lambda tx: tx.order_ids(limit=10),
    "a tab": lambda tx: tx.order_ids(tab=Tab.TO_ORDER, limit=10),
    "a store's": lambda tx: tx.order_ids(tab=Tab.TO_ORDER, store="shop", limit=10),
    "an owner's": lambda tx: tx.order_ids(tab=Tab.IN_QUOTE, owner="ann", limit=10),
    "a supplier's": lambda tx: tx.order_ids(supplier="hub", limit=10),
    "a number": lambda tx: tx.order_ids(number="#1234", limit=10),
    "found": lambda tx: tx.order_ids(find="#1234", limit=10),
    "found by a beginning": lambda tx: tx.order_ids(find="12", owner="ann", tab=Tab.TO_ORDER, limit=10),
    "a time": lambda tx: tx.order_ids(since=NOW - 99 * HOUR, until=NOW - HOUR, limit=10),
    "a later page": lambda tx: tx.order_ids(tab=Tab.TO_ORDER, after="shop/1234", limit=10),
    "counts": lambda tx: tx.count_tabs(),
    "a store's counts": lambda tx: tx.count_tabs(store="shop"),
    "an owner's counts": lambda tx: tx.count_tabs(owner="ann"),
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "journal.db"
    fill(ob.journal(str(file)), file, 2000)
    return file


@pytest.fixture
def journal(large: Path) -> Iterator[ob.Journal]:
    with closing(ob.journal(str(large))) as opened:
        yield opened


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_of_many_orders_reads_a_whole_table_or_sorts(
    view: str, journal: ob.Journal, large: Path
) -> None:
    def work(tx: Tx) -> list[str]:
        counted = Counted(tx._rows)
        assert VIEWS[view](Tx(counted))
        return counted.asked

    asked = journal.look(work)
    assert len(asked) <= len(Tab)
    with closing(sqlite3.connect(large)) as connection:
        for name in set(asked):
            text = queries()[name].text
            values = dict.fromkeys(re.findall(r"(?<!:):(\w+)", text))
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
            assert not [step for step in plan if step.startswith("SCAN") and step != "SCAN found"], plan
            # The few orders with one number, or found by a word, may be sorted.
            assert name in ("orders_called", "orders_found") or not [
                step for step in plan if "TEMP B-TREE" in step
            ], plan


def test_a_page_asks_as_much_of_many_orders_as_of_few(journal: ob.Journal) -> None:
    from orderbridge._views import list_orders

    filters = {
        "store": "",
        "supplier": "",
        "number": "",
        "find": "",
        "owner": "",
        "since": None,
        "until": None,
    }

    bridge = ob.Bridge(journal=ob.journal(":memory:"), stores=[], suppliers=[])

    def asked(limit: int) -> int:
        saga = list_orders(bridge._setup.world, tab=Tab.TO_ORDER, after="shop/99", limit=limit, **filters)  # type: ignore[arg-type]
        effect: Any = next(saga)

        def work(tx: Tx) -> int:
            counted = Counted(tx._rows)
            assert len(effect.work(Tx(counted))) == limit
            return len(counted.asked)

        return journal.look(work)

    few, many = asked(5), asked(50)
    assert few <= 4 + 6 * 5
    assert many <= 4 + 6 * 50  # a number for each order shown, none for those that are not


@pytest.mark.parametrize("owner", ["", "ann"])
def test_health_reads_no_table_of_orders(journal: ob.Journal, large: Path, owner: str) -> None:
    asked: list[str] = []
    with Sides() as sides, sides.bridge(journal=journal) as bridge:
        world = bridge._setup.world
        from orderbridge._health import _health, _health_of

        def work(tx: Tx) -> None:
            counted = Counted(tx._rows)
            tx = Tx(counted)
            found = _health_of(tx, world, owner, NOW) if owner else _health(tx, world, NOW)
            assert found.orders == 2000
            asked.extend(counted.asked)

        journal.look(work)
    assert len(asked) <= 40
    with closing(sqlite3.connect(large)) as connection:
        for name in set(asked):
            text = queries()[name].text
            values = dict.fromkeys(re.findall(r"(?<!:):(\w+)", text))
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
            for step in plan:
                small = ("SCAN refused_logins", "SCAN switches", "SCAN accounts", *OPEN_REVIEWS)
                counts = step.startswith("SCAN") and "COVERING INDEX" in step
                # Counts walk an index; rows are read of what is small only.
                assert not step.startswith("SCAN") or counts or step.startswith((*small, "SCAN found")), plan
