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
    assert "another --key" in again
    site.run("place", child["po"]["id"])
    site.run("ship", child["po"]["id"], "--carrier", "DHL", "--number", "T2")
    assert shown(site) == ["T1"]
    notes = site.shop.notes(int(site.order.partition("/")[2]))
    assert any("One more parcel: DHL T2" in str(note["note"]) for note in notes)
    (case,) = site.json("case", "list", "--all")
    assert (case["kind"], case["state"], case["child"]) == ("RESEND", "RESOLVED", child["po"]["id"])


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
