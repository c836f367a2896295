"""BDroppy: Rewix's orders behind a login, with prices in them, and a catalog of the user's in pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, AUTOMATIC, Sides, Watched, only_purchase
from in_rewix import ABSENT, PO, answer, cart, drive, line, order, orders, web_page
from orderbridge import errors
from orderbridge._http import Call, Response
from orderbridge._model import Money, PurchaseOrder, Secret
from orderbridge.adapters import Confirmed, LookUp, Past, Placement, Refused, Throttled, Unclear, Write
from orderbridge.auth import Token
from orderbridge.sandbox import BDroppySupplier
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.rewix import Model, Product
from orderbridge.suppliers.rewix import BDROPPY, BDroppyAdapter, BDroppySettings

ob.register(attrs.evolve(BDROPPY, name="fast-bdroppy", limits=lambda _: AT_ONCE))

EMAIL, PASSWORD = "merchant@shop.example", "bdroppy-pass"
SETTINGS = BDroppySettings(
    base_url="https://api.example", email=EMAIL, password=Secret(PASSWORD), user_catalog="c0ffee"
)
BDROPPY_ADAPTER = BDroppyAdapter(SETTINGS)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
LOGIN = "/api/auth/login"
CREATE = "/restful/ghost/orders/0/dropshipping"


def page(*models: tuple[int, str], pages: int = 1) -> Response:
    items = [
        {"id": 1, "name": "Bag", "models": [{"id": n, "bestTaxable": float(price), "currency": "EUR"}]}
        for n, price in models
    ]
    return answer(json.dumps({"items": items, "totalPages": pages}), media_type="application/json")


def created(*responses: Response, po: PurchaseOrder = PO) -> Write | Placement | Unclear:
    return drive(BDROPPY_ADAPTER.place(po, Past()), ABSENT, *responses)[0]


def sent(write: object) -> dict[str, str]:
    """The fields of the order and of its items, without the address."""
    assert isinstance(write, Write)
    (element,) = fromstring(write.request.body).findall("order_list/order")
    fields = {child.tag: child.text or "" for child in element if not len(child)}
    for item in element.iterfind("item_list/item"):
        fields |= {f"{child.tag}/{item.findtext('stock_id')}": child.text or "" for child in item}
    return fields | {"email": element.findtext("recipient_details/email") or ""}


# --- what an order says of money ----------------------------------------------------------------


def test_an_order_has_the_costs_of_its_links_and_the_catalog_is_not_read() -> None:
    first = attrs.evolve(line("1", "2"), cost=Money.of("39.90", "EUR"))
    second = attrs.evolve(line("2", "1", "L2"), cost=Money.of("5.5", "EUR"))
    fields = sent(created(po=attrs.evolve(PO, lines=(first, second))))
    assert {name: value for name, value in fields.items() if name not in ("key", "date")} == {
        "ref_id": "1001",
        "user_catalog_id": "c0ffee",
        "shipping_taxable": "0",
        "shipping_currency": "EUR",
        "price_total": "85.30",
        "price_currency": "EUR",
        "cash_on_delivery": "0",
        "stock_id/1": "1",
        "quantity/1": "2",
        "price_taxable/1": "39.90",
        "price_currency/1": "EUR",
        "stock_id/2": "2",
        "quantity/2": "1",
        "price_taxable/2": "5.5",
        "price_currency/2": "EUR",
        "email": "giulia@mail.example",
    }


def test_where_a_link_has_no_cost_all_prices_are_those_of_the_catalog() -> None:
    fields = sent(created(page((1, "3"), pages=2), page((234225, "41.5"), pages=2)))
    assert (fields["price_taxable/234225"], fields["price_total"]) == ("41.5", "41.5")


def test_an_order_whose_price_nobody_knows_is_for_a_person_and_is_not_sent() -> None:
    result = created(page((1, "3")))
    assert isinstance(result, Unclear)
    assert "234225" in result.evidence
    zero = created(page((234225, "0")))
    assert isinstance(zero, Unclear)


def test_costs_in_two_currencies_are_for_a_person() -> None:
    first = attrs.evolve(line("1"), cost=Money.of("1", "EUR"))
    second = attrs.evolve(line("2", ref="L2"), cost=Money.of("1", "USD"))
    assert isinstance(created(po=attrs.evolve(PO, lines=(first, second))), Unclear)


def test_an_order_that_is_there_is_taken_without_a_look_at_prices() -> None:
    result, _ = drive(BDROPPY_ADAPTER.place(PO, Past()), orders(order()))
    assert isinstance(result, Placement)


# --- signing in ---------------------------------------------------------------------------------


def renewed(*responses: Response, settings: BDroppySettings = SETTINGS) -> Token:
    return drive(BDROPPY.auth(settings).refresh(None, now=NOW), *responses)[0]


def test_the_login_gives_a_token_that_every_call_carries() -> None:
    auth = BDROPPY.auth(SETTINGS)
    token, reads = drive(auth.refresh(None, now=NOW), answer('{"token": "t-1", "user": {}}'))
    assert (reads[0].method, reads[0].path) == ("POST", LOGIN)
    assert json.loads(reads[0].body) == {"email": EMAIL, "password": PASSWORD}
    signed = auth.sign(Call("GET", "https://api.example/x"), now=NOW, nonce="n", token=token)
    assert signed.headers["authorization"] == "Bearer t-1"
    assert auth.expired(answer("", 401))
    assert not auth.expired(answer("", 500))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer('{"message": "wrong"}', 401), errors.Unauthorized),
        (answer("", 400), errors.Unauthorized),
        (answer("", 403), errors.Unauthorized),
        (web_page(404), errors.Unauthorized),
        (web_page(503), errors.Unavailable),
        (web_page(200), errors.Malformed),
        (answer("{}"), errors.Malformed),
        (answer('{"token": " "}'), errors.Malformed),
        (answer('{"token": 5, "password": "bdroppy-pass"}'), errors.Malformed),
    ],
)
def test_a_login_that_fails_says_why_and_repeats_nothing_secret(
    response: Response, error: type[errors.BridgeError]
) -> None:
    with pytest.raises(error) as caught:
        renewed(response)
    assert PASSWORD not in str(caught.value)
    assert EMAIL not in str(caught.value)


def test_a_token_that_has_ended_is_no_refusal_of_the_order() -> None:
    write = Write("create", ob.adapters.Request("POST", CREATE), unknown=LookUp())
    assert isinstance(BDROPPY_ADAPTER.judge(write, answer("", 401)), Throttled)
    assert isinstance(BDROPPY_ADAPTER.judge(write, answer("no", 412)), Refused)
    assert BDROPPY_ADAPTER.judge(write, cart(_1="1")) == Confirmed()


def test_no_secret_shows_in_settings_or_login() -> None:
    shown = f"{SETTINGS!r} {BDROPPY.auth(SETTINGS)!r} {BDROPPY_ADAPTER!r}"
    assert EMAIL not in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("name", ["email", "user_catalog"])
def test_a_setting_that_is_empty_is_named(name: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=name):
        attrs.evolve(SETTINGS, **{name: " "})


# --- probing ------------------------------------------------------------------------------------


def probed(catalogs: Response) -> ob.adapters.Access:
    return drive(BDROPPY_ADAPTER.probe(), cart(), ABSENT, catalogs)[0]


def test_the_probe_says_which_catalogs_there_are_if_there_is_none_of_this_id() -> None:
    known = answer('[{"_id": "c0ffee", "name": "Mine"}, {"_id": "bead", "name": "Bags"}]')
    assert all(finding.ok for finding in probed(known).findings)
    other = probed(answer('[{"_id": "bead", "name": "Bags"}]')).findings[1]
    assert not other.ok
    assert "bead (Bags)" in other.fix
    assert len(probed(answer("", 404)).findings) == 1


def test_the_identity_is_the_login_however_it_is_written() -> None:
    known = answer('[{"_id": "c0ffee"}]')
    upper = BDroppyAdapter(attrs.evolve(SETTINGS, email=EMAIL.upper(), password=Secret("new")))
    assert probed(known).identity == drive(upper.probe(), cart(), ABSENT, known)[0].identity
    assert EMAIL not in probed(known).identity


# --- the catalog --------------------------------------------------------------------------------


def test_the_catalog_comes_page_by_page_and_what_is_broken_is_told_at_the_end() -> None:
    broken = answer('{"items": [{"models": 1}, {"models": [{"id": 7}]}], "totalPages": 2}')
    first, reads = drive(BDROPPY_ADAPTER.products(None), broken)
    assert [product.remote_id for product in first.items] == ["7"]
    assert dict(reads[0].params)["user_catalog"] == "c0ffee"
    second, reads = drive(BDROPPY_ADAPTER.products(first.cursor), page((8, "1"), pages=2))
    assert dict(reads[0].params)["page"] == "2"
    assert [product.remote_id for product in second.items] == ["8"]
    with pytest.raises(errors.Malformed, match="models"):
        drive(BDROPPY_ADAPTER.products(second.cursor))


def test_a_catalog_of_one_page_ends_there() -> None:
    assert drive(BDROPPY_ADAPTER.products(None), page((8, "1")))[0].cursor is None


# --- a bridge and the simulated BDroppy ---------------------------------------------------------


@attrs.define
class AtBDroppy:
    sides: Sides
    supplier: BDroppySupplier
    seen: Watched
    account: ob.Account
    faults: list[Fault]

    def bridge(self, **changes: Any) -> ob.Bridge:
        rules = (ob.SkuPrefix(prefix="RW-", supplier="bdroppy"),)
        return self.sides.bridge(suppliers=[self.account], rules=rules, policy=AUTOMATIC, **changes)


@pytest.fixture
def at_bdroppy() -> Iterator[AtBDroppy]:
    supplier = BDroppySupplier(
        email=EMAIL,
        password=PASSWORD,
        stock={"100": 50, "101": 50},
        prices={"100": Decimal("4.00"), "101": Decimal("7.50")},
        products=[
            Product(id=n, code="C", name=f"Product {n}", models=[Model(id=f"9{n:03}", code="C")])
            for n in range(220)
        ],
    )
    with Sides() as sides:
        seen, faults = Watched(supplier), list[Fault]()
        url = sides.serve(seen, lambda call: faults.pop() if faults and CREATE in call.url else None)
        settings = {
            "base_url": url,
            "email": EMAIL,
            "password": PASSWORD,
            "user_catalog": next(iter(supplier.user_catalogs)),
        }
        account = ob.supplier("bdroppy", platform="fast-bdroppy", settings=settings)
        yield AtBDroppy(sides, supplier, seen, account, faults)


def test_an_order_goes_its_whole_way_with_one_login(at_bdroppy: AtBDroppy) -> None:
    sides = at_bdroppy.sides
    bridge = at_bdroppy.bridge()
    order_id = sides.sell({"RW-100": 2, "RW-101": 1})
    sides.live(bridge)
    (placed,) = at_bdroppy.supplier.orders
    assert placed.items == {"100": 2, "101": 1}
    assert placed.extra["price_total"] == "15.5"
    (number,) = sides.dispatch(at_bdroppy.supplier)
    sides.live(bridge, 3)
    assert sides.shown(order_id) == [number]
    assert at_bdroppy.seen.count("POST", LOGIN) == 1


def test_a_token_that_ends_is_renewed_and_no_order_is_lost_or_made_twice(at_bdroppy: AtBDroppy) -> None:
    sides = at_bdroppy.sides
    bridge = at_bdroppy.bridge()
    for units in (1, 2, 3):
        sides.sell({"RW-100": units})
        at_bdroppy.supplier.forget_tokens()
        sides.live(bridge)
    assert sides.ordered(at_bdroppy.supplier) == [{"100": 1}, {"100": 2}, {"100": 3}]
    assert not bridge.reviews()


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.ERROR_AFTER, Fault.DOUBLED, Fault.CUT])
def test_a_lost_answer_is_looked_up_and_the_order_stands_once(at_bdroppy: AtBDroppy, fault: Fault) -> None:
    sides = at_bdroppy.sides
    at_bdroppy.faults.append(fault)
    bridge = at_bdroppy.bridge()
    order_id = sides.sell({"RW-100": 2})
    sides.live(bridge, 3)
    assert sides.ordered(at_bdroppy.supplier) == [{"100": 2}]
    assert only_purchase(bridge, order_id).fulfillment is ob.Fulfillment.PLACED
    assert not bridge.reviews()


def test_a_used_key_is_looked_up_and_never_placed_under_another(shared: Path) -> None:
    recorded = (shared / "payloads/rewix/docs_samples/bdroppy_duplicate_key.400.json").read_text()
    write = created(page((234225, "3")))
    assert isinstance(write, Write)
    verdict = BDROPPY_ADAPTER.judge(write, answer(recorded, 400, "application/json"))
    assert verdict == ob.adapters.Unknown("order_already_exists")
    assert isinstance(write.unknown, LookUp)


def test_all_pages_of_the_catalog_are_listed_each_once(at_bdroppy: AtBDroppy) -> None:
    bridge = at_bdroppy.bridge()
    found: list[str] = []
    cursor: str | None = None
    pages = 0
    while pages == 0 or cursor is not None:
        listed = bridge.products("bdroppy", cursor=cursor)
        found += [product.remote_id for product in listed.items]
        cursor, pages = listed.cursor, pages + 1
    assert pages == 3
    assert sorted(found) == sorted({"100", "101", *(f"9{n:03}" for n in range(220))})
