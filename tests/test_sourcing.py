"""Which supplier ships a line, by rule."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import orderbridge as ob
from orderbridge._config import read_config
from orderbridge._sourcing import Rule, allocate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEN = ob.Money.of("10", "EUR")


def sourced(line: ob.Line, *rules: Rule) -> tuple[list[tuple[str, str]], dict[str, str]]:
    order = ob.Order(
        store="shop",
        ref="7",
        number="7",
        placed_at=NOON,
        updated_at=NOON,
        currency="EUR",
        payment=ob.StorePayment.PAID,
        ready=True,
        lines=(line,),
        total=TEN,
    )
    found = allocate(order, {line.ref: line.open}, links=lambda _: (), rules=rules)
    return [(part.supplier, part.remote_id) for part in found.allocations], found.waits


def line(**more: str) -> ob.Line:
    zero = ob.Money.zero("EUR")
    return ob.Line(ref="1", quantity=Decimal(2), unit_price=TEN, total=TEN, tax=zero, **more)


def test_a_product_that_the_shop_ties_to_its_supplier_goes_there() -> None:
    rule = ob.SupplierRef(supplier="rewix")
    assert sourced(line(sku="TEE", supplier_ref="4711"), rule) == ([("rewix", "4711")], {})
    assert sourced(line(sku="TEE"), rule) == ([], {"1": "link"})


def test_a_prefix_says_which_of_several_suppliers_a_reference_belongs_to() -> None:
    rules = ob.SupplierRef(supplier="rewix", prefix="RX:"), ob.SupplierRef(supplier="hub", prefix="HUB:")
    assert sourced(line(supplier_ref="HUB:9"), *rules) == ([("hub", "9")], {})
    assert sourced(line(supplier_ref="RX:9"), *rules) == ([("rewix", "9")], {})
    assert sourced(line(supplier_ref="RX:"), *rules) == ([], {"1": "link"})


def test_the_first_rule_that_fits_counts() -> None:
    rules = ob.SkuPrefix(supplier="rewix", prefix="T-"), ob.SupplierRef(supplier="hub")
    assert sourced(line(sku="T-1", supplier_ref="9"), *rules) == ([("rewix", "1")], {})


def test_the_rules_stand_in_a_configuration_file_too(tmp_path: Path) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text(
        '[[rules]]\nprefix = "OWN-"\nown = true\n'
        '[[rules]]\nsupplier_ref = true\nsupplier = "rewix"\nprefix = "RX:"\n'
        '[[rules]]\nsupplier = "rewix"\nprefix = "RW-"\n'
    )
    assert read_config(file).rules == (
        ob.OwnStock(prefix="OWN-"),
        ob.SupplierRef(supplier="rewix", prefix="RX:"),
        ob.SkuPrefix(supplier="rewix", prefix="RW-"),
    )
