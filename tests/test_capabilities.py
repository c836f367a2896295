"""The page about what each platform can do says what the adapters can do."""

from __future__ import annotations

from orderbridge import PaymentKind, _store_adapter, _supplier_adapter, adapters
from test_made_pages import maker


def test_every_ability_stands_on_the_page() -> None:
    module = maker("make_capabilities.py")
    abilities = {
        name
        for name in adapters.__all__
        if getattr(getattr(adapters, name), "__abstractmethods__", None)
        and getattr(adapters, name).__module__
        in (_store_adapter.__name__, _supplier_adapter.__name__, adapters.__name__)
    }
    abilities |= {"PaidAtPlacing"}  # says something of ``place``, and has no method of its own
    assert abilities - {"StoreAdapter", "SupplierAdapter"} == {*module.STORES, *module.SUPPLIERS}


def test_the_page_says_of_every_supplier_how_it_is_paid() -> None:
    module = maker("make_capabilities.py")
    assert set(module.KINDS) == set(PaymentKind)
    rows = module.page().partition("### How they come by their money")[2]
    assert "| Rewix | `BY_HAND` |" in rows
    assert "| Hub | `BY_HUB` |" in rows
    assert rows.count("\n|") == 2 + len(list(module.ours("orderbridge.suppliers")))
