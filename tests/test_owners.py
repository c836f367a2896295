"""Several merchants on one bridge: nothing crosses owners, and thousands of accounts cost what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

import orderbridge as ob
from orderbridge import _plugins
from orderbridge._journal import Tx
from orderbridge.errors import ConfigurationError
from quiet_store import Many, QuietShops

ANN, BOB = "ann", "bob"


@pytest.fixture
def shops() -> QuietShops:
    return QuietShops()


def depot(name: str, owner: str = "") -> ob.Account:
    return ob.supplier(name, platform="offline", settings={"title": name}, owner=owner)


def a_bridge(shops: QuietShops, **changes: Any) -> ob.Bridge:
    """Ann's shop and Bob's, each with a warehouse of their own, and one that is nobody's."""
    platform = shops.platform()
    stores = [
        ob.store(name, platform=platform, settings={"base_url": f"https://{name}.example"}, owner=owner)
        for name, owner in (("anns", ANN), ("bobs", BOB))
    ]
    parts: dict[str, Any] = {
        "stores": stores,
        "suppliers": [depot("anns-depot", ANN), depot("bobs-depot", BOB), depot("common")],
        "journal": ":memory:",
        "take_from": datetime.now(UTC) - timedelta(days=1),
        "policy": ob.Policy(place=ob.Who.AUTOMATIC),
        **changes,
    }
    return ob.Bridge(**parts)


@pytest.fixture
def bridge(shops: QuietShops) -> Iterator[ob.Bridge]:
    with a_bridge(shops) as made:
        yield made


def test_every_list_shows_an_owner_only_what_is_the_owner_s(bridge: ob.Bridge, shops: QuietShops) -> None:
    ids = {ANN: shops.sell("anns", "A"), BOB: shops.sell("bobs", "B")}
    bridge.run_once()
    for store, key in (("anns", "sku:A"), ("bobs", "sku:B")):
        bridge.link(ob.ProductLink(store=store, key=key, supplier="common", remote_id=key[-1]))
    bridge.run_once()
    for owner, order_id in ids.items():
        bridge.hold(order_id)  # commands whose event names no owner by itself
        bridge.release(order_id)
        bridge.open_case(f"{order_id}/common/1", kind=ob.CaseKind.RETURN, key="back")
        bridge.open_manifest("UPS", owner=owner)
    for owner, order_id in ids.items():
        assert [view.record.order.id for view in bridge.orders(owner=owner)] == [order_id]
        assert {case.order_id for case in bridge.cases(owner=owner)} == {order_id}
        assert {manifest.owner for manifest in bridge.manifests(owner=owner)} == {owner}
        assert [link.store for link in bridge.links(owner=owner)] == [order_id.partition("/")[0]]
        assert bridge.export_links(owner=owner).count("\r\n") == 2
        # Each sees all of what its own order went through.
        own = tuple(event for event in bridge.events(owner=owner) if event.order_id)
        assert own == bridge.history(order_id)
        assert {"Held", "Released", "CaseOpened", "Placed"} <= {event.kind for event in own}
    everything = bridge.events(limit=1000)
    assert len(everything) == sum(len(bridge.events(owner=owner, limit=1000)) for owner in (ANN, BOB))


def test_what_is_found_says_nothing_of_another_owner_s_purchase_order(shops: QuietShops) -> None:
    rules = [ob.SkuPrefix(prefix="A", supplier="common"), ob.SkuPrefix(prefix="B", supplier="common")]
    with a_bridge(shops, rules=rules, policy=ob.Policy()) as bridge:
        ids = {ANN: shops.sell("anns", "A1"), BOB: shops.sell("bobs", "B1")}
        bridge.run_once()
        bridge.place(f"{ids[BOB]}/common/1")
        view = bridge.order(ids[BOB])
        assert view is not None
        ref = view.purchases[0].po.supplier_ref
        with pytest.raises(ConfigurationError) as refused:
            bridge.found(f"{ids[ANN]}/common/1", supplier_ref=ref, owner=ANN)
        assert str(refused.value).replace(repr(ref), "") == "supplier_ref:  is another purchase order's"


def test_a_review_about_an_account_is_its_owner_s(bridge: ob.Bridge, shops: QuietShops) -> None:
    """Some have no order: a shop whose orders cannot be read, a shopper who asks what is kept."""
    bridge.run_once()

    def ask(tx: Tx) -> None:
        for account in ("anns", "bobs"):
            tx.open_review(
                ob.ReviewCode.PRIVACY,
                about=f"forget/{account}",
                evidence="x",
                decisions=(),
                at=datetime.now(UTC),
                account=account,
            )

    bridge._setup.journal.transact(ask)
    assert [review.account for review in bridge.reviews(owner=ANN)] == ["anns"]
    assert [review.account for review in bridge.reviews(owner=BOB)] == ["bobs"]
    assert len(bridge.reviews()) == 2


def test_health_counts_what_waits_in_all_accounts_of_an_owner(bridge: ob.Bridge, shops: QuietShops) -> None:
    shops.sell("anns", "X-1")
    bridge.link(ob.ProductLink(store="anns", key="sku:X-1", supplier="anns-depot", remote_id="1"))
    bridge.run_once()
    assert bridge.health(owner=ANN).stuck == ()
    journal, hours_ago = bridge._setup.journal, datetime.now(UTC) - timedelta(hours=9)
    for subject in ("cart/anns-depot", "source/anns", "cart/bobs-depot", "cart/common"):
        journal.transact(lambda tx, subject=subject: tx.wake(subject, hours_ago))
    found = bridge.health(owner=ANN)
    assert (found.due, sorted(found.stuck)) == (2, ["cart/anns-depot", "source/anns"])
    assert found.next_at == hours_ago


def test_a_supplier_of_one_owner_never_ships_for_another(shops: QuietShops) -> None:
    """Neither by a rule nor by a link; one that is nobody's serves all."""
    rules = [ob.SkuPrefix(prefix="X-", supplier="bobs-depot"), ob.SkuPrefix(prefix="", supplier="common")]
    with a_bridge(shops, rules=rules) as bridge:
        ids = [shops.sell("anns", "X-1"), shops.sell("bobs", "X-1")]
        bridge.run_once()
        found = [bridge.order(order_id) for order_id in ids]
        assert [[p.po.supplier for p in view.purchases] for view in found if view] == [
            ["common"],
            ["bobs-depot"],
        ]
        with pytest.raises(ConfigurationError, match="another owner's"):
            bridge.link(ob.ProductLink(store="anns", key="sku:Y", supplier="bobs-depot", remote_id="1"))


def test_an_owner_s_consumer_skips_nothing_that_another_owner_has_read(
    bridge: ob.Bridge, shops: QuietShops
) -> None:
    shops.sell("bobs", "B")
    shops.sell("anns", "A")
    bridge.run_once()
    heard: dict[str, list[int]] = {ANN: [], BOB: [], "": []}
    for owner, positions in heard.items():
        bridge.consume("erp", lambda event, kept=positions: kept.append(event.position), owner=owner)
    assert heard[ANN]
    assert heard[BOB]
    assert sorted([*heard[ANN], *heard[BOB]]) == heard[""]


def test_an_account_may_change_hands(shops: QuietShops) -> None:
    """What is about the account itself goes with it, from the next time it is asked who it is."""
    journal = ob.journal(":memory:")
    with a_bridge(shops, journal=journal) as bridge:
        bridge.run_once()
        bridge.link(ob.ProductLink(store="anns", key="sku:A", supplier="common", remote_id="1"))
        assert bridge.links(owner=ANN)
        stores = [
            attrs.evolve(account, owner="cleo")
            for account in bridge._setup.stores._accounts.values()
            if account.name == "anns"
        ]
        other = a_bridge(shops, journal=journal, stores=stores)
        other.pull("anns")
        assert [link.store for link in other.links(owner="cleo")] == ["anns"]
        assert not other.links(owner=ANN)


# --- thousands ----------------------------------------------------------------------------------------


def five_thousand(shops: QuietShops) -> Many:
    return Many(names=[f"s{number:04}" for number in range(5000)], platform=shops.platform())


def of_many(many: Many, **changes: Any) -> ob.Bridge:
    parts: dict[str, Any] = {
        "stores": many,
        "suppliers": [depot("common")],
        "journal": ":memory:",
        "take_from": datetime.now(UTC) - timedelta(days=1),
        **changes,
    }
    return ob.Bridge(**parts)


def test_of_five_thousand_stores_only_what_is_due_is_opened(shops: QuietShops) -> None:
    many = five_thousand(shops)
    with of_many(many) as bridge:
        done: list[int] = []

        def told(report: ob.Report) -> None:
            done.append(report.advanced)
            if len(done) == 7:
                bridge.stop()

        bridge.run_once(told=told)
        assert len(shops.pulled) == 7
        assert set(shops.opened) == set(many.loaded) == set(shops.pulled)
        bridge.orders()
        bridge.reviews()
        bridge.health()
        assert len(bridge.due(limit=10_000)) == 4993
        bridge.advance("pull/s4000")
        assert len(shops.opened) == 8


def test_starting_a_run_asks_the_journal_the_same_for_one_store_and_for_thousands(
    shops: QuietShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()

    class Counting:
        def __init__(self, rows: Any) -> None:
            self._rows = rows

        def run(self, name: str, /, **values: Any) -> Any:
            asked[name] += 1
            return self._rows.run(name, **values)

    begin = Tx.__init__
    monkeypatch.setattr(Tx, "__init__", lambda self, rows: begin(self, Counting(rows)))
    many = five_thousand(shops)
    with of_many(many) as bridge:
        counts: list[int] = []
        for _ in range(2):
            asked.clear()
            bridge.run_once(told=lambda _: bridge.stop())
            counts.append(asked.total() - asked["wake"])
            bridge._stopped = False
            bridge._driver.go_on()
        assert asked["wake"] == 0  # planned once
        assert max(counts) < 200  # most of it the fences of the subjects that are due, fifty at a time


def test_no_more_accounts_are_kept_open_than_a_bridge_needs(
    shops: QuietShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_plugins, "OPEN_AT_ONCE", 10)
    many = five_thousand(shops)
    many.names = many.names[:60]
    with of_many(many) as bridge:
        bridge.run_once()
        assert sorted(shops.pulled) == many.names
        accounts = bridge._setup.stores
        assert len(accounts._opened) == len(accounts._loaded) == 10
        bridge.pull("s0000")  # opened anew
        assert shops.opened.count("s0000") == 2


def test_a_big_shop_s_backlog_never_keeps_the_others_waiting(shops: QuietShops) -> None:
    """One page a turn, and who waits longest is next."""
    many = five_thousand(shops)
    many.names = ["big", *many.names[:119]]
    shops.pages = {"big": 40}
    with of_many(many) as bridge:
        bridge.run_once()
    assert Counter(shops.pulled) == {"big": 40, **dict.fromkeys(many.names[1:], 1)}
    others_done = max(place for place, name in enumerate(shops.pulled) if name != "big")
    assert shops.pulled[:others_done].count("big") <= 4


def test_a_new_account_is_pulled_by_the_next_run_and_one_that_is_gone_is_left_alone(
    shops: QuietShops,
) -> None:
    many = Many(names=["a", "b"], platform=shops.platform())
    with of_many(many) as bridge:
        bridge.run_once()
        many.names = ["b", "c"]
        shops.pulled.clear()
        assert bridge.run_once().failures == ()
        assert shops.pulled == ["c"]
        assert bridge.receive("a", headers={}, body=b"").status == 404


def test_a_database_that_is_down_is_a_failure_in_words_and_no_review(shops: QuietShops) -> None:
    class Down(Many):
        def __getitem__(self, name: str) -> ob.Account:
            raise OSError("no route to db.example, password=hunter2")

    with of_many(Down(names=["a"], platform=shops.platform())) as bridge:
        ((subject, why),) = bridge.run_once().failures
        assert subject == "pull/a"
        assert "could not be loaded" in why
        assert "hunter2" not in why
        assert not bridge.reviews()


def test_an_account_that_cannot_be_loaded_stops_what_needs_it_and_nothing_else(shops: QuietShops) -> None:
    """Also where that is found out in the middle of a transaction."""

    class Down(Many):
        def __getitem__(self, name: str) -> ob.Account:
            raise OSError("down")

    rules = [ob.SkuPrefix(prefix="X-", supplier="depot")]
    shops.sell("a", "X-1")
    order_id = shops.sell("b", "Y-1")
    many = Many(names=["a", "b"], platform=shops.platform())
    with of_many(many, suppliers=Down(names=["depot"], platform=""), rules=rules) as bridge:
        report = bridge.run_once()
        assert [subject for subject, _ in report.failures] == ["pull/a"]
        assert bridge.order(order_id) is not None
        assert not bridge.reviews()


def test_settings_that_changed_are_asked_for_anew_on_request(shops: QuietShops) -> None:
    many = Many(names=["a"], platform=shops.platform())
    with of_many(many) as bridge:
        bridge.run_once()
        bridge.pull("a")
        assert len(shops.opened) == 1
        bridge.reopen("a")
        bridge.pull("a")
        assert len(shops.opened) == 2
        with pytest.raises(ConfigurationError, match="mapping"):
            bridge.reopen("common")
        with pytest.raises(ConfigurationError, match="there is no 'nosuch'"):
            bridge.reopen("nosuch")


def test_what_our_own_words_say_of_an_account_s_settings_is_passed_on(shops: QuietShops) -> None:
    class Wrong(Many):
        def __getitem__(self, name: str) -> ob.Account:
            return ob.store(name, platform=self.platform, settings={"base_url": "ftp://x.example"})

    with of_many(Wrong(names=["a"], platform=shops.platform())) as bridge:
        ((_, why),) = bridge.run_once().failures
        assert why.startswith("account 'a': store 'a': base_url: ")


def test_another_owner_s_name_for_the_same_shop_is_not_told(bridge: ob.Bridge, shops: QuietShops) -> None:
    """Each hears of it, and the names of accounts are their owners' own."""
    bridge.run_once()
    settings = {"base_url": "https://anns.example"}
    twin = ob.store("bobsteals", platform=shops.platform(), settings=settings, owner=BOB)
    theirs = a_bridge(shops, stores=[twin], suppliers=[], journal=bridge._setup.journal)
    ((_, why),) = theirs.run_once().failures
    assert "is connected here already" in why
    assert "'anns'" not in f"{why} {theirs.health(owner=BOB)} {theirs.events(owner=BOB)}"


def test_money_is_stopped_only_for_an_owner_of_accounts(bridge: ob.Bridge, shops: QuietShops) -> None:
    """A typing error would stop nobody, and say that it is done."""
    with pytest.raises(ConfigurationError, match=r"'anm'.*known are: ann, bob"):
        bridge.stop_money(reason="x", owner="anm")
    with pytest.raises(ConfigurationError, match="'anm'"):
        bridge.allow_money(owner="anm")
    bridge.stop_money(reason="fraud", owner=ANN)
    assert bridge.health().stopped_owners == {ANN: "fraud"}
    assert (bridge.health(owner=BOB).stopped, bridge.health(owner=BOB).stopped_owners) == ("", {})
    with of_many(Many(names=[], platform=shops.platform())) as lazy:
        lazy.stop_money(reason="x", owner="whoever")  # nobody knows all owners there
        assert lazy.health().stopped_owners == {"whoever": "x"}


def test_rules_that_changed_reach_the_orders_of_a_mapping_s_store_when_it_is_pulled_next(
    shops: QuietShops,
) -> None:
    """Once: no other store is opened for it, and what has been compared is not compared again."""
    many = Many(names=["a", "b"], platform=shops.platform())
    order_id = shops.sell("a", "X-1")
    journal = ob.journal(":memory:")
    with of_many(many, journal=journal) as bridge:
        bridge.run_once()
        view = bridge.order(order_id)
        assert view is not None
        assert view.in_quote
        rules = [ob.SkuPrefix(prefix="X-", supplier="common")]
        other = of_many(many, journal=journal, rules=rules)
        shops.opened.clear()
        other.run_once()
        assert shops.opened == []  # nothing is due, so nothing is opened
        journal.transact(lambda tx: tx.wake("pull/a", datetime.now(UTC)))
        other.run_once()
        assert shops.opened == ["a"]
        view = other.order(order_id)
        assert view is not None
        assert [purchase.po.supplier for purchase in view.purchases] == ["common"]


def test_an_account_s_own_policy_that_changed_reaches_its_orders_after_reopen(shops: QuietShops) -> None:
    class Own(Many):
        policy = ob.Policy(place=ob.Who.AUTOMATIC, place_after=timedelta(days=1))

        def __getitem__(self, name: str) -> ob.Account:
            return attrs.evolve(super().__getitem__(name), policy=self.policy)

    many = Own(names=["a"], platform=shops.platform())
    order_id = shops.sell("a", "X-1")
    journal = ob.journal(":memory:")
    rules = [ob.SkuPrefix(prefix="X-", supplier="common")]
    automatic = ob.Policy(place=ob.Who.AUTOMATIC)
    with of_many(many, journal=journal, rules=rules, policy=automatic) as bridge:
        bridge.run_once()
        before = bridge.order(order_id)
        assert before is not None
        assert before.purchases[0].approved
        many.policy = ob.Policy(place=ob.Who.BY_HAND)
        bridge.reopen("a")
        journal.transact(lambda tx: tx.wake("pull/a", datetime.now(UTC)))
        bridge.run_once()
        after = bridge.order(order_id)
        assert after is not None
        assert not after.purchases[0].approved


def test_a_supplier_s_own_policy_that_changed_reaches_the_orders_that_wait_for_it(shops: QuietShops) -> None:
    """Of every store that it serves, as each is pulled next, though only one of them compares it."""

    class Own(Many):
        policy = ob.Policy(place=ob.Who.AUTOMATIC, place_after=timedelta(days=1))

        def __getitem__(self, name: str) -> ob.Account:
            return attrs.evolve(depot(name), policy=self.policy)

    depots = Own(names=["d1", "d2"], platform="")
    many = Many(names=["a", "b"], platform=shops.platform())
    orders = [shops.sell("a", "X-1"), shops.sell("b", "X-1")]
    journal = ob.journal(":memory:")
    rules = [ob.SkuPrefix(prefix="X-", supplier="d1")]
    with of_many(many, suppliers=depots, journal=journal, rules=rules) as bridge:
        bridge.run_once()
        views = [bridge.order(order_id) for order_id in orders]
        assert [view is not None and view.purchases[0].approved for view in views] == [True, True]
        depots.policy = ob.Policy(place=ob.Who.BY_HAND)
        bridge.reopen("d1")
        journal.transact(lambda tx: tx.wake("pull/a", datetime.now(UTC)))
        bridge.run_once()
        views = [bridge.order(order_id) for order_id in orders]
        assert [view is not None and view.purchases[0].approved for view in views] == [False, False]


def test_a_supplier_that_cannot_be_opened_keeps_no_store_from_being_read(shops: QuietShops) -> None:
    class Down(Many):
        down = False

        def __getitem__(self, name: str) -> ob.Account:
            if self.down:
                raise OSError("down")
            return depot(name)

    depots = Down(names=["d1"], platform="")
    many = Many(names=["a"], platform=shops.platform())
    shops.sell("a", "X-1")
    rules = [ob.SkuPrefix(prefix="X-", supplier="d1")]
    with of_many(many, suppliers=depots, rules=rules) as bridge:
        bridge.run_once()
        depots.down = True
        bridge.reopen("d1")
        assert bridge.pull("a") >= 0
        bridge._setup.journal.transact(lambda tx: tx.wake("pull/a", datetime.now(UTC)))
        assert bridge.run_once().failures == ()


def test_an_account_that_is_reopened_is_asked_anew_who_it_is(shops: QuietShops) -> None:
    """Its new settings may lead to another shop, whose orders are not this one's."""
    many = Many(names=["a"], platform=shops.platform())
    with of_many(many) as bridge:
        bridge.run_once()
        bridge._setup.journal.transact(
            lambda tx: tx.put_account(
                "a",
                kind="store",
                platform="quiet",
                owner="",
                identity="another",
                take_from=None,
                at=datetime.now(UTC),
            )
        )
        bridge.pull("a")  # it is known to this process
        bridge.reopen("a")
        with pytest.raises(ConfigurationError, match="when this journal first saw it"):
            bridge.pull("a")


def test_health_says_why_a_store_of_a_mapping_could_not_even_be_opened(shops: QuietShops) -> None:
    class Down(Many):
        def __getitem__(self, name: str) -> ob.Account:
            raise OSError("down")

    with of_many(Down(names=["a"], platform=shops.platform())) as bridge:
        bridge.run_once()
        store = bridge.health().stores["a"]
        assert store.last_pull is None
        assert "could not be loaded" in store.failed


def test_a_mapping_must_give_each_account_under_its_own_name(shops: QuietShops) -> None:
    class Wrong(Many):
        def __getitem__(self, name: str) -> ob.Account:
            return super().__getitem__("a")

    with of_many(Wrong(names=["a", "b"], platform=shops.platform())) as bridge:
        (failure,) = bridge.run_once().failures
        assert "'a' under that name" in failure[1]


def test_suppliers_may_be_thousands_too(shops: QuietShops) -> None:
    """Only those that an order wants are opened, whosever they are."""
    loaded: list[str] = []

    class Depots(Many):
        def __getitem__(self, name: str) -> ob.Account:
            loaded.append(name)
            return depot(name)

    suppliers = Depots(names=[f"d{number}" for number in range(1000)], platform="")
    many = Many(names=["a"], platform=shops.platform())
    order_id = shops.sell("a", "A")
    policy = ob.Policy(place=ob.Who.AUTOMATIC)
    with of_many(many, suppliers=suppliers, policy=policy) as bridge:
        bridge.run_once()
        bridge.link(ob.ProductLink(store="a", key="sku:A", supplier="d77", remote_id="1"))
        bridge.run_once()
        view = bridge.order(order_id)
        assert view is not None
        assert [p.fulfillment for p in view.purchases] == [ob.Fulfillment.PLACED]
        assert set(loaded) == {"d77"}
