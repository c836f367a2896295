"""Search queries: terms, AND, OR, NOT, brackets, comparators, and times that must be quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

import attrs

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<minus>-)?(?P<field>[A-Za-z_][\w.$-]*):(?P<op><=|>=|<|>)?
        (?P<value>'(?:\\.|[^'])*'|"(?:\\.|[^"])*"|[^\s()]*)
      | (?P<word>'(?:\\.|[^'])*'|"(?:\\.|[^"])*"|[^\s()]+)
    )""",
    re.X,
)
TIMES = ("created_at", "updated_at", "processed_at")
Row = Mapping[str, object]
Test = Callable[[Row], bool]


@attrs.define
class _Reader:
    tokens: list[dict[str, str | None]]

    def either(self) -> Test:
        tests = [self.all()]
        while self._word() == "OR":
            self.tokens.pop(0)
            tests.append(self.all())
        return lambda row: any(test(row) for test in tests)

    def all(self) -> Test:
        tests: list[Test] = []
        while self.tokens and self._word() != "OR" and self.tokens[0]["bracket"] != ")":
            if self._word() == "AND":
                self.tokens.pop(0)
            else:
                tests.append(self.one())
        return lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        token = self.tokens.pop(0)
        if token["word"] == "NOT" and self.tokens:
            negated = self.one()
            return lambda row: not negated(row)
        if token["bracket"] == "(":
            inner = self.either()
            if self.tokens:
                self.tokens.pop(0)
            return inner
        if token["field"]:
            test = _term(token["field"], token["op"] or "", token["value"] or "")
            return (lambda row: not test(row)) if token["minus"] else test
        return _anywhere(_plain(token["word"] or ""))

    def _word(self) -> str | None:
        return self.tokens[0]["word"] if self.tokens else None


def compiled(query: str) -> Test:
    """A test of rows as the search index keeps them."""
    tokens = [found.groupdict() for found in _TOKEN.finditer(query)]
    return _Reader(tokens).either() if tokens else lambda row: True


def _plain(value: str) -> str:
    quoted = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if quoted else value


def _term(field: str, op: str, value: str) -> Test:
    wanted = _plain(value)
    if field in TIMES or field.endswith("_at"):
        # Without quotes only the day is read.
        return _time(field, op, wanted if value != wanted else wanted[:10])
    if field == "tag_not":
        return lambda row: wanted.lower() not in _texts(row.get("tag"))
    if field == "id" and op:
        return lambda row: _compare(_texts(row.get("id"))[0], op, wanted)

    def test(row: Row) -> bool:
        # A field that is not known is left out with a warning: everything matches.
        if field not in row:
            return True
        names = [one.strip().lower() for one in wanted.split(",")]
        found = _texts(row[field])
        return any(
            any(
                each.startswith(name[:-1]) if name.endswith("*") and name != "*" else each == name
                for each in found
            )
            or (name == "*" and bool(found))
            for name in names
        )

    return test


def _time(field: str, op: str, wanted: str) -> Test:
    def test(row: Row) -> bool:
        have = row.get(field)
        if not isinstance(have, str):
            return False
        wide = wanted.replace("+00:00", "Z")
        mine = have[: len(wide)] if len(wide) == 10 else have
        return _compare(mine, op, wide)

    return test


def _compare(have: str, op: str, wanted: str) -> bool:
    # Numbers are as long as each other once they are padded; times are already.
    left, right = have.rjust(24), wanted.rjust(24)
    match op:
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case _:
            return left == right


def _anywhere(word: str) -> Test:
    return lambda row: any(word.lower() in _texts(row.get(name)) for name in ("name", "email", "sku", "tag"))


def _texts(value: object) -> list[str]:
    found = cast("list[object]", value) if isinstance(value, list) else [value]
    return [str(one).lower() for one in found]
