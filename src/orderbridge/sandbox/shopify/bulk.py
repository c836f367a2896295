"""Bulk queries: run at leisure over everything, their result a file with an object a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

CONNECTIONS, DEPTH, AT_ONCE = 5, 2, 5
LASTS = timedelta(days=7)


@attrs.define(kw_only=True, eq=False)
class Bulk:
    """One bulk query and what came of it."""

    id: int
    query: str
    created_at: datetime
    due: datetime
    status: str = "CREATED"
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
        "errorCode": None,
        "objectCount": bulk.objects,
        "rootObjectCount": bulk.roots,
        "fileSize": len(bulk.content) if bulk.completed_at else None,
        "url": bulk.url,
        "partialDataUrl": None,
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
            yield depth + 1, in_list
        listed = in_list or (kind.startswith("[") and not parent.name.endswith(("Connection", "Edge")))
        yield from _connections(schema, each.selection_set, inner, depth + paged, in_list=listed)


def lines(data: Mapping[str, object]) -> list[dict[str, object]]:
    """One object a line: what a connection held comes out, with the id of what held it."""
    found: list[dict[str, object]] = []
    for value in data.values():
        _collect(value, None, found)
    return found


def _collect(value: object, parent: object, found: list[dict[str, object]]) -> None:
    for node in nodes_of(value) or []:
        row: dict[str, object] = {}
        found.append(row)
        for name, inner in node.items():
            held = nodes_of(inner)
            if held is None:
                row[name] = inner
            else:
                _collect(inner, node.get("id"), found)
        if parent is not None:
            row["__parentId"] = parent


def nodes_of(value: object) -> list[Mapping[str, object]] | None:
    """The nodes of a connection in an answer; None where it is none."""
    if not isinstance(value, Mapping):
        return None
    held = cast("Mapping[str, object]", value)
    if isinstance(held.get("nodes"), list):
        return cast("list[Mapping[str, object]]", held["nodes"])
    if isinstance(held.get("edges"), list):
        return [edge["node"] for edge in cast("list[Mapping[str, Mapping[str, object]]]", held["edges"])]
    return None


def finish(bulk: Bulk, data: Mapping[str, object], origin: str, now: datetime) -> None:
    """The result is there; where nothing was found, there is no file."""
    found = lines(data)
    bulk.status, bulk.completed_at = "COMPLETED", now
    bulk.objects, bulk.roots = len(found), sum("__parentId" not in row for row in found)
    bulk.content = b"".join(encode(row) + b"\n" for row in found)
    bulk.url = f"{origin}/bulk/{bulk.id}.jsonl?signature=none" if found else None
