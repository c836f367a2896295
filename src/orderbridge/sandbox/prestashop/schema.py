"""What each resource of the webservice looks like: its fields, and what they accept.

A line of a table reads: name, kind (``!`` required), check and largest size, ``>`` resource it points to,
and ``dynamic`` (worked out when read, so it cannot be filtered) or ``readonly``. Order is as on the wire.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

import attrs

from .values import NO_DAY, NO_TIME

# "bool" columns read "0"/"1" even where PHP gives native numbers; a few, "flag", are numbers all the same.
# "empty" is a number that may be null, which reads "". "html" keeps its tags, "text" loses them.
Kind: TypeAlias = Literal[
    "int", "empty", "bool", "flag", "money", "rate", "percent", "text", "html", "i18n", "date", "day"
]
NUMBERS = ("int", "empty", "bool", "flag", "money", "rate", "percent")
NATIVE = ("int", "empty", "flag")
DECIMALS = {"money": 6, "rate": 3, "percent": 2}
DEFAULTS = {
    **dict.fromkeys(("int", "bool", "flag"), "0"),
    "money": "0.000000",
    "rate": "0.000",
    "percent": "0.00",
    "date": NO_TIME,
    "day": NO_DAY,
}


@attrs.frozen(kw_only=True)
class Field:
    """One field. ``check`` is PrestaShop's own name of its validator."""

    name: str
    kind: Kind
    required: bool = False
    check: str = ""
    size: int = 0
    link: str = ""
    dynamic: bool = False
    readonly: bool = False

    @property
    def default(self) -> str:
        """What the column holds when nobody said anything."""
        return DEFAULTS.get(self.kind, "")


@attrs.frozen(kw_only=True)
class Part:
    """Rows that stand inside a resource, under ``associations``."""

    name: str
    node: str
    fields: tuple[Field, ...]
    virtual: bool = False


@attrs.frozen(kw_only=True)
class Resource:
    """One resource.

    Args:
        name: In the path.

        node, nodes: Around one and around many; only order_slip has a path of another name.

        title: Its PHP class, as validation errors call it.

        by_shop: Its lists hold only rows of the shop asked for.
    """

    name: str
    node: str
    nodes: str
    title: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()
    by_shop: bool = False

    def field(self, name: str) -> Field | None:
        """A field by its name."""
        return next((field for field in self.fields if field.name == name), None)


def read_fields(table: str) -> tuple[Field, ...]:
    """A table as described above."""
    return tuple(_read_field(line.split()) for line in table.strip().splitlines())


def _read_field(words: list[str]) -> Field:
    name, kind, *rest = words
    field = Field(name=name, kind=_kind(kind.rstrip("!")), required=kind.endswith("!"))
    for word in rest:
        if word.startswith(">"):
            field = attrs.evolve(field, link=word[1:])
        elif word in ("dynamic", "readonly"):
            field = attrs.evolve(field, dynamic=word == "dynamic", readonly=word == "readonly")
        else:
            check, _, size = word.partition(":")
            field = attrs.evolve(field, check=check, size=int(size or 0))
    return field


def _kind(word: str) -> Kind:
    assert word in get_args(Kind), word
    return cast("Kind", word)
