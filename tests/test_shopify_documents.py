"""Every document that is sent to Shopify is one that Shopify's schema allows, and asks for nothing of old."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import graphql
import pytest

from orderbridge.stores.shopify._answers import MAKES
from shopify_client import DOCUMENTS

SCHEMA = Path(__file__).parents[1].parent / "shared/shopify/admin-trimmed.graphql"


@cache
def schema() -> Any:
    if not SCHEMA.exists():
        pytest.skip("no schema here")
    return graphql.build_schema(SCHEMA.read_text())


def test_there_are_documents_to_look_at() -> None:
    some = {"CHANGED_ORDERS", "RUN_BULK", "SHIP", "REFUND", "WHO_AM_I"}  # of each part
    assert some <= DOCUMENTS.keys()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_schema_allows_it(name: str) -> None:
    errors = graphql.validate(schema(), graphql.parse(DOCUMENTS[name]))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_it_asks_for_nothing_deprecated(name: str) -> None:
    rules = [graphql.NoDeprecatedCustomRule]
    errors = graphql.validate(schema(), graphql.parse(DOCUMENTS[name]), rules)
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_it_is_one_operation_with_a_name_of_its_own(name: str) -> None:
    """The name is what tells one call from another in Shopify's own records."""
    operations = [
        each
        for each in graphql.parse(DOCUMENTS[name]).definitions
        if isinstance(each, graphql.OperationDefinitionNode)
    ]
    assert [bool(each.name) for each in operations] == [True]
    others = [text for other, text in DOCUMENTS.items() if other != name]
    assert not any(f" {operations[0].name.value}(" in text for text in others)


def test_of_every_mutation_it_is_known_what_it_makes() -> None:
    """An answer to one is believed only if that is in it; nothing else would ever be confirmed."""
    unknown: list[str] = []
    for text in DOCUMENTS.values():
        for each in graphql.parse(text).definitions:
            if isinstance(each, graphql.OperationDefinitionNode) and each.operation.value == "mutation":
                for field in each.selection_set.selections:
                    asked = {inner.name.value for inner in field.selection_set.selections}
                    own = MAKES.get(field.name.value)
                    errors = {name for name in asked if name.endswith("serErrors")}
                    unknown += [] if own in asked and errors else [field.name.value]
    assert unknown == []


def test_what_a_mutation_makes_is_a_field_of_its_answer() -> None:
    mutations = schema().mutation_type.fields
    for name, own in MAKES.items():
        assert own in graphql.get_named_type(mutations[name].type).fields


# What orders are read with; the probe's may look at the first few of a list.
OF_ORDERS = (
    "ALL_LEFT_AND_REFUNDED",
    "CHANGED_IDS",
    "CHANGED_ORDERS",
    "CHANGED_WORK",
    "LEFT_AND_REFUNDED",
    "LEFT_LINES",
    "MORE_LINES",
    "MORE_SHIPPING",
    "MORE_WORK",
    "MORE_WORK_LINES",
    "ONE_ORDER",
    "REFUNDED_LINES",
    "SOME_ORDERS",
    "THEIR_LINES",
    "WORK_LINES",
    # before something is written
    "CANCELABLE",
    "CONTENTS",
    "EVENTS",
    "MORE_EVENTS",
    "MORE_MARKS",
    "MORE_SHIPPABLE",
    "MORE_SHIPPABLE_LINES",
    "REFUNDABLE",
    "REFUND_MADE",
    "SHIPPING",
)


@pytest.mark.parametrize("name", OF_ORDERS)
def test_a_list_that_may_go_on_says_whether_it_does(name: str) -> None:
    """No list is taken for whole that is cut."""
    info = graphql.TypeInfo(schema())
    lists = Lists(info)
    graphql.visit(graphql.parse(DOCUMENTS[name]), graphql.TypeInfoVisitor(info, lists))
    assert lists.cut == []


class Lists(graphql.Visitor):
    """Lists that are asked for without their ``pageInfo``."""

    def __init__(self, info: Any) -> None:
        super().__init__()
        self.info = info
        self.cut: list[str] = []

    def enter_field(self, node: Any, *_: object) -> None:
        kind = graphql.get_named_type(self.info.get_type())
        if kind is not None and kind.name.endswith("Connection"):
            asked = {each.name.value for each in node.selection_set.selections}
            self.cut += [] if "pageInfo" in asked else [node.name.value]
