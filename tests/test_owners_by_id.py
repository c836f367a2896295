"""Whoever asks for an owner gets what is the owner's, and does not hear that there is anything else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

import orderbridge as ob
from orderbridge.adapters import Note, Refund
from orderbridge.errors import BridgeError, ConfigurationError
from quiet_store import QuietShops
from test_owners import ANN, BOB, a_bridge

# What needs no owner, and why.
FOR_ALL = {
    "from_toml": "makes a bridge",
    "requests": "counts calls of this process",
    "run_once": "works for all",
    "run": "works for all",
    "stop": "ends run",
    "advance": "works on a subject that due has named",
    "start": "works for all",
    "due": "names subjects for workers",
    "receive": "the signature says whose message it is",
    "reopen": "the application's own settings",
    "adopt": "the whole journal",
    "close": "the whole bridge",
}


def test_every_method_takes_an_owner_or_says_why_it_needs_none() -> None:
    public = {name: each for name, each in inspect.getmembers_static(ob.Bridge) if not name.startswith("_")}
    with_owner = {
        name
        for name, each in public.items()
        if inspect.isfunction(each) and "owner" in inspect.signature(each).parameters
    }
    assert public.keys() - with_owner == FOR_ALL.keys()


@attrs.frozen(kw_only=True)
class Two:
    """Ann's and Bob's, each with an order, its purchase order, a case, a manifest and a review."""

    bridge: ob.Bridge
    orders: dict[str, str]
    manifests: dict[str, int]
    reviews: dict[str, int]
    cases: dict[str, str]


@pytest.fixture
def two() -> Iterator[Two]:
    shops = QuietShops()
    rules = [ob.SkuPrefix(prefix="A", supplier="anns-depot"), ob.SkuPrefix(prefix="B", supplier="bobs-depot")]
    with a_bridge(shops, rules=rules) as bridge:
        orders = {ANN: shops.sell("anns", "A1"), BOB: shops.sell("bobs", "B1")}
        bridge.run_once()
        manifests, reviews, cases = {}, {}, {}
        for owner, order_id in orders.items():
            case = bridge.open_case(po(orders, owner), kind=ob.CaseKind.RETURN, key="back")
            cases[owner] = case.id
            manifests[owner] = bridge.open_manifest("UPS", owner=owner).id

            def ask(tx: Any, about: str = order_id) -> int:
                tx.open_review(
                    ob.ReviewCode.FAULT,
                    about=about,
                    evidence="x",
                    decisions=("ignore",),
                    at=datetime.now(UTC),
                    order_id=about,
                )
                return int(tx.reviews_of(about)[0].id)

            reviews[owner] = bridge._setup.journal.transact(ask)
        yield Two(bridge=bridge, orders=orders, manifests=manifests, reviews=reviews, cases=cases)


def po(orders: dict[str, str], whose: str) -> str:
    return f"{orders[whose]}/{whose}s-depot/1"


def by_id(two: Two, whose: str, *, there: bool = True) -> dict[str, Callable[[str], object]]:
    """Each method that takes an id, on what is ``whose``, or on what is nowhere."""
    bridge = two.bridge
    order = two.orders[whose] if there else "anns/nowhere"
    purchase = po(two.orders, whose) if there else "anns/nowhere/anns-depot/1"
    manifest = two.manifests[whose] if there else 999
    review = two.reviews[whose] if there else 999
    case = two.cases[whose] if there else f"{purchase}/case/back"
    store, supplier = (f"{whose}s", f"{whose}s-depot") if there else ("nowhere", "nowhere-depot")
    left = ob.Shipment(ref="1", packages=(ob.Package(tracking_number="1"),))
    link = ob.ProductLink(store=store, key="sku:A", supplier=supplier, remote_id="1")
    money = ob.Money.of("1.00", "EUR")
    differs = ob.Difference(
        supplier=supplier, remote_id="1", wanted=money.amount, held=money.amount, cause="x", fix="x"
    )
    units = (ob.ShipmentLine(remote_id="1", quantity=money.amount),)
    return {
        "pull": lambda owner: bridge.pull(store, owner=owner),
        "timeline": lambda owner: bridge.timeline(order, owner=owner),
        "link": lambda owner: bridge.link(link, owner=owner),
        "unlink": lambda owner: bridge.unlink(link, owner=owner),
        "reservations": lambda owner: bridge.reservations(supplier, owner=owner),
        "reconcile": lambda owner: bridge.reconcile(supplier, owner=owner),
        "put_right": lambda owner: bridge.put_right(differs, owner=owner),
        "payable": lambda owner: bridge.payable(supplier, owner=owner),
        "products": lambda owner: bridge.products(supplier, owner=owner),
        "carriers": lambda owner: bridge.carriers(store, owner=owner),
        "check_out": lambda owner: bridge.check_out(order, owner=owner),
        "place": lambda owner: bridge.place(purchase, owner=owner),
        "pay": lambda owner: bridge.pay(purchase, owner=owner),
        "documents": lambda owner: bridge.documents(purchase, owner=owner),
        "observe": lambda owner: bridge.observe(purchase, raw="x", owner=owner),
        "ship": lambda owner: bridge.ship(purchase, left, owner=owner),
        "pack": lambda owner: bridge.pack(manifest, purchase, left, owner=owner),
        "unpack": lambda owner: bridge.unpack(manifest, purchase, owner=owner),
        "manifest": lambda owner: bridge.manifest(manifest, owner=owner),
        "print_manifest": lambda owner: bridge.print_manifest(manifest, owner=owner),
        "ship_manifest": lambda owner: bridge.ship_manifest(manifest, owner=owner),
        "repeat_manifest": lambda owner: bridge.repeat_manifest(manifest, owner=owner),
        "found": lambda owner: bridge.found(purchase, supplier_ref="1", owner=owner),
        "cancel_purchase": lambda owner: bridge.cancel_purchase(purchase, owner=owner),
        "open_case": lambda owner: bridge.open_case(purchase, kind=ob.CaseKind.REFUND, key="k", owner=owner),
        "move_case": lambda owner: bridge.move_case(case, ob.CaseState.UNDER_REVIEW, owner=owner),
        "resend": lambda owner: bridge.resend(purchase, key="k", lines=units, owner=owner),
        "note": lambda owner: bridge.note(order, Note(key="n", text="x"), owner=owner),
        "cancel": lambda owner: bridge.cancel(order, owner=owner),
        "refund": lambda owner: bridge.refund(order, Refund(key="r", amount=money), owner=owner),
        "change_address": lambda owner: bridge.change_address(order, None, expected="x", owner=owner),
        "hold": lambda owner: bridge.hold(order, owner=owner),
        "hold_in_shop": lambda owner: bridge.hold_in_shop(order, owner=owner),
        "release": lambda owner: bridge.release(order, owner=owner),
        "resolve": lambda owner: bridge.resolve(review, "ignore", owner=owner),
        "forget": lambda owner: bridge.forget(order, owner=owner),
        "orders": lambda owner: bridge.orders(after=order, owner=owner),
    }


# Lists, and what is found by other means: the tests of lists and those below look at them.
ELSEWHERE = {
    "cases", "consume", "events", "export_links", "health", "history", "import_links", "import_shipments",
    "links", "manifests", "open_manifest", "order", "probe", "reviews", "stop_money", "allow_money", "tabs",
}  # fmt: skip


def test_the_table_names_every_method_with_an_owner(two: Two) -> None:
    with_owner = {
        name
        for name, each in inspect.getmembers_static(ob.Bridge)
        if inspect.isfunction(each) and "owner" in inspect.signature(each).parameters
    }
    assert with_owner == {*by_id(two, ANN), *ELSEWHERE}


def words(error: BaseException) -> str:
    """Without the ids in it."""
    return re.sub(r"'[^']*'|\d+", "ID", str(error))


def test_what_is_another_s_is_refused_in_the_words_for_what_is_not_there(two: Two) -> None:
    before = two.bridge.events(limit=1000)
    nowhere = by_id(two, ANN, there=False)
    for name, method in by_id(two, BOB).items():
        with pytest.raises(ConfigurationError) as refused:
            method(ANN)
        with pytest.raises(ConfigurationError) as absent:
            nowhere[name](ANN)
        assert words(refused.value) == words(absent.value), name
        assert "known" not in str(refused.value), name
    assert two.bridge.events(limit=1000) == before


def test_an_owner_gets_at_everything_of_the_owner_s(two: Two) -> None:
    """No method refuses for another's what it does for its owner: whatever it says, it is not that."""
    for name, method in by_id(two, BOB).items():
        said = ""
        try:
            method(BOB)
        except (BridgeError, ConfigurationError) as error:
            said = str(error)
        assert "there is no" not in said, name


def test_an_order_of_another_s_is_not_there_by_id_nor_by_number(two: Two) -> None:
    order_id = two.orders[BOB]
    view = two.bridge.order(order_id, owner=BOB)
    assert view is not None
    assert two.bridge.order(order_id, owner=ANN) is None
    by_number = two.bridge.order(view.record.order.number, owner=ANN)  # hers may have the same
    assert by_number is None or by_number.record.order.id == two.orders[ANN]
    assert two.bridge.history(order_id, owner=BOB)
    for read in (two.bridge.history, two.bridge.timeline):
        with pytest.raises(ConfigurationError, match="there is no"):
            read(order_id, owner=ANN)


def test_health_of_an_owner_counts_only_the_owner_s(two: Two) -> None:
    every = two.bridge.health()
    for owner in (ANN, BOB):
        found = two.bridge.health(owner=owner)
        assert set(found.stores) == {f"{owner}s"}
        assert (found.orders, found.taken) == (1, 1)
        assert sum(found.purchase_orders.values()) == 1
        assert (found.reviews, found.review_codes) == (1, {"FAULT": 1})
        assert found.oldest_unshipped is not None
        assert not any(other in str(found) for other in {ANN, BOB} - {owner})
    assert every.orders == 2
    assert two.bridge.health(owner="cleo").orders == 0
    two.bridge.stop_money(reason="wait", owner=ANN)
    assert two.bridge.health(owner=ANN).stopped == "wait"
    assert two.bridge.health(owner=BOB).stopped == ""


def test_probe_asks_only_an_owner_s_accounts(two: Two) -> None:
    assert set(two.bridge.probe(owner=ANN)) == {"anns", "anns-depot"}


def test_tables_take_in_only_what_is_the_owner_s(two: Two) -> None:
    shipped = f"purchase_order,tracking_number\n{po(two.orders, BOB)},JD1\nanns/nowhere/anns-depot/1,JD2\n"
    done = two.bridge.import_shipments(shipped, owner=ANN)
    assert done.departures == 0
    assert len({words(ValueError(error.why)) for error in done.errors}) == 1
    links = (
        "store,key,supplier,remote_id\nbobs,sku:A,bobs-depot,1\nnowhere,sku:A,x,1\nanns,sku:A,bobs-depot,1\n"
    )
    refused = two.bridge.import_links(links, owner=ANN)
    assert refused.links == 0
    assert [words(ValueError(error.why)) for error in refused.errors] == ["there is no account ID"] * 3
    assert (
        two.bridge.import_links("store,key,supplier,remote_id\nanns,sku:A,common,1\n", owner=ANN).links == 1
    )


def test_a_checkout_of_another_s_cannot_be_placed() -> None:
    shops = QuietShops()
    with a_bridge(
        shops,
        rules=[ob.SkuPrefix(prefix="", supplier="common")],
        policy=ob.Policy(),
        take_from=datetime.now(UTC) - timedelta(days=1),
    ) as bridge:
        mine = shops.sell("bobs", "B1")
        bridge.run_once()
        shown = bridge.check_out(mine, owner=BOB)
        with pytest.raises(ConfigurationError) as refused:
            bridge.place(checkout=shown.digest, owner=ANN)
        with pytest.raises(ConfigurationError) as absent:
            bridge.place(checkout="nothing", owner=ANN)
        assert words(refused.value) == words(absent.value)
        [page] = bridge.place(checkout=shown.digest, owner=BOB)
        assert page.fulfillment is ob.Fulfillment.PLACED


def test_goods_are_not_sent_again_from_another_owner_s_stock(two: Two) -> None:
    """Also for whoever acts for all: nothing crosses owners."""
    for owner in ("", ANN):
        with pytest.raises(ConfigurationError, match="no account 'bobs-depot'"):
            two.bridge.resend(po(two.orders, ANN), key="k", supplier="bobs-depot", owner=owner)
