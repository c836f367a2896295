"""Which supplier ships a line: rules, links to several suppliers, and that nothing is lost between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderbridge as ob
from orderbridge._config import read_config
from orderbridge._intake_purchases import reference
from orderbridge._records import Offer
from orderbridge._sourcing import Choice, Rule, Sourced, allocate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEN = ob.Money.of("10", "EUR")
SUPPLIERS = ("depot", "hub", "rewix")


def choice(**changes: Any) -> Choice:
    parts: dict[str, Any] = {
        "by": ob.SourceBy.PRIORITY,
        "known": frozenset(SUPPLIERS),
        "settled": {},
        "offer": lambda *_: Offer(),
        "rate": lambda *_: None,
    }
    return Choice(**{**parts, **changes})


def order_of(*lines: ob.Line) -> ob.Order:
    return ob.Order(
        store="shop",
        ref="7",
        number="7",
        placed_at=NOON,
        updated_at=NOON,
        currency="EUR",
        payment=ob.StorePayment.PAID,
        ready=True,
        lines=lines,
        total=TEN,
    )


def line(ref: str = "1", **more: Any) -> ob.Line:
    parts: dict[str, Any] = {
        "quantity": Decimal(2),
        "unit_price": TEN,
        "total": TEN,
        "tax": ob.Money.zero("EUR"),
    }
    return ob.Line(ref=ref, **{**parts, **more})


def sourced(line: ob.Line, *rules: Rule) -> tuple[list[tuple[str, str]], dict[str, str]]:
    found = allocate(order_of(line), {line.ref: line.open}, links=lambda _: (), rules=rules, choice=choice())
    return [(part.supplier, part.remote_id) for part in found.allocations], found.waits


# --- rules -------------------------------------------------------------------------------------------------


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


def test_own_stock_is_left_alone_or_goes_to_a_warehouse_of_ones_own_under_its_whole_sku() -> None:
    own = line(sku="OWN-1")
    assert sourced(own, ob.OwnStock(prefix="OWN-")) == ([], {"1": "own"})
    assert sourced(own, ob.OwnStock(prefix="OWN-", supplier="depot")) == ([("depot", "OWN-1")], {})
    # A line without a SKU has nothing that a picker could look for.
    assert sourced(line(), ob.OwnStock(prefix="", supplier="depot")) == ([], {"1": "link"})


@pytest.mark.parametrize(
    ("rule", "fits", "fits_not"),
    [
        ({"vendor": "Acme"}, {"vendor": "ACME "}, {"vendor": "Acme Ltd"}),
        ({"tag": "dropship"}, {"tags": ("new", "Dropship")}, {"tags": ("dropshipped",)}),
        ({"shipping_class": "bulky"}, {"shipping_class": "Bulky"}, {}),
        (
            {"attribute": "Engraving"},
            {"attributes": (("Engraving", "Ann"),)},
            {"attributes": (("Size", "M"),)},
        ),
        ({"attribute": "Size=M"}, {"attributes": (("size", "m"),)}, {"attributes": (("Size", "L"),)}),
        ({"vendor": "Acme", "tag": "x"}, {"vendor": "Acme", "tags": ("x",)}, {"vendor": "Acme"}),
    ],
)
def test_a_rule_goes_by_what_the_shop_says_of_a_line(
    rule: dict[str, str], fits: dict[str, Any], fits_not: dict[str, Any]
) -> None:
    match = ob.Match(supplier="hub", **rule)
    assert sourced(line(sku="A-1", **fits), match) == ([("hub", "A-1")], {})
    assert sourced(line(sku="A-1", **fits_not), match) == ([], {"1": "link"})
    # With nothing to be told to the supplier, the line is not the rule's.
    assert sourced(line(sku="", **fits), match) == ([], {"1": "link"})


def test_a_rule_says_which_of_the_lines_fields_the_supplier_is_told() -> None:
    found = line(sku="RW-1", vendor="Acme", supplier_ref="s", variant_ref="v", product_ref="p")
    for field, told in (("supplier_ref", "s"), ("variant_ref", "v"), ("product_ref", "p"), ("sku", "1")):
        match = ob.Match(supplier="hub", vendor="acme", sku_prefix="RW-", remote_id=field)
        assert sourced(found, match) == ([("hub", told)], {})


def test_a_rule_that_would_take_every_line_is_refused() -> None:
    with pytest.raises(ob.ConfigurationError, match="sku_prefix, vendor, tag"):
        ob.Match(supplier="hub")


def test_the_rules_stand_in_a_configuration_file_too(tmp_path: Path) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text(
        '[[rules]]\nprefix = "OWN-"\nown = true\n'
        '[[rules]]\nprefix = "WH-"\nown = true\nsupplier = "depot"\n'
        '[[rules]]\nsupplier_ref = true\nsupplier = "rewix"\nprefix = "RX:"\n'
        '[[rules]]\nsupplier = "rewix"\nprefix = "RW-"\n'
        '[[rules]]\nsupplier = "hub"\nvendor = "Acme"\nattribute = "Size=M"\nremote_id = "variant_ref"\n'
        '[policy]\nsource_by = "STOCK"\n'
    )
    config = read_config(file)
    assert config.rules == (
        ob.OwnStock(prefix="OWN-"),
        ob.OwnStock(prefix="WH-", supplier="depot"),
        ob.SupplierRef(supplier="rewix", prefix="RX:"),
        ob.SkuPrefix(supplier="rewix", prefix="RW-"),
        ob.Match(supplier="hub", vendor="Acme", attribute="Size=M", remote_id="variant_ref"),
    )
    assert config.policy.source_by is ob.SourceBy.STOCK


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('supplier = "hub"\nvendr = "Acme"', "did you mean 'vendor'"),
        ('supplier = "hub"', "give a sku_prefix"),
        ('supplier = "hub"\nvendor = "A"\nremote_id = "ean"', "'ean' is none of sku"),
    ],
)
def test_a_wrong_rule_in_a_file_is_named(tmp_path: Path, rule: str, said: str) -> None:
    file = tmp_path / "orderbridge.toml"
    file.write_text(f"[[rules]]\n{rule}\n")
    with pytest.raises(ob.ConfigurationError, match=said):
        read_config(file)


def test_what_shops_say_of_a_product_is_no_change_of_the_order() -> None:
    before = order_of(line(sku="A"))
    facts = {"vendor": "Acme", "tags": ("new",), "shipping_class": "bulky", "weight": Decimal("1.5")}
    assert order_of(line(sku="A", **facts)).digest == before.digest
    assert order_of(line(sku="B")).digest != before.digest


# --- several suppliers -------------------------------------------------------------------------------------


def link(supplier: str, remote_id: str = "", **more: Any) -> ob.ProductLink:
    return ob.ProductLink(
        store="shop", key="v1", supplier=supplier, remote_id=remote_id or f"{supplier}-1", **more
    )


def eur(amount: str) -> ob.Money:
    return ob.Money.of(amount, "EUR")


def chosen(links: Sequence[ob.ProductLink], how: Choice, units: int = 2) -> Sourced:
    bought = line(variant_ref="v1", quantity=Decimal(units))
    return allocate(order_of(bought), {"1": Decimal(units)}, links=lambda _: links, rules=(), choice=how)


def told(found: Sourced) -> list[str]:
    return [part.remote_id for part in found.allocations]


def said(offers: Mapping[str, Offer | None]) -> Any:
    return lambda supplier, remote_id: offers.get(remote_id, Offer())


def test_the_first_by_priority_gets_it_and_of_equal_ones_the_first_in_the_alphabet() -> None:
    assert told(chosen([link("depot", priority=2), link("rewix", priority=1)], choice())) == ["rewix-1"]
    assert told(chosen([link("rewix"), link("depot")], choice())) == ["depot-1"]


def test_a_kit_goes_together_and_never_half_to_another_supplier() -> None:
    kit = [link("rewix", "a", factor=Decimal(2)), link("rewix", "b", priority=5), link("depot", priority=1)]
    found = chosen(kit, choice())
    assert told(found) == ["a", "b"]
    assert [part.factor for part in found.allocations] == [2, 1]


def test_a_link_to_an_account_that_is_gone_is_passed_over_and_alone_it_waits() -> None:
    assert told(chosen([link("closed"), link("hub", priority=9)], choice())) == ["hub-1"]
    assert chosen([link("closed")], choice()).waits == {"1": "link"}


def test_the_cheapest_gets_it_kits_in_full() -> None:
    how = choice(by=ob.SourceBy.PRICE)
    kit = [link("rewix", "a", cost=eur("2"), factor=Decimal(2)), link("rewix", "b", cost=eur("1"))]
    assert told(chosen([*kit, link("depot", cost=eur("5.01"))], how)) == ["a", "b"]
    assert told(chosen([*kit, link("depot", cost=eur("4.99"))], how)) == ["depot-1"]
    assert told(
        chosen([link("rewix", cost=eur("5"), priority=0), link("depot", cost=eur("5"), priority=1)], how)
    ) == ["rewix-1"]


def test_prices_in_other_currencies_count_by_the_rate_and_without_one_come_last() -> None:
    links = [link("depot", cost=ob.Money.of("6", "USD")), link("rewix", cost=eur("6"))]
    rates = {("USD", "EUR"): Decimal("0.9")}
    cheap = choice(by=ob.SourceBy.PRICE, rate=lambda *pair: rates.get(pair))
    assert told(chosen(links, cheap)) == ["depot-1"]
    assert told(chosen(links, choice(by=ob.SourceBy.PRICE))) == ["rewix-1"]


def test_a_price_that_no_link_has_is_asked_for_before_anything_is_chosen() -> None:
    links = [link("depot", cost=eur("5")), link("rewix")]
    unknown = chosen(links, choice(by=ob.SourceBy.PRICE, offer=said({"rewix-1": None})))
    assert unknown.allocations == ()
    assert unknown.waits == {"1": "supplier"}
    assert unknown.unasked == {("rewix", "rewix-1")}
    cheap = said({"rewix-1": Offer(price=eur("4"))})
    assert told(chosen(links, choice(by=ob.SourceBy.PRICE, offer=cheap))) == ["rewix-1"]
    silent = said({"rewix-1": Offer()})
    assert told(chosen(links, choice(by=ob.SourceBy.PRICE, offer=silent))) == ["depot-1"]


@pytest.mark.parametrize(
    ("stock", "gets"),
    [
        ({"depot-1": 4, "rewix-1": 9}, "depot-1"),
        ({"depot-1": 3, "rewix-1": 9}, "rewix-1"),
        ({"depot-1": 3, "rewix-1": 1}, "depot-1"),  # nobody has it: the first by priority
        ({"depot-1": None, "rewix-1": 9}, "depot-1"),  # nobody says that it has not
    ],
)
def test_the_first_by_priority_that_has_enough_gets_it(stock: dict[str, int | None], gets: str) -> None:
    offers = {key: Offer(available=None if units is None else Decimal(units)) for key, units in stock.items()}
    links = [link("depot", factor=Decimal(2)), link("rewix", priority=1)]
    assert told(chosen(links, choice(by=ob.SourceBy.STOCK, offer=said(offers)))) == [gets]


def test_a_line_stays_with_the_supplier_that_has_it_when_a_price_moves_elsewhere() -> None:
    links = [link("depot", cost=eur("5")), link("rewix", cost=eur("4"))]
    how = choice(by=ob.SourceBy.PRICE, settled={"1": "depot"})
    assert told(chosen(links, how)) == ["depot-1"]
    assert told(chosen(links, attrs.evolve(how, settled={"1": "hub"}))) == ["rewix-1"]


# --- nothing is lost ---------------------------------------------------------------------------------------

units = st.decimals(min_value=0, max_value=50, places=1)
names = st.sampled_from((*SUPPLIERS, "closed"))
some_links = st.lists(
    st.builds(
        link,
        names,
        st.sampled_from("ab"),
        priority=st.integers(0, 2),
        factor=st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(3)]),
        cost=st.sampled_from([None, eur("1"), eur("2"), ob.Money.of("1", "USD")]),
    ),
    max_size=5,
    unique_by=lambda each: (each.supplier, each.remote_id),
)
some_offers = st.dictionaries(
    st.tuples(names, st.sampled_from("ab")),
    st.sampled_from([None, Offer(), Offer(price=eur("1"), available=Decimal(3))]),
)


@given(
    bought=st.lists(
        st.tuples(units, some_links, st.sampled_from(["RW-1", "OWN-1", "X", ""]), st.booleans()), max_size=4
    ),
    by=st.sampled_from(ob.SourceBy),
    offers=some_offers,
    settled=st.dictionaries(st.sampled_from("0123"), names),
)
def test_every_unit_that_is_needed_is_with_one_supplier_or_waits_for_a_named_thing(
    bought: list[tuple[Decimal, list[ob.ProductLink], str, bool]],
    by: ob.SourceBy,
    offers: dict[tuple[str, str], Offer | None],
    settled: dict[str, str],
) -> None:
    """Allocated, left to others and unlinked together are what is open, line by line."""
    lines = [
        line(str(no), quantity=count, sku=sku, shippable=shippable)
        for no, (count, _, sku, shippable) in enumerate(bought)
    ]
    links = {str(no): found for no, (_, found, _, _) in enumerate(bought)}
    found = allocate(
        order_of(*lines),
        {each.ref: each.open for each in lines},
        links=lambda each: links[each.ref],
        rules=(ob.SkuPrefix(prefix="RW-", supplier="rewix"), ob.OwnStock(prefix="OWN-")),
        choice=choice(by=by, offer=lambda *key: offers.get(key, Offer()), settled=settled),
    )
    for each in lines:
        parts = [part for part in found.allocations if part.line_ref == each.ref]
        allocated = max((part.units for part in parts), default=Decimal(0))
        waiting = each.open if each.ref in found.waits else Decimal(0)
        assert allocated + waiting == each.open
        assert len({part.supplier for part in parts}) <= 1
        assert not (parts and each.ref in found.waits)
        assert {part.supplier for part in parts} <= set(SUPPLIERS)
        assert len({part.remote_id for part in parts}) == len(parts)
        if parts and links[each.ref]:
            # A kit is whole.
            kit = {one.remote_id for one in links[each.ref] if one.supplier == parts[0].supplier}
            assert {part.remote_id for part in parts} == kit
    assert bool(found.unasked) == ("supplier" in found.waits.values())


def test_the_number_that_a_supplier_sees_is_made_in_one_way_for_ever() -> None:
    """By it a journal that was lost finds its orders, so another version must not make another one."""
    assert (
        reference(store="https://shop.example", order_ref="101", supplier="mall:7", n=1) == "2dc6mt5xrmkmyerk"
    )
