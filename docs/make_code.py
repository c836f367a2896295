"""Writes code.md from the first line of every module; run it after adding, moving or rewording one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

PAGE = Path(__file__).with_name("code.md")
SOURCES = Path(__file__).parents[1] / "src/orderbridge"

INTRO = """\
<!-- Made by docs/make_code.py from the modules' first lines: change those, then run it. -->

# Where things are

For whoever changes orderbridge. Every module says in its first line what it is for; here they stand by
what they have to do with each other. A module imports only what stands below it on the ladder in
`tests/test_import_rules.py`, which fails on a breach.

An order's way through the code: `_pull` reads a page of orders, `_intake` stores each and shares it out by
`_sourcing` and `_policy`; `_orders` says what is next for it, and `_place`, `_follow` and `_announce` do it.
Each effect on the outside goes through `_engine`, which writes it down in the `_journal` before it leaves.
Sagas only say what they want read, written or waited for; `_drivers` do it.
"""

GROUPS = {
    "What is imported by name": "__init__ adapters auth errors",
    "The words of the field": "_money _weight _model _states _standing _records _intents _wishes _reviews "
    "_events _couriers _wording _canonical",
    "Between a platform and the rest": "_store_adapter _supplier_adapter _writes _raised _http _wire",
    "What the bridge decides by": "_policy _shipping_rules _fits _sourcing _quote _guards _owners",
    "The journal": "_journal* journals journals.*",
    "Doing something once": "_saga _world _engine*",
    "Orders come in": "_pull _intake* _links* _source_anew _changes _address* _forget",
    "Orders go out": "_orders* _plan _cart _put_right _checkout* _purchase_operation _place* _pay* _follow "
    "_departures _daily_look _announce _progress",
    "What people say and see": "_commands* _views _timeline _health _by_people _shipments_table",
    "Parcels for a courier": "_manifest*",
    "After the fact": "_cases _resend _revoke _twins _tasks",
    "Time, sockets and chance": "_run _far_ahead _drivers* _calls _clockwork _pace _buckets _token_store",
    "The faces": "_bridge* _setup _config _settings _plugins",
    "Stores": "stores stores.*",
    "Suppliers": "suppliers suppliers.*",
    "Simulated platforms": "sandbox sandbox.*",
    "Suites and the simulator": "testing testing.*",
    "Fitting into others": "ext ext.*",
    "The command line": "cli cli.*",
}


def modules() -> Iterator[tuple[str, str]]:
    """Name and first line of each module; a package goes by its own name."""
    for path in sorted(SOURCES.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCES).with_suffix("").parts)
        said = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        if said or not name.endswith("__init__"):
            yield name.removesuffix(".__init__"), said


def group_of(name: str) -> str:
    """The one heading under which a module stands."""
    found = [title for title, those in GROUPS.items() if any(fnmatch(name, each) for each in those.split())]
    if len(found) != 1:
        raise ValueError(f"{name} stands under {found or 'no heading'}: see GROUPS in {Path(__file__).name}")
    return found[0]


def page() -> str:
    """The whole page."""
    rows: dict[str, list[str]] = {title: [] for title in GROUPS}
    for name, said in modules():
        rows[group_of(name)].append(f"| `{name}` | {said.replace('``', '`').replace('|', chr(92) + '|')} |")
    parts = [
        "\n".join([f"## {title}", "", "| module | |", "| --- | --- |", *found])
        for title, found in rows.items()
    ]
    return "\n\n".join([INTRO.rstrip("\n"), *parts]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
