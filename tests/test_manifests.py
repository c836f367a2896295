"""Manifests: gathered for one courier over several shops and warehouses, printed, handed over, told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import orderbridge as ob
from both_sides import START, Plan, Sides, Watched
from orderbridge import Fulfillment, Package, Shipment, ShipmentLine, SkuPrefix, Telling
from orderbridge._clockwork import Clockwork
from orderbridge._manifest_paper import Parcels, paper
from orderbridge._saga import Effect
from orderbridge.errors import ConfigurationError, CourierMismatch, Unsupported
from orderbridge.sandbox import PrestaShopShop
from orderbridge.sandbox.faults import Fault
from orderbridge.sandbox.prestashop import DEPARTURES, MINIMUM, Item

RULES = (
    SkuPrefix(prefix="A-", supplier="depot"),
    SkuPrefix(prefix="B-", supplier="annex"),
    SkuPrefix(prefix="RW-", supplier="rewix"),
    SkuPrefix(prefix="HUB-", supplier="syncee"),
)


class TwoShops(Sides):
    """A WooCommerce called shop, a PrestaShop called boutique, and two warehouses that people move."""

    def __init__(self, clock: Clockwork | None = None) -> None:
        super().__init__(clock=clock)
        self.boutique = PrestaShopShop()
        self.at_boutique, self.boutique_plan = Watched(self.boutique), Plan()
        self.boutique_url = self.serve(self.at_boutique, self.boutique_plan)

    def parts(self, **changes: Any) -> dict[str, Any]:
        keys = {"base_url": self.boutique_url, "key": self.boutique.key}
        warehouses = {"depot": "Main warehouse", "annex": "Second warehouse"}
        offline = [
            ob.supplier(name, platform="offline", settings={"title": title})
            for name, title in warehouses.items()
        ]
        hub = ob.supplier("syncee", platform="hub", settings={"title": "Syncee"})
        boutique = ob.store("boutique", platform="fast-prestashop", settings=keys)
        return super().parts(
            **{
                "stores": [self.store(), boutique],
                "suppliers": [*offline, hub, self.supplier()],
                "rules": RULES,
                **changes,
            }
        )

    def sell_there(self, basket: dict[str, int]) -> str:
        lines = [Item(reference=sku, quantity=units) for sku, units in basket.items()]
        return f"boutique/{self.boutique.place_order(lines, now=self.now())}"

    def shown_there(self, order_id: str) -> list[str]:
        parcels = self.boutique.parcels(int(order_id.partition("/")[2]))
        return [parcel["tracking_number"] for parcel in parcels if parcel["tracking_number"]]

    def numbers(self, order_id: str) -> list[str]:
        return self.shown_there(order_id) if order_id.startswith("boutique/") else self.shown(order_id)

    def mails(self, order_id: str) -> int:
        if not order_id.startswith("boutique/"):
            return self.departure_mails(order_id)
        ref = int(order_id.partition("/")[2])
        return sum(mail.order_id == ref and mail.template in DEPARTURES for mail in self.boutique.mails)

    def refuse(self) -> None:
        """The boutique's key may write nothing about departures."""
        closed = dict.fromkeys(("order_carriers", "order_histories"), ("GET",))
        self.boutique.permissions = {**MINIMUM, **closed}

    def allow(self) -> None:
        self.boutique.permissions = MINIMUM


@pytest.fixture
def sides() -> Iterator[TwoShops]:
    with TwoShops() as both:
        yield both


def po(order_id: str, supplier: str = "depot") -> str:
    return f"{order_id}/{supplier}/1"


def parcel(number: str, carrier: str = "", lines: dict[str, int] | None = None, ref: str = "") -> Shipment:
    return Shipment(
        ref=ref or number,
        packages=(Package(tracking_number=number, carrier=carrier),),
        lines=None
        if lines is None
        else tuple(ShipmentLine(remote_id=key, quantity=Decimal(units)) for key, units in lines.items()),
    )


def state(bridge: ob.Bridge, po_id: str) -> Fulfillment:
    view = bridge.order(po_id.rsplit("/", 2)[0])
    assert view is not None
    (found,) = [record.fulfillment for record in view.purchases if record.po.id == po_id]
    return found


def packed(sides: TwoShops, **changes: Any) -> tuple[ob.Bridge, int, str, str]:
    """An order in each shop, both placed at the depot and packed for DHL."""
    here, there = sides.sell({"A-1": 2}), sides.sell_there({"A-2": 1})
    bridge = sides.bridge(**changes)
    bridge.run_once()
    manifest = bridge.open_manifest("DHL")
    bridge.pack(manifest.id, po(here), parcel("JD1"))
    bridge.pack(manifest.id, po(there), parcel("JD2"))
    return bridge, manifest.id, here, there


def tellings(report: ob.ManifestReport) -> dict[str, Telling]:
    return {each.purchase_order: each.telling for each in report.departures}


# --- the whole way ------------------------------------------------------------------------------------


def test_what_is_packed_is_ready_and_no_shop_hears_of_it(sides: TwoShops) -> None:
    bridge, manifest, here, there = packed(sides)
    sides.live(bridge, 30)
    assert [state(bridge, po(each)) for each in (here, there)] == [Fulfillment.READY] * 2
    assert set(tellings(bridge.manifest(manifest)).values()) == {Telling.PACKED}
    assert [sides.numbers(each) for each in (here, there)] == [[], []]
    assert [sides.mails(each) for each in (here, there)] == [0, 0]


def test_shipping_a_manifest_tells_each_shop_once_however_often_it_is_shipped(sides: TwoShops) -> None:
    bridge, manifest, here, there = packed(sides)
    report = bridge.ship_manifest(manifest)
    assert tellings(report) == {po(here): Telling.TOLD, po(there): Telling.TOLD}
    assert len(report.told) == 2
    assert report.manifest.state is ob.ManifestState.SHIPPED
    assert report.manifest.shipped_at is not None
    first = report.manifest.shipped_at
    again = bridge.ship_manifest(manifest)
    assert again.manifest.shipped_at == first
    sides.live(bridge, 30)
    assert [sides.numbers(each) for each in (here, there)] == [["JD1"], ["JD2"]]
    assert [sides.mails(each) for each in (here, there)] == [1, 1]
    assert [state(bridge, po(each)) for each in (here, there)] == [Fulfillment.SHIPPED] * 2
    assert bridge.reviews() == ()


def test_only_what_a_shop_refused_is_repeated(sides: TwoShops) -> None:
    bridge, manifest, here, there = packed(sides)
    sides.refuse()
    report = bridge.ship_manifest(manifest)
    assert tellings(report) == {po(here): Telling.TOLD, po(there): Telling.REFUSED}
    (refused,) = report.refused
    assert refused.store == "boutique"
    assert "boutique" in refused.why
    assert refused.review == bridge.reviews()[0].id
    # As long as the shop says no, it stays a question, and the other shop is left in peace.
    calls = len(sides.at_shop.calls)
    assert len(bridge.repeat_manifest(manifest).refused) == 1
    sides.allow()
    after = bridge.repeat_manifest(manifest)
    assert set(tellings(after).values()) == {Telling.TOLD}
    assert len(sides.at_shop.calls) == calls
    assert bridge.repeat_manifest(manifest) == after
    assert [sides.numbers(each) for each in (here, there)] == [["JD1"], ["JD2"]]
    assert [sides.mails(each) for each in (here, there)] == [1, 1]


@pytest.mark.parametrize("later", [0, 300], ids=["seen just now", "seen a while ago"])
def test_a_shop_that_does_not_answer_is_left_alone_and_told_later(sides: TwoShops, later: int) -> None:
    bridge, manifest, here, there = packed(sides)
    sides.clock.sleep(later)
    met: list[Fault] = []

    def down() -> Fault:
        met.append(Fault.ERROR_BEFORE)
        return met[-1]

    sides.boutique_plan._rules.append(("GET", "/api/", down))
    report = bridge.ship_manifest(manifest)
    assert 0 < len(met) <= 8
    sides.boutique_plan._rules.clear()
    assert tellings(report)[po(here)] is Telling.TOLD
    (waiting,) = report.waiting
    assert waiting.purchase_order == po(there)
    assert "503" in waiting.why
    sides.live(bridge, 30)
    assert len(bridge.manifest(manifest).told) == 2
    assert sides.mails(there) == 1


def test_what_a_person_let_be_is_not_repeated(sides: TwoShops) -> None:
    bridge, manifest, _, there = packed(sides)
    sides.refuse()
    (refused,) = bridge.ship_manifest(manifest).refused
    assert refused.review is not None
    bridge.resolve(refused.review, "ignore")
    sides.allow()
    (still,) = bridge.repeat_manifest(manifest).refused
    assert (still.review, "let it be" in still.why) == (None, True)
    assert sides.numbers(there) == []


# --- what is inside -----------------------------------------------------------------------------------


def test_an_order_of_two_warehouses_leaves_in_parts_with_two_couriers(sides: TwoShops) -> None:
    order_id = sides.sell({"A-1": 3, "B-9": 1})
    bridge = sides.bridge()
    sides.live(bridge)
    dhl, gls = bridge.open_manifest("DHL"), bridge.open_manifest("GLS")
    bridge.pack(dhl.id, po(order_id), parcel("JD1", lines={"1": 2}))
    bridge.pack(gls.id, po(order_id), parcel("GL1"))
    bridge.pack(gls.id, po(order_id, "annex"), parcel("GL2", carrier="General Logistics Systems"))
    assert [each.shipment.lines for each in bridge.manifest(gls.id).manifest.departures] == [
        (ShipmentLine(remote_id="9", quantity=Decimal(1)),),
        (ShipmentLine(remote_id="1", quantity=Decimal(1)),),
    ]
    bridge.ship_manifest(dhl.id)
    assert state(bridge, po(order_id)) is Fulfillment.PART_SHIPPED
    assert state(bridge, po(order_id, "annex")) is Fulfillment.READY
    assert sides.numbers(order_id) == ["JD1"]
    assert len(bridge.ship_manifest(gls.id).told) == 2
    assert {state(bridge, po(order_id, name)) for name in ("depot", "annex")} == {Fulfillment.SHIPPED}
    assert sorted(sides.numbers(order_id)) == ["GL1", "GL2", "JD1"]
    units = sum((line.units for n in notices(bridge, order_id) for line in n.notice.lines), Decimal(0))
    assert units == 4


def notices(bridge: ob.Bridge, order_id: str) -> tuple[ob.NoticeRecord, ...]:
    view = bridge.order(order_id)
    assert view is not None
    return view.notices


def test_parts_of_a_kit_in_two_manifests_are_told_with_the_last_of_them(sides: TwoShops) -> None:
    order_id = sides.sell({"A-1": 1})
    bridge = sides.bridge(rules=())
    sides.live(bridge)
    view = bridge.order(order_id)
    assert view is not None
    key = view.record.order.lines[0].link_key
    kit = ("frame", "lamp")
    bridge.link(*(ob.ProductLink(store="shop", key=key, supplier="depot", remote_id=part) for part in kit))
    sides.live(bridge)
    first, second = bridge.open_manifest("DHL"), bridge.open_manifest("GLS")
    bridge.pack(second.id, po(order_id), parcel("GL1", lines={"lamp": 1}))
    bridge.pack(first.id, po(order_id), parcel("JD1", lines={"frame": 1}))
    (waiting,) = bridge.ship_manifest(first.id).waiting
    assert "kit" in waiting.why
    assert sides.numbers(order_id) == []
    assert len(bridge.ship_manifest(second.id).told) == 1
    assert len(bridge.manifest(first.id).told) == 1
    assert sorted(", ".join(sides.numbers(order_id)).split(", ")) == ["GL1", "JD1"]


def test_what_is_packed_cannot_leave_another_way_as_well(sides: TwoShops) -> None:
    order_id = sides.sell({"A-1": 3})
    bridge = sides.bridge()
    sides.live(bridge)
    manifest, other = bridge.open_manifest("DHL"), bridge.open_manifest("DHL")
    bridge.pack(manifest.id, po(order_id), parcel("JD1", lines={"1": 2}))
    with pytest.raises(ConfigurationError, match=f"is in manifest {manifest.id}"):
        bridge.ship(po(order_id), parcel("JD1"))
    with pytest.raises(ConfigurationError, match=f"is in manifest {manifest.id}"):
        bridge.pack(other.id, po(order_id), parcel("JD1"))
    with pytest.raises(ConfigurationError, match="2 units came; 1 are still to leave"):
        bridge.ship(po(order_id), parcel("JD2", lines={"1": 2}))
    # "All of it" is all that nobody has packed.
    assert bridge.ship(po(order_id), parcel("JD2")).fulfillment is Fulfillment.PART_SHIPPED
    with pytest.raises(ConfigurationError, match=f"or is in manifest {manifest.id}"):
        bridge.pack(other.id, po(order_id), parcel("JD3"))
    bridge.ship_manifest(manifest.id)
    assert state(bridge, po(order_id)) is Fulfillment.SHIPPED
    # Told in one moment, so in no order.
    assert sorted([line.units for line in n.notice.lines] for n in notices(bridge, order_id)) == [[1], [2]]
    with pytest.raises(ConfigurationError, match="left already"):
        bridge.pack(other.id, po(order_id), parcel("JD1"))


def test_units_that_stand_twice_in_one_departure_are_no_way_around_the_count(sides: TwoShops) -> None:
    order_id = sides.sell({"A-1": 3})
    bridge = sides.bridge()
    sides.live(bridge)
    manifest = bridge.open_manifest("DHL")
    twice = Shipment(ref="1", lines=(ShipmentLine(remote_id="1", quantity=Decimal(2)),) * 2)
    with pytest.raises(ConfigurationError, match="stands twice"):
        bridge.pack(manifest.id, po(order_id), twice)
    with pytest.raises(ConfigurationError, match="stands twice"):
        bridge.ship(po(order_id), twice)


def test_the_same_ref_packed_again_puts_it_right_and_unpacking_frees_it(sides: TwoShops) -> None:
    bridge, manifest, here, there = packed(sides)
    bridge.pack(manifest, po(here), parcel("RIGHT", ref="JD1"))
    assert len(bridge.manifest(manifest).departures) == 2
    after = bridge.unpack(manifest, po(there))
    assert [each.purchase_order for each in after.departures] == [po(here)]
    with pytest.raises(ConfigurationError, match="holds no"):
        bridge.unpack(manifest, po(there))
    bridge.ship_manifest(manifest)
    assert sides.numbers(here) == ["RIGHT"]
    assert sides.numbers(there) == []
    assert bridge.ship(po(there), parcel("JD9")).fulfillment is Fulfillment.SHIPPED
    # A number corrected after the manifest has shipped is corrected in the shop.
    bridge.ship(po(here), parcel("LATER", ref="JD1"))
    sides.live(bridge)
    assert sides.numbers(here) == ["LATER"]


def test_a_parcel_of_another_courier_is_an_error_that_names_both(sides: TwoShops) -> None:
    bridge, manifest, here, _ = packed(sides)
    with pytest.raises(CourierMismatch, match=rf"goes with UPS, and manifest {manifest} is for DHL"):
        bridge.pack(manifest, po(here), parcel("1Z", carrier="UPS", ref="JD1"))
    # Nothing has changed by it, and another name of the same courier is no other courier.
    assert bridge.manifest(manifest).manifest.departures[1].shipment.packages[0].tracking_number == "JD1"
    bridge.pack(manifest, po(here), parcel("JD1", carrier="dhl express"))


@pytest.mark.parametrize("by", ["shop", "supplier"])
def test_what_is_canceled_meanwhile_is_said_and_left_out_and_no_shop_is_told(
    sides: TwoShops, by: str
) -> None:
    bridge, manifest, here, there = packed(sides)
    if by == "shop":
        # Nobody has pulled since: the shop is asked when the courier comes.
        sides.clock.sleep(300)
        sides.shop.put_status(int(here.partition("/")[2]), "cancelled", sides.now())
    else:
        bridge.observe(po(here), fulfillment=Fulfillment.CANCELED)
        assert tellings(bridge.manifest(manifest))[po(here)] is Telling.LEFT_OUT
    report = bridge.ship_manifest(manifest)
    assert tellings(report) == {po(here): Telling.LEFT_OUT, po(there): Telling.TOLD}
    (out,) = report.only(Telling.LEFT_OUT)
    assert "cancel" in out.why.casefold()
    assert "Not handed over" in bridge.print_manifest(manifest).body.decode()
    sides.live(bridge, 30)
    assert sides.numbers(here) == []
    assert notices(bridge, here) == ()
    assert "LeftOut" in [event.kind for event in bridge.history(here)]
    fresh = bridge.open_manifest("DHL")
    with pytest.raises(ConfigurationError, match=r"cancel|CANCEL"):
        bridge.pack(fresh.id, po(here), parcel("JD1"))


def test_a_manifest_that_has_shipped_never_changes(sides: TwoShops) -> None:
    bridge, manifest, here, _ = packed(sides)
    bridge.ship_manifest(manifest)
    for act in (
        lambda: bridge.pack(manifest, po(here), parcel("JD5")),
        lambda: bridge.unpack(manifest, po(here)),
    ):
        with pytest.raises(ConfigurationError, match="has shipped"):
            act()


def test_what_makes_no_sense_is_refused_in_words(sides: TwoShops) -> None:
    order_id = sides.sell({"A-1": 1, "RW-100": 1, "HUB-1": 1})
    bridge = sides.bridge(policy=ob.Policy())
    sides.live(bridge)
    manifest = bridge.open_manifest("  DHL   Express ")
    assert manifest.courier == "DHL Express"
    with pytest.raises(ConfigurationError, match="nothing is packed"):
        bridge.ship_manifest(manifest.id)
    with pytest.raises(ConfigurationError, match="place it first"):
        bridge.pack(manifest.id, po(order_id), parcel("JD1"))
    bridge.place(po(order_id))
    with pytest.raises(ConfigurationError, match="there is no 99"):
        bridge.pack(99, po(order_id), parcel("JD1"))
    with pytest.raises(ConfigurationError, match="there is no 'shop/0/depot/1'"):
        bridge.pack(manifest.id, "shop/0/depot/1", parcel("JD1"))
    with pytest.raises(ConfigurationError, match="give it a ref"):
        bridge.pack(manifest.id, po(order_id), Shipment(ref=""))
    with pytest.raises(ConfigurationError, match="9 units came"):
        bridge.pack(manifest.id, po(order_id), parcel("JD1", lines={"1": 9}))
    for supplier in ("rewix", "syncee"):
        with pytest.raises(Unsupported):
            bridge.pack(manifest.id, po(order_id, supplier), parcel("JD1"))
    for act in (bridge.manifest, bridge.print_manifest, bridge.ship_manifest, bridge.repeat_manifest):
        with pytest.raises(ConfigurationError, match="there is no 98"):
            act(98)
    with pytest.raises(ConfigurationError, match="courier"):
        bridge.open_manifest(" ")
    assert bridge.manifest(manifest.id).departures == ()


def test_a_manifest_holds_its_owner_s_orders_only(sides: TwoShops) -> None:
    keys = {"consumer_key": sides.shop.consumer_key, "consumer_secret": sides.shop.consumer_secret}
    store = ob.store(
        "shop", platform="fast-woocommerce", settings={"base_url": sides.shop_url, **keys}, owner="anna"
    )
    bridge = sides.bridge(stores=[store])
    order_id = sides.sell({"A-1": 1})
    sides.live(bridge)
    hers, his = bridge.open_manifest("DHL", owner="anna"), bridge.open_manifest("DHL", owner="bert")
    with pytest.raises(ConfigurationError, match="owner"):
        bridge.pack(his.id, po(order_id), parcel("JD1"))
    bridge.pack(hers.id, po(order_id), parcel("JD1"))
    bridge.ship_manifest(hers.id)
    assert [each.id for each in bridge.manifests(owner="anna")] == [hers.id]
    assert [each.id for each in bridge.manifests(state=ob.ManifestState.PREPARING)] == [his.id]
    assert [each.id for each in bridge.manifests(after=hers.id, limit=1)] == [his.id]


# --- paper --------------------------------------------------------------------------------------------


class Cells(HTMLParser):
    """The text of each cell of a page's tables."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data.strip()


def test_the_list_is_sorted_and_counted_and_the_same_each_time_it_is_printed(sides: TwoShops) -> None:
    bridge, manifest, here, _ = packed(sides)
    page = bridge.print_manifest(manifest)
    assert page == bridge.print_manifest(manifest)
    assert (page.name, page.media_type) == (f"manifest-{manifest}.html", "text/html")
    text = page.body.decode()
    assert "In preparation" in text
    assert "Departures: 2. Parcels: 2. Shops: 2." in text
    assert "Taken by, for DHL" in text
    head, *rows = Cells(page.body).rows
    assert head == ["No.", "Shop", "Order", "Reference", "Tracking", "To", "Parcels"]
    assert [(row[0], row[1], row[4], row[6]) for row in rows] == [
        ("1", "boutique", "JD2", "1"),
        ("2", "shop", "JD1", "1"),
    ]
    view = bridge.order(here)
    assert view is not None
    to = view.purchases[0].po.ship_to
    assert to.name
    assert to.name in rows[1][5]
    assert to.city in rows[1][5]
    assert to.name not in repr(page)
    bridge.ship_manifest(manifest)
    assert f"Shipped {START:%Y-%m-%d}" in bridge.print_manifest(manifest).body.decode()


def test_nobody_s_words_are_markup_on_the_list() -> None:
    evil = '<script>alert("1")</script>&'
    address = ob.Address(name=evil, city=evil, postal_code=evil, country=evil)
    line = ob.PurchaseLine(line_ref="1", remote_id="1", quantity=Decimal(1), units=Decimal(1))
    order = ob.PurchaseOrder(
        id=evil,
        order_id=evil,
        order_ref=evil,
        order_number=evil,
        store=evil,
        supplier=evil,
        reference=evil,
        lines=(line,),
        ship_to=address,
        placed_at=START,
    )
    packages = (Package(tracking_number=evil), Package(tracking_number=evil))
    rows = [
        Parcels(po=order, shipment=Shipment(ref=evil, packages=packages), left_out=why) for why in ("", evil)
    ]
    page = paper(ob.Manifest(id=1, courier=evil, created_at=START), rows).body
    assert b"<script" not in page
    assert b"Parcels: 2." in page
    cells = Cells(page).rows
    assert cells[1] == ["1", evil, evil, evil, evil * 2, f"{evil}, {evil} {evil} {evil}", "2"]
    assert cells[3] == [evil] * 5


# --- crashes ------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone, between two effects."""


def kill_after(bridge: ob.Bridge, effects: int) -> None:
    """The bridge's process dies before its next effect after so many."""
    do, left = bridge._driver._do, [effects]

    def dying(effect: Effect) -> object:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return do(effect)

    bridge._driver._do = dying  # type: ignore[method-assign]


@pytest.mark.parametrize("effects", [3, 7, 9, 12, 16, 21, 30])
def test_a_process_killed_while_it_ships_leaves_each_departure_told_once(
    effects: int, tmp_path: Path
) -> None:
    with TwoShops() as sides:
        journal = tmp_path / "journal.db"
        bridge, manifest, here, there = packed(sides, journal=journal)
        kill_after(bridge, effects)
        with suppress(Killed):
            bridge.ship_manifest(manifest)
        bridge._setup.journal.close()
        again = sides.bridge(journal=journal)
        shipped = again.manifest(manifest).manifest.state is ob.ManifestState.SHIPPED
        told = [bool(sides.numbers(each)) for each in (here, there)]
        assert shipped or not any(told)
        # Shipped, it goes on by itself; else a person ships it again.
        if not shipped:
            sides.live(again)
            assert not sides.numbers(here)
            again.ship_manifest(manifest)
        sides.live(again, 2)
        assert len(again.manifest(manifest).told) == 2
        assert [sides.numbers(each) for each in (here, there)] == [["JD1"], ["JD2"]]
        assert [sides.mails(each) for each in (here, there)] == [1, 1]
        assert again.reviews() == ()


@pytest.mark.parametrize("effects", [1, 4, 8])
def test_a_repeat_that_is_cut_short_goes_on_and_tells_once(effects: int, tmp_path: Path) -> None:
    with TwoShops() as sides:
        journal = tmp_path / "journal.db"
        bridge, manifest, here, there = packed(sides, journal=journal)
        sides.refuse()
        bridge.ship_manifest(manifest)
        sides.allow()
        kill_after(bridge, effects)
        with suppress(Killed):
            bridge.repeat_manifest(manifest)
        bridge._setup.journal.close()
        again = sides.bridge(journal=journal)
        again.repeat_manifest(manifest)
        sides.live(again, 2)
        assert len(again.manifest(manifest).told) == 2
        assert [sides.numbers(each) for each in (here, there)] == [["JD1"], ["JD2"]]
        assert [sides.mails(each) for each in (here, there)] == [1, 1]


# --- the other face -----------------------------------------------------------------------------------


def test_the_async_face_does_the_same() -> None:
    async def day(sides: TwoShops) -> list[Telling]:
        here, there = sides.sell({"A-1": 1}), sides.sell_there({"A-2": 1})
        async with ob.AsyncBridge(**sides.parts()) as bridge:
            await bridge.run_once()
            manifest = await bridge.open_manifest("DHL")
            await bridge.pack(manifest.id, po(here), parcel("JD1"))
            await bridge.pack(manifest.id, po(there), parcel("JD2"))
            await bridge.unpack(manifest.id, po(there), ref="JD2")
            await bridge.pack(manifest.id, po(there), parcel("JD2"))
            assert [each.id for each in await bridge.manifests()] == [manifest.id]
            assert b"JD1" in (await bridge.print_manifest(manifest.id)).body
            sides.refuse()
            assert len((await bridge.ship_manifest(manifest.id)).refused) == 1
            sides.allow()
            await bridge.repeat_manifest(manifest.id)
            assert [sides.numbers(each) for each in (here, there)] == [["JD1"], ["JD2"]]
            return [each.telling for each in (await bridge.manifest(manifest.id)).departures]

    with TwoShops(Clockwork()) as sides:
        assert asyncio.run(day(sides)) == [Telling.TOLD, Telling.TOLD]


def test_times_are_those_of_the_hand_over_unless_people_say_another(sides: TwoShops) -> None:
    bridge, manifest, here, there = packed(sides)
    early = datetime(2026, 3, 1, 12, tzinfo=UTC)
    packages = (Package(tracking_number="JD2"),)
    bridge.pack(manifest, po(there), Shipment(ref="JD2", packages=packages, shipped_at=early))
    report = bridge.ship_manifest(manifest)
    [mine], [other] = notices(bridge, here), notices(bridge, there)
    assert mine.notice.shipped_at == report.manifest.shipped_at
    assert other.notice.shipped_at == early
