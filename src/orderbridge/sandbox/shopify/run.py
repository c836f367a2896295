"""Carries a document out: parses, checks, charges, answers field by field; errors worded as Shopify does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, cast

import attrs
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLDirective,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    execute,  # pyright: ignore[reportUnknownVariableType] - the library leaves its middleware untyped
    get_directive_values,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from . import order_writes, shop_writes, work_writes
from .ask import Ask
from .cost import MOST, Bucket, Rule, Tariff
from .reading import query_root
from .schema import declared, schema
from .values import Asked, Json, Newer, Node, Object, Refusal, ShopError

MUTATIONS = {**work_writes.MUTATIONS, **order_writes.MUTATIONS, **shop_writes.MUTATIONS}
KEYED = ("refundCreate",)
DOCUMENTATION = "https://shopify.dev/api/usage/"
# Any one of these, to see what is of this type.
TYPES: Mapping[str, tuple[str, ...]] = {
    "Order": ("read_orders", "write_orders"),
    "OrderConnection": ("read_orders", "write_orders"),
    "Count": ("read_orders", "write_orders"),
    "Refund": ("read_orders", "write_orders"),
    "Customer": ("read_customers",),
    "ProductVariant": ("read_products",),
    "Product": ("read_products",),
    "InventoryItem": ("read_products", "read_inventory"),
    "Location": ("read_locations",),
    "LocationConnection": ("read_locations",),
    "Return": ("read_returns", "write_returns"),
    "ReturnConnection": ("read_returns", "write_returns"),
}
ANY_WORK = tuple(
    f"write_{kind}_fulfillment_orders" for kind in ("assigned", "merchant_managed", "third_party")
)
WRITES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(MUTATIONS, ("write_orders",)),
    **dict.fromkeys((name for name in MUTATIONS if name.startswith("fulfillment")), ANY_WORK),
    **dict.fromkeys(("fulfillmentEventCreate", "fulfillmentServiceCreate"), ("write_fulfillments",)),
    **dict.fromkeys(
        (
            "fulfillmentOrderAcceptFulfillmentRequest",
            "fulfillmentOrderRejectFulfillmentRequest",
            "fulfillmentOrderAcceptCancellationRequest",
            "fulfillmentOrderRejectCancellationRequest",
            "fulfillmentOrderClose",
        ),
        ("write_assigned_fulfillment_orders",),
    ),
    "fulfillmentOrderSubmitFulfillmentRequest": ("write_third_party_fulfillment_orders",),
    "fulfillmentOrderSubmitCancellationRequest": ("write_third_party_fulfillment_orders",),
    "fulfillmentOrderReportProgress": ANY_WORK[:2],
    **dict.fromkeys(shop_writes.MUTATIONS, ()),
}


class Done(NamedTuple):
    """An answer's body, and what it cost."""

    body: dict[str, object]
    throttled: bool = False


@attrs.define
class _Resolver:
    at: Ask

    def __call__(self, source: Node, info: GraphQLResolveInfo, **args: Json) -> object:
        kind = declared(info).strip("[]!")
        mutates = info.parent_type is info.schema.mutation_type
        needed = WRITES[info.field_name] if mutates else TYPES.get(kind, ())
        if needed and not self.at.scopes & set(needed):
            # The work has its scopes itself; an order reached from it needs its own.
            scope = f"`{needed[0]}` access scope."
            raise ShopError(
                f"Access denied for {info.field_name} field. Required access: {scope}",
                code="ACCESS_DENIED",
                documentation=DOCUMENTATION + "access-scopes",
                requiredAccess=scope,
            )
        if mutates:
            return self._mutate(info, args)
        value = source[info.field_name]
        if isinstance(value, Asked):
            value = value.answer(args)
        elif callable(value):
            value = value()
        newer = self.at.shop.newer.get(kind)
        return Newer(newer) if newer is not None and isinstance(value, str) else value

    def _mutate(self, info: GraphQLResolveInfo, args: dict[str, Json]) -> Node:
        directive = info.schema.get_directive("idempotent")
        self.at.key = _key(directive, info) if directive else None
        payload = info.schema.type_map[declared(info)]
        empty: dict[str, object] = {}
        if isinstance(payload, GraphQLObjectType):
            empty = {str(name): None for name in payload.fields}
        try:
            return {**empty, "userErrors": [], **MUTATIONS[info.field_name](self.at, **args)}
        except Refusal as no:
            entry = {"field": no.field, "message": no.message, "code": no.code, "elementIndex": None}
            return {**empty, "userErrors": [entry]}


def _key(directive: GraphQLDirective, info: GraphQLResolveInfo) -> str | None:
    found = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return str(found["key"]) if found else None


@lru_cache(maxsize=256)
def _checked(source: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A document and what is wrong with it; clients send the same ones over and over."""
    document = parse(source)
    return document, validate(schema(), document)


def run(at: Ask, ask: Mapping[str, Json], bucket: Bucket, rule: Rule) -> Done:
    """One document, charged to the bucket."""
    source, name = ask.get("query"), ask.get("operationName")
    variables = ask.get("variables")
    given = variables if isinstance(variables, dict) else {}
    if not isinstance(source, str):
        return Done({"errors": {"query": "Required parameter missing or invalid"}})
    try:
        document, wrongs = _checked(source)
    except GraphQLError as wrong:
        return Done({"errors": [_worded(wrong, code="PARSE_ERROR")]})
    if wrongs:
        return Done({"errors": [_worded(wrong) for wrong in wrongs]})
    operation = get_operation_ast(document, name if isinstance(name, str) else None)
    if operation is None:
        return Done({"errors": [{"message": "No operation of that name" if name else "No operation"}]})
    coerced = get_variable_values(schema(), operation.variable_definitions or (), given)
    if isinstance(coerced, list):
        return Done({"errors": [_worded(wrong, code="INVALID_VARIABLE") for wrong in coerced]})
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    tariff = Tariff(schema=schema(), fragments=fragments, variables=coerced, rule=rule)
    requested = tariff.charge(operation)
    left = bucket.at(at.now)
    if requested > MOST:
        return Done({"errors": [_too_much(requested)]})
    if requested > left:
        error = {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": DOCUMENTATION + "rate-limits"},
        }
        return Done(
            {"errors": [error], "extensions": {"cost": bucket.report(requested, None)}}, throttled=True
        )
    body = _execute(at, document, operation, given)
    actual = tariff.charge(operation, body["data"], done=True)
    bucket.take(min(actual, requested))
    return Done({**body, "extensions": {"cost": bucket.report(requested, min(actual, requested))}})


def run_free(at: Ask, source: str) -> Mapping[str, object]:
    """The data of a query that nobody is charged for."""
    document = parse(source)
    operation = get_operation_ast(document)
    data = _execute(at, document, operation, {})["data"] if operation else None
    return cast("Mapping[str, object]", data) if isinstance(data, Mapping) else {}


def _execute(
    at: Ask, document: DocumentNode, operation: OperationDefinitionNode, variables: Object
) -> dict[str, object]:
    result = execute(
        schema(),
        document,
        root_value=query_root(at),
        variable_values=variables,
        operation_name=operation.name.value if operation.name else None,
        field_resolver=_Resolver(at),
    )
    if not isinstance(result, ExecutionResult):
        raise TypeError("resolvers are not asynchronous")
    body: dict[str, object] = {"data": result.data}
    if result.errors:
        body["errors"] = [_executed(error) for error in result.errors]
    return body


def _executed(error: GraphQLError) -> Object:
    origin = error.original_error
    if origin is not None and not isinstance(origin, ShopError | GraphQLError):
        # A mistake in the sandbox, not in the call: hide nothing.
        raise origin
    extensions = origin.extensions if isinstance(origin, ShopError) else {}
    return _worded(error, **extensions)


def _worded(error: GraphQLError, **extensions: Json) -> Object:
    places: list[Json] = [{"line": at.line, "column": at.column} for at in error.locations or ()]
    worded: Object = {"message": error.message, "locations": places}
    if error.path is not None:
        worded["path"] = [*error.path]
    found = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    if found:
        worded["message"] = f"Field '{found[1]}' doesn't exist on type '{found[2]}'"
        extensions = {"code": "undefinedField", "typeName": found[2], "fieldName": found[1]}
    if extensions:
        worded["extensions"] = dict(extensions)
    return worded


def _too_much(requested: int) -> Object:
    return {
        "message": f"Query cost is {requested}, which exceeds the single query max cost limit ({MOST}).",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": requested,
            "maxCost": MOST,
            "documentation": DOCUMENTATION + "rate-limits",
        },
    }
