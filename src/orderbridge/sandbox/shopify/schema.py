"""The schema that is executed, from the file beside this one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)

from .values import Newer


@cache
def schema() -> GraphQLSchema:
    """The part of the Admin API that the sandbox knows."""
    built = build_schema(
        files(__name__.rpartition(".")[0]).joinpath("admin.graphql").read_text(encoding="utf-8")
    )
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLEnumType) and not kind.name.startswith("__"):
            kind.serialize = _open(kind)  # type: ignore[assignment, method-assign]
    for name, check in (("DateTime", _time), ("URL", _url), ("Money", _number), ("Decimal", _number)):
        if isinstance(scalar := built.type_map.get(name), GraphQLScalarType):
            scalar.parse_value = check  # type: ignore[method-assign]
    if isinstance(scalar := built.type_map.get("UnsignedInt64"), GraphQLScalarType):
        scalar.serialize = _text  # type: ignore[method-assign]
    return built


def declared(of: GraphQLField | GraphQLResolveInfo) -> str:
    """The type of a field as the schema writes it, ``[Order!]!``."""
    # The library leaves open what its wrapping types wrap.
    if isinstance(of, GraphQLField):
        return str(of.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return str(of.return_type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _open(kind: GraphQLEnumType) -> Callable[[object], str]:
    known = kind.serialize

    def serialize(value: object) -> str:
        return str(value) if isinstance(value, Newer) else str(known(value))

    return serialize


def _text(value: object) -> str:
    return str(value)


def _time(value: object) -> object:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        raise GraphQLError(f"{value} is not a valid ISO8601 date time") from None
    return value


def _url(value: object) -> object:
    parts = urlsplit(str(value))
    if not parts.scheme or not parts.netloc:
        raise GraphQLError(f"Invalid url '{value}', missing scheme")
    return value


def _number(value: object) -> object:
    try:
        Decimal(str(value))
    except InvalidOperation:
        raise GraphQLError(f"{value} is not a decimal") from None
    return value
