"""Alibaba.com's words for how far an order is, in the bridge: where each takes a purchase order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

import orderbridge as ob
from both_sides import AT_ONCE, Sides, codes, only_purchase
from in_alibaba import BUYER, MUG_RED
from orderbridge import Fulfillment, Payment
from orderbridge.sandbox import AlibabaSupplier
from orderbridge.suppliers import alibaba

STATES = Path(__file__).parents[1].parent / "shared/states.json"
WORDS: dict[str, tuple[str | None, str | None]] = (
    json.loads(STATES.read_text())["map"]["alibaba"] if STATES.is_file() else {}
)
F, P = Fulfillment, Payment
POLICY = ob.Policy(place=ob.Who.AUTOMATIC, pull_every=timedelta(hours=12), follow_every=timedelta(minutes=10))

pytestmark = pytest.mark.skipif(not WORDS, reason="the table of all words lies elsewhere")
each_word = pytest.mark.parametrize("word", WORDS)

ob.register(attrs.evolve(alibaba.PLATFORM, name="words-alibaba", limits=lambda _: AT_ONCE))


@attrs.define
class Desk:
    """One order, placed at Alibaba.com and not paid."""

    sides: Sides
    shop: AlibabaSupplier
    bridge: ob.Bridge
    order_id: str

    @property
    def record(self) -> ob.PurchaseRecord:
        return only_purchase(self.bridge, self.order_id)

    def say(self, word: str) -> ob.PurchaseRecord:
        """The order stands at this word from now on, and the bridge gets to hear of it."""
        self.sides.clock.sleep(60)
        parcels = {"delivering": "DELIVERING", "wait_confirm_receipt": "DELIVERED"}.get(word.lower())
        self.shop.say(self.record.po.supplier_ref, word, logistic=parcels, now=self.sides.now())
        self.sides.live(self.bridge, 4)
        return self.record

    def kinds(self) -> list[str]:
        return [event.kind for event in self.bridge.history(self.order_id)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Sides() as sides:
        shop = AlibabaSupplier()
        settings = {
            "base_url": f"{sides.serve(shop)}/rest",
            "app_key": shop.keys.app_key,
            "app_secret": shop.keys.app_secret,
            "refresh_token": shop.keys.refresh_token,
        }
        account = ob.supplier("words", platform="words-alibaba", settings=settings)
        rules = (ob.SkuPrefix(prefix="RW-", supplier="words"),)
        bridge = sides.bridge(suppliers=[account], rules=rules, policy=POLICY, buyer=BUYER)
        order_id = sides.sell({f"RW-{MUG_RED}": 2})
        sides.live(bridge)
        desk = Desk(sides, shop, bridge, order_id)
        assert (desk.record.fulfillment, desk.record.payment) == (F.PLACED, P.UNPAID)
        yield desk


@each_word
def test_each_word_takes_a_placed_order_to_where_it_says(desk: Desk, word: str) -> None:
    """Words about money alone leave the goods where they are, and the other way round."""
    fulfillment, payment = WORDS[word]
    record = desk.say(word)
    assert record.raw_status == word
    assert record.fulfillment is (F[fulfillment] if fulfillment else F.PLACED)
    assert record.payment is (P[payment] if payment else P.UNPAID)
    canceled = [ob.ReviewCode.CANCELED_BY_SUPPLIER.value] if record.fulfillment is F.CANCELED else []
    assert codes(desk.bridge) == canceled
    assert not fulfillment or "UnknownStatus" not in desk.kinds()


@pytest.mark.parametrize("word", [word for word, (fulfillment, _) in WORDS.items() if not fulfillment])
def test_a_word_about_money_alone_is_a_known_one(desk: Desk, word: str) -> None:
    desk.say(word)
    assert "UnknownStatus" not in desk.kinds()


@each_word
def test_upper_case_says_the_same(desk: Desk, word: str) -> None:
    said = desk.say(word.upper())
    fulfillment, _ = WORDS[word]
    assert said.fulfillment is (F[fulfillment] if fulfillment else F.PLACED)


def test_a_whole_life_walks_through_its_words_and_never_back(desk: Desk) -> None:
    """Step by step; a word of an earlier time, from a server that lags, moves nothing."""
    walk = ["paying", "paid", "captured", "undeliver", "wait_seller_send", "delivering"]
    walk += ["wait_confirm_receipt", "trade_success"]
    states: list[Fulfillment] = []
    for word in walk:
        states.append(desk.say(word).fulfillment)
    ranks = [F[WORDS[word][0] or ""] for word in walk]
    assert states == ranks
    assert desk.record.payment is P.PAID
    assert desk.say("undeliver").fulfillment is F.COMPLETED


def test_a_closed_order_that_has_left_is_for_a_person(desk: Desk) -> None:
    desk.say("paid")
    desk.say("delivering")
    record = desk.say("trade_close")
    assert record.fulfillment is F.SHIPPED
    assert ob.ReviewCode.CONTRADICTORY_STATUS.value in codes(desk.bridge)


@pytest.mark.parametrize("word", ["wait_customs", "  ", "PAID_BY_FRIEND", "trade_success2"])
def test_a_word_that_nobody_knows_changes_nothing_and_is_seen(desk: Desk, word: str) -> None:
    """Neither the goods nor the money; what comes after it is understood again."""
    desk.say("paid")
    before = desk.record
    record = desk.say(word)
    assert (record.fulfillment, record.payment) == (before.fulfillment, before.payment)
    if word.strip():
        assert record.raw_status == word
        assert desk.kinds().count("UnknownStatus") == 1
    assert desk.say("undeliver").fulfillment is F.PREPARING
