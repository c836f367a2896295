"""Bulk queries: run at leisure over everything, their result a file with an object a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import cast

import attrs
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
)

from .schema import declared
from .values import Node, encode, gid, iso

# Depth is counted below the connection at the root.
CONNECTIONS, DEPTH, AT_ONCE = 5, 2, 5
LASTS = timedelta(days=7)
SIGNATURE = "Signature=c2lnbmVk%2BaGVyZQ%3D%3D&response-content-type=application%2Fjsonl"
AT_A_TIME = 50  # orders that are looked up together
_RANGE = re.compile(r"bytes=(\d+)-(\d+)?")

Row = dict[str, object]


@attrs.define(kw_only=True, eq=False)
class Bulk:
    """One bulk query and what came of it.

    Args:
        grouped: Each line stands right below the one that it belongs to; else all of a level come first.

        content: What the file holds; of a query that failed, the part that there is.
    """

    id: int
    query: str
    created_at: datetime
    due: datetime
    grouped: bool = False
    status: str = "CREATED"
    error: str | None = None
    completed_at: datetime | None = None
    content: bytes = b""
    url: str | None = None
    objects: int = 0
    roots: int = 0


def bulk_node(at: object, bulk: Bulk) -> Node:
    """A BulkOperation."""
    return {
        "__typename": "BulkOperation",
        "id": gid("BulkOperation", bulk.id),
        "status": bulk.status,
        "type": "QUERY",
        "query": bulk.query,
        "createdAt": iso(bulk.created_at),
        "completedAt": iso(bulk.completed_at),
        "errorCode": bulk.error,
        "objectCount": bulk.objects,
        "rootObjectCount": bulk.roots,
        "fileSize": len(bulk.content) if bulk.completed_at else None,
        "url": bulk.url if bulk.status == "COMPLETED" else None,
        "partialDataUrl": bulk.url if bulk.status == "FAILED" else None,
    }


def refusal(schema: GraphQLSchema, document: DocumentNode) -> str:
    """Why such a query cannot be run in bulk; empty if it can."""
    roots = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(document.definitions) != 1 or len(roots) != 1 or roots[0].operation.value != "query":
        return "Bulk query is not valid: exactly one query, without fragments."
    root = schema.query_type
    found = list(_connections(schema, roots[0].selection_set, root, 0, in_list=False)) if root else []
    if not found:
        return "The bulk query must include at least one connection."
    if len(found) > CONNECTIONS:
        return f"Bulk queries cannot contain more than {CONNECTIONS} connections."
    if bare := [name for name, field in _fields(schema, roots[0].selection_set, root) if field == "nodes"]:
        return (
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
            "'products { edges { node {'. Selecting via 'nodes' is not supported. Invalid connection fields: "
            f"'{bare[0]}'."
        )
    if nameless := [
        name for name, field in _fields(schema, roots[0].selection_set, root) if field == "no id"
    ]:
        return (
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and "
            f"must be of 'ID' return type. Connection fields without 'id': {nameless[0]}."
        )
    if any(depth > DEPTH for depth, _ in found):
        return f"Bulk queries cannot contain connections with a nesting depth greater than {DEPTH}."
    if any(listed for _, listed in found):
        return "Queries that contain a connection field within a list field are not currently supported."
    return ""


def _connections(
    schema: GraphQLSchema, selected: SelectionSetNode, parent: GraphQLObjectType, depth: int, *, in_list: bool
) -> Iterator[tuple[int, bool]]:
    for each in selected.selections:
        if (
            not isinstance(each, FieldNode)
            or each.selection_set is None
            or each.name.value not in parent.fields
        ):
            continue
        kind = declared(parent.fields[each.name.value])
        inner = schema.type_map[kind.strip("[]!")]
        if not isinstance(inner, GraphQLObjectType):
            continue
        paged = inner.name.endswith("Connection")
        if paged:
            yield depth, in_list
        listed = in_list or (kind.startswith("[") and not parent.name.endswith(("Connection", "Edge")))
        yield from _connections(schema, each.selection_set, inner, depth + paged, in_list=listed)


def _fields(schema: GraphQLSchema, selected: SelectionSetNode, parent: object) -> Iterator[tuple[str, str]]:
    """Connections that are asked for in a way that bulk queries don't know, and which way that is."""
    for each in selected.selections:
        if not isinstance(each, FieldNode) or each.selection_set is None:
            continue
        if not isinstance(parent, GraphQLObjectType) or each.name.value not in parent.fields:
            continue
        inner = schema.type_map[declared(parent.fields[each.name.value]).strip("[]!")]
        names = [one.name.value for one in each.selection_set.selections if isinstance(one, FieldNode)]
        if inner.name.endswith("Connection") and "nodes" in names:
            yield each.name.value, "nodes"
        if (
            each.name.value == "node"
            and isinstance(inner, GraphQLObjectType)
            and "id" not in names
            and any(_connections(schema, each.selection_set, inner, 0, in_list=False))
        ):
            yield inner.name, "no id"
        yield from _fields(schema, each.selection_set, inner)


# --- the file -----------------------------------------------------------------------------------------


def finish(bulk: Bulk, read: Callable[[int], Mapping[str, object]], origin: str, now: datetime) -> None:
    """The result is there; where nothing was found, there is no file.

    Args:
        bulk: The query.

        read: Its data from a row of its root on, some rows at a time.

        origin: Where the file is to be fetched.

        now: When it is done.
    """
    levels: list[list[bytes]] = []
    found, start = True, 0
    while found:
        nodes = [node for value in read(start).values() for node in nodes_of(value) or ()]
        for node in nodes:
            _write(node, None, levels, 0 if bulk.grouped else None, 0)
        bulk.roots += len(nodes)
        found, start = len(nodes) == AT_A_TIME, start + len(nodes)
    bulk.completed_at = now
    bulk.status = "FAILED" if bulk.error else "COMPLETED"
    rows = [row for level in levels for row in level]
    bulk.objects = len(rows)
    bulk.content = b"".join(rows[: len(rows) // 2] if bulk.error else rows)
    bulk.url = f"{origin}/bulk/{bulk.id}-final?{SIGNATURE}" if bulk.content else None


def _write(
    node: Mapping[str, object], parent: object, levels: list[list[bytes]], to: int | None, depth: int
) -> None:
    """One object a line: what a connection held comes out, with the id of what held it."""
    row: Row = {name: inner for name, inner in node.items() if nodes_of(inner) is None}
    if parent is not None:
        row["__parentId"] = parent
    level = depth if to is None else to
    while len(levels) <= level:
        levels.append([])
    levels[level].append(encode(row) + b"\n")
    for inner in node.values():
        for each in nodes_of(inner) or ():
            _write(each, node.get("id"), levels, to, depth + 1)


def nodes_of(value: object) -> list[Mapping[str, object]] | None:
    """The nodes of a connection in an answer; None where it is none."""
    if not isinstance(value, Mapping):
        return None
    held = cast("Mapping[str, object]", value)
    if isinstance(held.get("edges"), list):
        return [edge["node"] for edge in cast("list[Mapping[str, Mapping[str, object]]]", held["edges"])]
    return None


def piece(bulk: Bulk, wanted: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body for a ``Range``; the whole file without one."""
    size = len(bulk.content)
    found = _RANGE.fullmatch(wanted)
    if found is None:
        return 200, {}, bulk.content
    first, last = int(found[1]), min(int(found[2] or size), size - 1)
    if first >= size:
        return 416, {"Content-Range": f"bytes */{size}"}, b""
    return 206, {"Content-Range": f"bytes {first}-{last}/{size}"}, bulk.content[first : last + 1]
