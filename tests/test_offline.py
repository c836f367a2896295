"""Suppliers that people move: documents, what people say, tables of it, and hubs that order by themselves."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import orderbridge as ob
from both_sides import MagentoSides, Sides, codes
from orderbridge import Fulfillment, Package, Payment, Shipment, ShipmentLine, SkuPrefix
from orderbridge.errors import ConfigurationError, Unsupported
from orderbridge.suppliers.offline import OfflineAdapter, Settings

RULES = (SkuPrefix(prefix="RW-", supplier="depot"), SkuPrefix(prefix="HUB-", supplier="syncee"))


def depot(**settings: Any) -> ob.Account:
    return ob.supplier("depot", platform="offline", settings={"title": "Main warehouse", **settings})


def hub() -> ob.Account:
    return ob.supplier("syncee", platform="hub", settings={"title": "Syncee"})


def placed(sides: Sides, basket: Any = None, **changes: Any) -> tuple[ob.Bridge, str]:
    bridge = sides.bridge(**{"suppliers": [depot(), hub()], "rules": RULES, **changes})
    order_id = sides.sell(basket or {"RW-100": 2, "RW-200": 1})
    sides.live(bridge)
    return bridge, order_id


def purchase(bridge: ob.Bridge, order_id: str, supplier: str = "depot") -> ob.PurchaseRecord:
    found = bridge.order(order_id)
    assert found is not None
    (record,) = [p for p in found.purchases if p.po.supplier == supplier]
    return record


def told(bridge: ob.Bridge, order_id: str) -> list[tuple[ob.Package, ...]]:
    found = bridge.order(order_id)
    assert found is not None
    return sorted((n.announced for n in found.notices if n.told), key=repr)


def test_placing_writes_a_purchase_order_that_people_can_print_and_read_by_program() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        record = purchase(bridge, order_id)
        assert record.fulfillment is Fulfillment.PLACED
        assert record.payment is Payment.NOT_REQUIRED
        table, page = bridge.documents(record.po.id)
        rows = list(csv.DictReader(io.StringIO(table.body.decode("utf-8-sig"))))
        assert {row["remote_id"]: Decimal(row["quantity"]) for row in rows} == {"100": 2, "200": 1}
        assert rows[0]["reference"] == record.po.reference
        assert rows[0]["ship_name"] == record.po.ship_to.name
        assert record.po.ship_to.city in page.body.decode()
        assert bridge.documents(record.po.id) == (table, page)
        assert record.po.ship_to.name not in repr((table, page))


def test_a_purchase_order_that_may_still_change_is_not_printed() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides, policy=ob.Policy())
        record = purchase(bridge, order_id)
        with pytest.raises(ConfigurationError, match="place it first"):
            bridge.documents(record.po.id)
        bridge.place(record.po.id)
        assert bridge.documents(record.po.id)


def test_words_of_a_shopper_are_neither_formulas_nor_markup_on_paper() -> None:
    adapter = OfflineAdapter(Settings(title="Main", sender="Us & Co"))
    po = ob.PurchaseOrder(
        id="shop/1/depot/1",
        order_id="shop/1",
        order_ref="1",
        order_number="../../1",
        store="shop",
        supplier="depot",
        reference="abcdefgh12345678",
        lines=(ob.PurchaseLine(line_ref="1", remote_id="9", quantity=Decimal("1.5"), units=Decimal("1.5")),),
        ship_to=ob.Address(
            name='=HYPERLINK("http://x")', city="<script>", phone="+39 06 1234", line1="-2+cmd", country="IT"
        ),
        placed_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    table, page = adapter.documents(po)
    (row,) = csv.DictReader(io.StringIO(table.body.decode("utf-8-sig")))
    assert row["ship_name"].startswith("'=")
    assert row["ship_line1"].startswith("'-")
    assert row["ship_phone"] == "+39 06 1234"
    assert row["quantity"] == "1.5"
    assert b"<script>" not in page.body
    assert "/" not in table.name


def test_what_people_say_is_shown_in_the_shop_and_what_left_is_announced_once() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        po_id = purchase(bridge, order_id).po.id
        assert bridge.observe(po_id, fulfillment=Fulfillment.PREPARING).fulfillment is Fulfillment.PREPARING
        first = Shipment(
            ref="1",
            packages=(Package(tracking_number="T1", carrier="DHL"),),
            lines=(ShipmentLine(remote_id="100", quantity=Decimal(1)),),
        )
        assert bridge.ship(po_id, first).fulfillment is Fulfillment.PART_SHIPPED
        bridge.ship(po_id, first)
        rest = Shipment(ref="2", packages=(Package(tracking_number="T2", carrier="DHL"),))
        assert bridge.ship(po_id, rest).fulfillment is Fulfillment.SHIPPED
        sides.live(bridge)
        assert [[p.tracking_number for p in parcel] for parcel in told(bridge, order_id)] == [["T1"], ["T2"]]
        assert bridge.observe(po_id, fulfillment=Fulfillment.DELIVERED).fulfillment is Fulfillment.DELIVERED
        assert codes(bridge) == []


def test_a_pack_that_leaves_in_pieces_is_announced_when_all_of_it_has_left() -> None:
    with Sides() as sides:
        bridge = sides.bridge(suppliers=[depot()], rules=())
        order_id = sides.sell({"CARDS-5": 2})
        sides.live(bridge)
        view = bridge.order(order_id)
        assert view is not None
        key = view.record.order.lines[0].link_key
        bridge.link(
            ob.ProductLink(store="shop", key=key, supplier="depot", remote_id="card", factor=Decimal(5))
        )
        sides.live(bridge)
        po_id = purchase(bridge, order_id).po.id
        for number, pieces in enumerate((1, 6, 3), start=1):
            lines = (ShipmentLine(remote_id="card", quantity=Decimal(pieces)),)
            parcel = Package(tracking_number=f"T{number}", carrier="DHL")
            bridge.ship(po_id, Shipment(ref=str(number), packages=(parcel,), lines=lines))
            sides.live(bridge)
        found = [[p.tracking_number for p in parcels] for parcels in told(bridge, order_id)]
        assert found == [["T1", "T2"], ["T3"]]
        assert sides.shop.order(int(order_id.partition("/")[2]))["status"] == "completed"


def test_a_number_that_people_correct_is_corrected_in_the_shop() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        po_id = purchase(bridge, order_id).po.id
        bridge.ship(po_id, Shipment(ref="1", packages=(Package(tracking_number="WRONG", carrier="DHL"),)))
        bridge.ship(po_id, Shipment(ref="1", packages=(Package(tracking_number="RIGHT", carrier="DHL"),)))
        sides.live(bridge)
        assert [[p.tracking_number for p in parcel] for parcel in told(bridge, order_id)] == [["RIGHT"]]


@pytest.mark.parametrize(
    ("remote_id", "quantity", "words"),
    [
        ("100", 3, "3 units came; 2 are still to leave"),
        ("7", 1, "holds 100, 200"),
        ("100", 0, "0 units came"),
    ],
)
def test_more_than_is_to_leave_cannot_leave(remote_id: str, quantity: int, words: str) -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        po_id = purchase(bridge, order_id).po.id
        lines = (ShipmentLine(remote_id=remote_id, quantity=Decimal(quantity)),)
        with pytest.raises(ConfigurationError, match=words):
            bridge.ship(po_id, Shipment(ref="1", lines=lines))
        bridge.ship(po_id, Shipment(ref="1"))
        with pytest.raises(ConfigurationError, match="left already"):
            bridge.ship(po_id, Shipment(ref="2"))


def test_nobody_says_how_far_an_order_is_that_its_supplier_tells_of() -> None:
    with Sides() as sides:
        bridge = sides.bridge()
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        record = purchase(bridge, order_id, "rewix")
        with pytest.raises(Unsupported, match="by itself"):
            bridge.observe(record.po.id, fulfillment=Fulfillment.SHIPPED)
        with pytest.raises(Unsupported, match="by itself"):
            bridge.ship(record.po.id, Shipment(ref="1"))
        with pytest.raises(ConfigurationError, match="there is no"):
            bridge.observe("shop/1/depot/9", fulfillment=Fulfillment.SHIPPED)


def test_it_does_not_go_backward() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        po_id = purchase(bridge, order_id).po.id
        bridge.ship(po_id, Shipment(ref="1"))
        with pytest.raises(ConfigurationError, match="is SHIPPED and cannot be READY"):
            bridge.observe(po_id, fulfillment=Fulfillment.READY)


def test_parts_of_a_kit_that_leave_apart_are_announced_with_the_last_of_them() -> None:
    with Sides() as sides:
        bridge = sides.bridge(suppliers=[depot()], rules=())
        order_id = sides.sell({"RW-100": 1})
        sides.live(bridge)
        view = bridge.order(order_id)
        assert view is not None
        key = view.record.order.lines[0].link_key
        kit = ("frame", "lamp")
        bridge.link(*(ob.ProductLink(store="shop", key=key, supplier="depot", remote_id=i) for i in kit))
        sides.live(bridge)
        po_id = purchase(bridge, order_id).po.id
        for ref, remote_id in (("1", "frame"), ("2", "lamp")):
            assert told(bridge, order_id) == []
            parcel = Package(tracking_number=f"T{ref}", carrier="DHL")
            lines = (ShipmentLine(remote_id=remote_id, quantity=Decimal(1)),)
            bridge.ship(po_id, Shipment(ref=ref, packages=(parcel,), lines=lines))
            sides.live(bridge)
        assert [[p.tracking_number for p in parcels] for parcels in told(bridge, order_id)] == [["T1", "T2"]]
        assert codes(bridge) == []


def test_what_was_canceled_cannot_leave() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        po_id = purchase(bridge, order_id).po.id
        bridge.observe(po_id, fulfillment=Fulfillment.CANCELED)
        with pytest.raises(ConfigurationError, match="nothing of it can leave"):
            bridge.ship(po_id, Shipment(ref="1"))
        sides.live(bridge)
        assert told(bridge, order_id) == []


def test_a_table_says_all_of_a_group_or_nothing_and_takes_the_rows_in_their_order() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        ref = purchase(bridge, order_id).po.reference
        done = bridge.import_shipments(f"reference,status,tracking_number\n{ref},READY,T1\n")
        assert (done.departures, [error.row for error in done.errors]) == (0, [2])
        assert purchase(bridge, order_id).fulfillment is Fulfillment.PLACED
        rows = f"{ref},READY,\n{ref},,T1\n{ref},DELIVERED,\n"
        for dry_run in (True, False):
            done = bridge.import_shipments(f"reference,status,tracking_number\n{rows}", dry_run=dry_run)
            assert done.errors == ()
        assert purchase(bridge, order_id).fulfillment is Fulfillment.DELIVERED
        assert len(told(bridge, order_id)) == 1


def test_a_purchase_orders_own_table_is_filled_in_and_given_back() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        record = purchase(bridge, order_id)
        text = bridge.documents(record.po.id)[0].body.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert bridge.import_shipments(text).errors == ()
        filled = io.StringIO()
        writer = csv.DictWriter(filled, [*rows[0], "carrier", "tracking_number"])
        writer.writeheader()
        writer.writerows([{**row, "carrier": "DHL", "tracking_number": "T9"} for row in rows])
        assert bridge.import_shipments(filled.getvalue()).departures == 1
        assert purchase(bridge, order_id).fulfillment is Fulfillment.SHIPPED


def test_a_row_says_of_what_a_quantity_is_and_a_time_that_can_be() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        ref = purchase(bridge, order_id).po.reference
        rows = f"{ref},1,T1,\n{ref},,T2,0001-01-01T00:00:00+14:00\n"
        done = bridge.import_shipments(f"reference,quantity,tracking_number,shipped_at\n{rows}")
        assert [(error.row, error.column) for error in done.errors] == [(2, "remote_id"), (3, "shipped_at")]
        assert purchase(bridge, order_id).fulfillment is Fulfillment.PLACED


def test_what_is_no_table_is_said_and_no_crash() -> None:
    with Sides() as sides:
        bridge, _ = placed(sides)
        (error,) = bridge.import_shipments('reference,status\n"open,SHIPPED\n').errors
        assert "no CSV" in error.why


TABLE = """reference,status,remote_id,quantity,carrier,tracking_number,shipped_at
{ref},,100,2,DHL,T1,2026-03-01T10:00:00Z
{ref},,200,1,DHL,T1,2026-03-01T10:00:00Z
nobody,SHIPPED,,,,,
{ref},LOST,,,,,
{ref},,100,many,DHL,T2,
{ref},,200,1,DHL,T3,2026-03-01T10:00:00
"""


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_table_is_taken_in_row_by_row_and_says_what_is_wrong_where(dry_run: bool) -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides)
        text = TABLE.format(ref=purchase(bridge, order_id).po.reference)
        done = bridge.import_shipments(text, dry_run=dry_run)
        assert [(error.row, error.column) for error in done.errors] == [
            (4, "reference"),
            (5, "status"),
            (6, "quantity"),
            (7, "shipped_at"),
        ]
        assert done.departures == 1
        state = purchase(bridge, order_id).fulfillment
        assert state is (Fulfillment.PLACED if dry_run else Fulfillment.SHIPPED)
        if not dry_run:
            bridge.import_shipments(text)
            sides.live(bridge)
            assert len(told(bridge, order_id)) == 1


def test_a_table_with_columns_nobody_knows_is_not_guessed_at() -> None:
    with Sides() as sides:
        bridge, _ = placed(sides)
        with pytest.raises(ConfigurationError, match="tracking_no"):
            bridge.import_shipments("reference,tracking_no\n")


def test_what_a_hub_orders_by_itself_is_never_placed_and_never_announced_by_us() -> None:
    with Sides() as sides:
        bridge, order_id = placed(sides, {"HUB-1": 1, "RW-100": 1})
        record = purchase(bridge, order_id, "syncee")
        assert (record.fulfillment, record.waits) == (Fulfillment.TO_ORDER, "hub")
        with pytest.raises(ConfigurationError, match="orders by itself"):
            bridge.place(record.po.id)
        assert bridge.documents(record.po.id) == ()
        with pytest.raises(Unsupported, match="tells the shop by itself"):
            bridge.ship(record.po.id, Shipment(ref="1"))
        assert (
            bridge.observe(record.po.id, fulfillment=Fulfillment.SHIPPED).fulfillment is Fulfillment.SHIPPED
        )
        sides.live(bridge)
        assert told(bridge, order_id) == []
        assert purchase(bridge, order_id).fulfillment is Fulfillment.PLACED


class ByHand:
    """A Magento whose order a hub ships, and a bridge that only watches."""

    def __init__(self, sides: MagentoSides, **basket: int) -> None:
        self._sides = sides
        self.bridge, self.order_id = placed(sides, {f"HUB-{name}": units for name, units in basket.items()})

    def _row(self, name: str) -> int:
        order = self._sides.shop.orders[int(self.order_id.partition("/")[2])]
        return next(line.item_id for line in order.lines if line.row["sku"] == f"HUB-{name}")

    def ships(self, **units: int) -> None:
        rows = {self._row(name): count for name, count in units.items()}
        ref = int(self.order_id.partition("/")[2])
        self._sides.shop.ship_by_hand(ref, rows, now=self._sides.now(), number="1Z1")
        self._sides.live(self.bridge)

    def refunded(self, **units: int) -> None:
        rows = {self._row(name): count for name, count in units.items()}
        ref = int(self.order_id.partition("/")[2])
        self._sides.shop.refund_by_hand(ref, rows, now=self._sides.now())
        self._sides.live(self.bridge)

    def link(self, name: str, supplier: str) -> None:
        view = self.bridge.order(self.order_id)
        assert view is not None
        key = next(line.link_key for line in view.record.order.lines if line.sku == f"HUB-{name}")
        self.bridge.link(ob.ProductLink(store="shop", key=key, supplier=supplier, remote_id="9"))
        self._sides.live(self.bridge)

    @property
    def held(self) -> list[tuple[str, Fulfillment, dict[str, Decimal]]]:
        """Each purchase order: whose, how far, and how many of what."""
        view = self.bridge.order(self.order_id)
        assert view is not None
        return sorted((p.po.supplier, p.fulfillment, dict(p.po.units)) for p in view.purchases)


def test_what_a_hub_ships_in_parts_stays_one_purchase_order_and_whole() -> None:
    with MagentoSides() as sides:
        hub = ByHand(sides, a=4, b=1)
        for parcel in ({"a": 2}, {"b": 1}, {"a": 1}):
            hub.ships(**parcel)
            assert hub.held == [("syncee", Fulfillment.TO_ORDER, {"a": 4, "b": 1})]
        hub.ships(a=1)
        assert hub.held == [("syncee", Fulfillment.SHIPPED, {"a": 4, "b": 1})]
        assert codes(hub.bridge) == []


def test_what_a_hub_need_not_ship_any_more_is_not_waited_for() -> None:
    with MagentoSides() as sides:
        hub = ByHand(sides, a=4)
        hub.ships(a=3)
        hub.refunded(a=1)
        assert hub.held == [("syncee", Fulfillment.SHIPPED, {"a": 3})]
        assert codes(hub.bridge) == []


def test_what_a_hub_has_shipped_is_not_ordered_elsewhere_once_another_is_to_ship_the_rest() -> None:
    with MagentoSides() as sides:
        hub = ByHand(sides, a=4)
        hub.ships(a=1)
        hub.link("a", "depot")
        assert hub.held == [
            ("depot", Fulfillment.PLACED, {"9": 3}),
            ("syncee", Fulfillment.SHIPPED, {"a": 1}),
        ]
