"""The commands for cases and goods sent once more, and what ``reviews`` says to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from test_cli import Site
from test_cli_people import po_id, shown, site

__all__ = ["po_id", "site"]


@pytest.fixture
def left(site: Site, po_id: str) -> str:
    """The warehouse's purchase order, shipped."""
    site.run("ship", po_id, "--carrier", "DHL", "--number", "T1")
    return po_id


def test_a_case_is_opened_moved_and_listed(site: Site, left: str) -> None:
    words = ("case", "open", left, "--kind", "refund", "--line", "BAG=1", "--amount", "12.50 EUR")
    words = (*words, "--reason", "torn", "--evidence", "https://pictures.example/1")
    case = site.json(*[word.replace("BAG=1", f"{_bag(site, left)}=1") for word in words])
    assert (case["id"], case["state"], case["amount"]) == (f"{left}/case/1", "REQUESTED", "12.50")
    assert "torn" in site.run("case", "list")
    assert site.json("case", "move", case["id"], "approved", "--word", "they will")["word"] == "they will"
    assert "cannot be DENIED" in site.run("case", "move", case["id"], "DENIED", code=2)
    assert "RESOLVED" in site.run("case", "move", case["id"], "RESOLVED")
    assert site.json("case", "list") == []
    assert "No case is open" in site.run("case", "list", left)
    assert [each["state"] for each in site.json("case", "list", "--all", "--kind", "REFUND")] == ["RESOLVED"]


@pytest.mark.parametrize("amount", ["12.50", "much", "EUR 12"])
def test_an_amount_that_is_none_is_refused(site: Site, left: str, amount: str) -> None:
    said = site.run("case", "open", left, "--kind", "REFUND", "--amount", amount, code=2)
    assert "12.50 EUR" in said


def test_goods_are_sent_once_more_and_the_shop_shows_the_parcel(site: Site, left: str) -> None:
    child = site.json("resend", left, "--line", f"{_bag(site, left)}=2", "--reason", "lost")
    assert (child["resend_of"], child["fulfillment"]) == (left, "TO_ORDER")
    assert site.json("resend", left, "--line", f"{_bag(site, left)}=2")["po"]["id"] == child["po"]["id"]
    again = site.run("resend", left, "--line", f"{_bag(site, left)}=2")
    assert child["po"]["id"] in again
    assert "asked for already on" in again
    assert "Give --key another-resend" in again
    assert "asked for already on" in site.run("resend", left, "--line", f"{_bag(site, left)}=2", "--dry-run")
    assert "(--key)" in site.run("resend", left, "--reason", "another bag was lost", code=2)
    site.run("place", child["po"]["id"])
    site.run("ship", child["po"]["id"], "--carrier", "DHL", "--number", "T2")
    assert shown(site) == ["T1"]
    notes = site.shop.notes(int(site.order.partition("/")[2]))
    assert any("One more parcel: DHL T2" in str(note["note"]) for note in notes)
    (case,) = site.json("case", "list", "--all")
    assert (case["kind"], case["state"], case["child"]) == ("RESEND", "RESOLVED", child["po"]["id"])


def test_an_amount_that_no_coin_makes_is_refused_and_another_currency_is_said(site: Site, left: str) -> None:
    case = ("case", "open", left, "--kind", "REFUND", "--dry-run", "--amount")
    assert "no such small change" in site.run(*case, "5.555 EUR", code=2)
    assert "the shopper's order in EUR" in site.run(*case, "99999 JPY")
    assert "order in" not in site.run(*case, "5.55 EUR")
    refund = ("refund", site.order, "--key", "r", "--dry-run", "--amount")
    assert "no such small change" in site.run(*refund, "5.555 EUR", code=2)
    assert "LINE=UNITS" in site.run(*refund, "5.55 EUR", "--line", "3=x", code=2)


def test_an_order_of_which_something_left_says_why_its_shop_does_not_cancel_it(site: Site, left: str) -> None:
    assert f"What left of {left} stands in the shop" in site.run("cancel", site.order, "--dry-run")
    assert "its status is completed" in site.run("cancel", site.order, code=4)


def test_reviews_say_what_to_do(site: Site, po_id: str) -> None:
    ref = int(site.order.partition("/")[2])
    site.shop.put_status(ref, "cancelled", datetime.now(UTC))
    site.run("pull")
    (review,) = site.json("reviews", code=4)
    assert review["code"] == "CANCELED_AFTER_PLACING"
    assert "`cancel` it at the supplier" in review["hint"]
    assert "What to do" in site.run("reviews", code=4)


def _bag(site: Site, po_id: str) -> str:
    order = site.json("show", po_id.rsplit("/", 2)[0])
    (record,) = [each for each in order["purchases"] if each["po"]["id"] == po_id]
    return str(next(line["remote_id"] for line in record["po"]["lines"] if line["sku"] == "D-BAG"))
