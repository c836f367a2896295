"""The SQL files and the one place that uses them fit together."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orderbridge.journals._sql import migrations, queries, statements

SOURCES = Path(__file__).parents[1] / "src/orderbridge"
QUERIES = queries()


def keys_of_dicts(tree: ast.AST) -> dict[str, frozenset[str]]:
    """The keys of each ``name: dict[...] = {...}``, for the calls that hand on ``**name``."""
    return {
        node.target.id: frozenset(key.value for key in node.value.keys if isinstance(key, ast.Constant))
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Dict)
    }


def values_given(call: ast.Call, dicts: dict[str, frozenset[str]]) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg
        else:
            assert isinstance(keyword.value, ast.Name)
            yield from dicts[keyword.value.id]


def calls(module: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Each ``run("name", value=...)`` in the source of a part of ``Tx``: the name and the values it gives."""
    tree = ast.parse(module.read_text("utf-8"))
    dicts = keys_of_dicts(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run":
            [name] = node.args
            assert isinstance(name, ast.Constant)
            yield name.value, frozenset(values_given(node, dicts))


MODULES = sorted(SOURCES.glob("_journal*.py"))
CALLS = sorted({call for module in MODULES for call in calls(module)}, key=str)


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for script in migrations():
            for statement in statements(script):
                connection.execute(statement)
        yield connection


def placeholders(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"(?<!:):(\w+)", text))


def test_every_query_is_used_and_every_query_that_is_used_exists() -> None:
    assert {name for name, _ in CALLS} == set(QUERIES)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_finds_its_queries_in_the_file_of_its_name(module: Path) -> None:
    file = SOURCES / "journals/sql/queries" / f"{module.stem.removeprefix('_journal_').lstrip('_')}.sql"
    written = re.findall(r"^-- name: (\w+)$", file.read_text("utf-8"), re.MULTILINE) if file.exists() else []
    assert {name for name, _ in calls(module)} == set(written)


@pytest.mark.parametrize(("name", "given"), CALLS)
def test_a_query_is_given_just_the_values_it_asks_for(name: str, given: frozenset[str]) -> None:
    assert given == placeholders(QUERIES[name].text)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_says_what_it_is_for_in_one_line(name: str) -> None:
    about = QUERIES[name].about
    assert about
    assert about[-1] in ".?"
    assert "--" not in QUERIES[name].text


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_fits_the_schema(name: str, database: sqlite3.Connection) -> None:
    text = QUERIES[name].text
    database.execute(f"EXPLAIN {text}", dict.fromkeys(placeholders(text))).fetchall()


def test_the_audit_and_the_tries_are_never_deleted_and_their_bytes_only_blanked() -> None:
    writes = {
        name: query.text
        for name, query in QUERIES.items()
        if re.search(r"\b(UPDATE|DELETE FROM) (events|attempts)\b", query.text)
    }
    assert set(writes) == {"put_attempt", "scrub_attempts"}
    assert "request" not in writes["put_attempt"]
    assert "sha256" not in writes["put_attempt"] + writes["scrub_attempts"]
    assert "request = ''" in writes["scrub_attempts"]


# What is read at every step must not grow slower with the journal.
@pytest.mark.parametrize(
    "name",
    [
        "due",
        "events_after",
        "events_of",
        "find_intent",
        "get_order",
        "get_work",
        "notices_of",
        "purchase_by_supplier_ref",
        "purchases_by_state",
        "purchases_of",
        "last_op_no",
        "spent",
        "supplier_refs",
        "unresolved",
    ],
)
def test_a_query_of_every_step_finds_its_rows_by_an_index(name: str, database: sqlite3.Connection) -> None:
    text = QUERIES[name].text
    plan = database.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys(placeholders(text))).fetchall()
    assert not [detail for *_, detail in plan if detail.startswith("SCAN")]


# What a place asks for of many rows comes from the index alone, without the documents beside them.
@pytest.mark.parametrize("name", ["last_op_no", "supplier_refs"])
def test_a_query_for_a_column_of_many_rows_reads_no_rows(name: str, database: sqlite3.Connection) -> None:
    text = QUERIES[name].text
    plan = database.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys(placeholders(text))).fetchall()
    assert ["COVERING INDEX" in detail for *_, detail in plan] == [True]


def test_migrations_split_into_whole_statements() -> None:
    for script in migrations():
        found = statements(script)
        assert found
        assert all(sqlite3.complete_statement(text) for text in found)
        # Nothing is lost: what is left out is only comments and space.
        code = [line for line in script.splitlines() if not line.startswith("--")]
        assert "".join("".join(found).split()) == "".join("".join(code).split())


# Embedders read these: a column may be added, never renamed or removed.
PROMISED = {
    "orderbridge_orders": "id store ref number owner placed_at updated_at currency payment canceled "
    "raw_status total taken held",
    "orderbridge_lines": "order_id ref sku name quantity open shippable waits",
    "orderbridge_purchase_orders": "id order_id supplier n reference supplier_ref fulfillment payment "
    "raw_status created_at waits",
    "orderbridge_shipments": "key order_id purchase_order_id shipment_ref state",
    "orderbridge_reviews": "id code about order_id account owner evidence opened_at resolved_at decision",
    "orderbridge_cases": "id order_id purchase_order_id key kind state opened_at",
    "orderbridge_manifests": "id courier owner state created_at shipped_at",
}


def test_the_promised_views_are_all_there_is(database: sqlite3.Connection) -> None:
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
    assert {name for (name,) in names} == set(PROMISED)


@pytest.mark.parametrize("view", PROMISED)
def test_a_promised_view_keeps_its_columns_and_shows_no_shopper(
    view: str, database: sqlite3.Connection
) -> None:
    cursor = database.execute(f"SELECT * FROM {view}")
    columns = [column for column, *_ in cursor.description]
    cursor.fetchall()
    assert columns == PROMISED[view].split()
    assert not {"doc", "private", "salt", "hash"} & set(columns)
