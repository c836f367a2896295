"""What a document costs, and the bucket it is paid from.

Before a document runs it is charged as if every page were full; what it did not use is given back. How
a page is charged is not published any more: ``linear`` is the rule that was (two, and every row), ``gentle``
grows with the square root of the rows, which is what the one complete newer measurement comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import isqrt
from typing import Literal, cast

import attrs
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from .schema import declared

Rule = Literal["linear", "gentle"]
MUTATION, MOST = 10, 1000


@attrs.frozen(kw_only=True)
class Tariff:
    """Charges one document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, object]
    rule: Rule

    def charge(self, operation: OperationDefinitionNode, data: object = None, *, done: bool = False) -> int:
        """The points: as asked, or, when ``done``, by what came back."""
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            return 0
        return self._selection(operation.selection_set, root, data, done)

    def _selection(self, selected: SelectionSetNode, parent: object, data: object, done: bool) -> int:
        points = 0
        for each in selected.selections:
            if isinstance(each, FieldNode):
                points += self._field(each, parent, data, done)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self.fragments[each.name.value]
                kind = self.schema.type_map.get(fragment.type_condition.name.value, parent)
                points += self._selection(fragment.selection_set, kind, data, done)
            elif isinstance(each, InlineFragmentNode):
                on = each.type_condition
                kind = self.schema.type_map.get(on.name.value, parent) if on else parent
                points += self._selection(each.selection_set, kind, data, done)
        return points

    def _field(self, field: FieldNode, parent: object, data: object, done: bool) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        known = parent.fields.get(field.name.value)
        if known is None or field.selection_set is None:
            return 0
        written = declared(known)
        kind = self.schema.type_map[written.strip("[]!")]
        name = field.alias.value if field.alias else field.name.value
        value = _at(data, name)
        if done and value is None and parent is not self.schema.mutation_type:
            return 0
        if parent is self.schema.mutation_type:
            return MUTATION + self._selection(field.selection_set, kind, value, done)
        if kind.name.endswith("Connection"):
            return self._connection(field, kind, value, done)
        inner = field.selection_set
        if written.startswith("["):
            # Without a size or ids, a list is charged like the one thing it is a list of.
            if done:
                return sum(self._selection(inner, kind, one, done) for one in _listed(value))
            return max(1, self._size(field)) * self._selection(inner, kind, None, done)
        payload = kind.name.endswith(("UserError", "Error", "PageInfo"))
        return (0 if payload else 1) + self._selection(inner, kind, value, done)

    def _connection(self, field: FieldNode, kind: object, value: object, done: bool) -> int:
        inner = field.selection_set
        if inner is None or not isinstance(kind, GraphQLObjectType):
            return 0
        rows = 0
        for each in inner.selections:
            if isinstance(each, FieldNode) and each.name.value in ("nodes", "edges") and each.selection_set:
                row = self.schema.type_map[declared(kind.fields[each.name.value]).strip("[]!")]
                if done:
                    name = each.alias.value if each.alias else each.name.value
                    rows += sum(self._row(each, row, one, done) for one in _listed(_at(value, name)))
                else:
                    rows += self._size(field) * self._row(each, row, None, done)
        return 2 + (rows if self.rule == "linear" else isqrt(rows))

    def _row(self, field: FieldNode, kind: object, data: object, done: bool) -> int:
        if field.selection_set is None:
            return 0
        # An edge costs nothing, the node in it is the object.
        points = self._selection(field.selection_set, kind, data, done)
        return points + (1 if field.name.value == "nodes" else 0)

    def _size(self, field: FieldNode) -> int:
        for argument in field.arguments:
            value = argument.value
            given = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
            if argument.name.value in ("first", "last"):
                if isinstance(value, IntValueNode):
                    return int(value.value)
                return given if isinstance(given, int) else 0
            if argument.name.value == "ids":
                return len(value.values) if isinstance(value, ListValueNode) else len(_listed(given))
        return 0


def _at(data: object, name: str) -> object:
    return cast("Mapping[str, object]", data).get(name) if isinstance(data, Mapping) else None


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


@attrs.define(kw_only=True)
class Bucket:
    """Points that come back with time."""

    maximum: float = 2000.0
    restore: float = 100.0
    left: float = attrs.field(init=False)
    seen: datetime | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.left = self.maximum

    def at(self, now: datetime) -> float:
        """What there is now."""
        if self.seen is not None and now > self.seen:
            self.left = min(self.maximum, self.left + (now - self.seen).total_seconds() * self.restore)
        self.seen = max(now, self.seen or now)
        return self.left

    def take(self, points: float) -> None:
        """Points are used, or given back."""
        self.left = min(self.maximum, self.left - points)

    def report(self, requested: int, actual: int | None) -> dict[str, object]:
        """``extensions.cost``."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": self.maximum,
                "currentlyAvailable": int(self.left),
                "restoreRate": self.restore,
            },
        }
