"""The Shopify sandbox: against the real schema and recorded shapes, and trap by trap."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    parse,
)

from orderbridge._http import Call, Headers, Response
from orderbridge.sandbox.shopify import SCOPES, Bucket, Item, ShopifyShop, signature
from orderbridge.sandbox.shopify.run import MUTATIONS
from orderbridge.sandbox.shopify.schema import schema
from orderbridge.testing.backends import Shown, StoreBackend
from orderbridge.testing.sandboxes import ShopifyBackend

NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
SHARED = Path(__file__).parents[1].parent / "shared"
SCHEMA = SHARED / "shopify/admin-trimmed.graphql"
OPERATIONS = SHARED / "shopify/operations.graphql"
PAYLOADS = SHARED / "payloads/shopify"
real_schema = pytest.mark.skipif(not SCHEMA.is_file(), reason="no schema here")
recorded = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="no recorded answers here")
SHIRT, MUG = Item(sku="SHIRT", quantity=3, price="12.00"), Item(sku="MUG", price="5.00")


def later(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


@attrs.define
class Client:
    """An app, written only from the public documentation."""

    shop: ShopifyShop
    root: str = "https://shop.test"
    version: str = "2026-10"
    token: str | None = None

    def post(self, body: object, *, at: datetime = NOW, **headers: str) -> Response:
        given = {
            "X-Shopify-Access-Token": self.token or self.shop.access_token,
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.root}/admin/api/{self.version}/graphql.json"
        return self.shop.handle(Call("POST", url, headers=Headers(given), body=content), at)

    def answer(self, query: str, /, *, at: datetime = NOW, **variables: Any) -> dict[str, Any]:
        response = self.post({"query": query, "variables": variables}, at=at)
        assert response.status == 200
        return json.loads(response.body)

    def ask(self, query: str, /, *, at: datetime = NOW, **variables: Any) -> dict[str, Any]:
        found = self.answer(query, at=at, **variables)
        assert "errors" not in found, found["errors"]
        return found["data"]

    def work(self, order: int, *, at: datetime = NOW) -> list[dict[str, Any]]:
        """The fulfillment orders of an order."""
        found = self.ask(
            """query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 20) { nodes {
                 id status requestStatus supportedActions { action }
                 assignedLocation { name } fulfillmentHolds { id heldByRequestingApp }
                 lineItems(first: 20) { nodes {
                   id totalQuantity remainingQuantity sku lineItem { id } } } } } } }""",
            at=at,
            id=gid(order),
        )
        return [
            {
                **work,
                "lineItems": work["lineItems"]["nodes"],
                "actions": [each["action"] for each in work["supportedActions"]],
            }
            for work in found["order"]["fulfillmentOrders"]["nodes"]
        ]

    def ship(
        self, work: str, lines: dict[str, int] | None = None, *, at: datetime = NOW, **more: Any
    ) -> dict[str, Any]:
        chosen: dict[str, Any] = {"fulfillmentOrderId": work}
        if lines:
            chosen["fulfillmentOrderLineItems"] = [
                {"id": line, "quantity": count} for line, count in lines.items()
            ]
        return self.ask(
            """mutation($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) {
                 fulfillment { id name status trackingInfo { company number url } }
                 userErrors { field message } } }""",
            at=at,
            f={"lineItemsByFulfillmentOrder": [chosen], **more},
        )["fulfillmentCreate"]

    def do(self, name: str, selection: str, /, *, at: datetime = NOW, **args: Any) -> dict[str, Any]:
        """One mutation, its arguments typed as the schema says; always with its userErrors."""
        field = schema().mutation_type.fields[name]  # type: ignore[union-attr]
        types = ", ".join(f"${key}: {field.args[key].type}" for key in args)
        given = ", ".join(f"{key}: ${key}" for key in args)
        errors = "" if name == "orderCancel" else " userErrors { field message }"
        query = f"mutation({types}) {{ {name}({given}) {{ {selection}{errors} }} }}"
        return self.ask(query, at=at, **args)[name]


def gid(order: int) -> str:
    return f"gid://shopify/Order/{order}"


@pytest.fixture
def shop() -> ShopifyShop:
    return ShopifyShop()


@pytest.fixture
def client(shop: ShopifyShop) -> Client:
    return Client(shop)


# The schema


@real_schema
def test_every_type_field_argument_and_enum_value_is_one_of_the_real_schema() -> None:
    real = build_schema(SCHEMA.read_text(encoding="utf-8")).type_map
    wrong: list[str] = []
    for name, mine in schema().type_map.items():
        other = real.get(name)
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if type(mine) is not type(other):
            wrong.append(name)
        elif isinstance(mine, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
            wrong += [f"{name}.{value}" for value in mine.values if value not in other.values]
        elif isinstance(mine, GraphQLUnionType) and isinstance(other, GraphQLUnionType):
            assert {one.name for one in mine.types} <= {one.name for one in other.types}
        elif isinstance(
            mine, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
        ) and isinstance(other, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, what in mine.fields.items():
                known = other.fields.get(field)
                if known is None or str(known.type) != str(what.type):
                    wrong.append(f"{name}.{field}")
                    continue
                for arg, kind in getattr(what, "args", {}).items():
                    if arg not in known.args or str(known.args[arg].type) != str(kind.type):
                        wrong.append(f"{name}.{field}({arg})")
                    elif known.args[arg].default_value != kind.default_value:
                        wrong.append(f"{name}.{field}({arg}) default")
                if not wrong and hasattr(known, "args"):
                    assert set(known.args) == set(what.args), f"{name}.{field} has other arguments"
    assert not wrong


def test_every_mutation_of_the_schema_is_carried_out() -> None:
    assert schema().mutation_type is not None
    assert set(MUTATIONS) == set(schema().mutation_type.fields)  # type: ignore[union-attr]


def full(kind: Any, depth: int) -> str:
    """A selection of all fields of a type, so deep."""
    kind = get_named_type(kind)
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return ""
    if isinstance(kind, GraphQLUnionType):
        return "{ " + " ".join(f"... on {one.name} {full(one, depth)}" for one in kind.types) + " }"
    chosen = ["__typename"]
    for name, field in kind.fields.items():
        composite = isinstance(
            get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
        )
        needed = [arg for arg, what in field.args.items() if str(what.type).endswith("!")]
        if (composite and depth == 0) or (needed and name != "metafield"):
            continue
        args = "(first: 5)" if "first" in field.args else ""
        args = '(namespace: "$app", key: "k")' if name == "metafield" else args
        chosen.append(f"{name}{args} {full(field.type, depth - 1) if composite else ''}")
    if isinstance(kind, GraphQLInterfaceType) and kind.name != "Node":
        chosen += [
            f"... on {one.name} {full(one, max(depth - 1, 0))}" for one in schema().get_possible_types(kind)
        ]
    return "{ " + " ".join(chosen) + " }"


def test_every_field_of_every_thing_can_be_read() -> None:
    """No field of the schema is forgotten: a missing one fails, it is not null."""
    shop = ShopifyShop(cost_rule="gentle", bucket=Bucket(maximum=1e9, restore=1e9))
    client = Client(shop)
    service = shop.add_location("Supplier", service="supplier", ours=True)
    order = shop.place_order(
        [
            attrs.evolve(SHIRT, duty="1.50", group="Box", attributes={"size": "L"}),
            attrs.evolve(MUG, at=service.id),
        ],
        now=NOW,
        percent_off="10",
        code="TEN",
        tip="1.00",
    )
    work = shop.work(order)
    shop.hold_by_hand(work[0], now=NOW)
    shop.let_go(work[0], work[0].holds, NOW)
    gone = shop.fulfill_by_hand(order, {"SHIRT": 1}, now=NOW, numbers=["1Z"], company="UPS")
    shop.event_by_hand(gone, "IN_TRANSIT", now=NOW)
    shop.request_by_hand(work[1], now=NOW, message="Fragile")
    shop.refund_by_hand(order, {"SHIRT": 1}, now=NOW, shipping="1.00")
    shop.return_by_hand(order, now=NOW)
    shop.hold_by_hand(work[0], now=NOW)
    client.do(
        "metafieldsSet",
        "metafields { id }",
        metafields=[{"ownerId": gid(order), "key": "k", "type": "single_line_text_field", "value": "v"}],
    )
    client.do(
        "webhookSubscriptionCreate",
        "webhookSubscription { id }",
        topic="ORDERS_CREATE",
        webhookSubscription={"uri": "https://a.test/"},
    )
    client.do("bulkOperationRunQuery", "bulkOperation { id }", query="{ orders { nodes { id } } }")
    root = schema().query_type
    assert root is not None
    for name, field in root.fields.items():
        if name in ("node", "nodes") or any(str(one.type).endswith("!") for one in field.args.values()):
            continue
        args = "(first: 5)" if "first" in field.args else ""
        inner = 3 if name in ("orders", "fulfillmentOrders") else 2
        client.ask(f"{{ {name}{args} {full(field.type, inner)} }}")
    for kind, field in (("OrderCancelJobResult", "node"), ("Return", "return")):
        assert field in root.fields
        assert kind in schema().type_map
    client.ask(f"query($id: ID!) {{ order(id: $id) {full(schema().type_map['Order'], 3)} }}", id=gid(order))
    client.ask(
        "query($id: ID!) { order(id: $id) { suggestedRefund(suggestFullRefund: true) "
        + full(schema().type_map["SuggestedRefund"], 3)
        + " } }",
        id=gid(order),
    )


@pytest.mark.skipif(not OPERATIONS.is_file(), reason="no operations here")
def test_every_known_operation_is_carried_out_or_refused_in_words(client: Client) -> None:
    """Against the strict price the order page with all its lines is too dear, as the contract foresees."""
    client.shop.bucket = Bucket(maximum=1e6, restore=1e6)
    order = client.shop.place_order([SHIRT, MUG], now=NOW)
    work = client.work(order)[0]
    line = f"gid://shopify/LineItem/{client.shop.line(order, 'SHIRT').id}"
    shipped = client.ship(work["id"], {work["lineItems"][0]["id"]: 1})["fulfillment"]["id"]
    text = OPERATIONS.read_text(encoding="utf-8")
    given: dict[str, dict[str, Any]] = {
        "OrdersPage": {"first": 1},
        "AssignedFOs": {"first": 1},
        "FOs": {"first": 1},
        "Ship": {"fulfillment": {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": work["id"]}]}},
        "Track": {"id": shipped, "t": {"company": "UPS", "number": "1Z"}},
        "Event": {"e": {"fulfillmentId": shipped, "status": "IN_TRANSIT"}},
        "CancelFulfillment": {"id": shipped},
        "CancelOrder": {"id": gid(order), "reason": "OTHER", "restock": True},
        "CancelJob": {"id": "gid://shopify/OrderCancelJobResult/1"},
        "Refund": {"input": {"orderId": gid(order)}, "key": "k"},
        "SuggestRefund": {"id": gid(order), "lines": [{"lineItemId": line, "quantity": 1}]},
        "UpdateOrder": {"input": {"id": gid(order), "note": "x"}},
        "AddTags": {"id": gid(order), "tags": ["x"]},
        "SetMeta": {"m": [{"ownerId": gid(order), "key": "k", "value": "v", "type": "json"}]},
        "Hold": {"h": {"reason": "OTHER"}},
        "Split": {"s": [{"fulfillmentOrderId": work["id"], "fulfillmentOrderLineItems": []}]},
        "Bulk": {"q": "{ orders { nodes { id } } }"},
        "BulkStatus": {"id": "gid://shopify/BulkOperation/1"},
        "Hook": {"topic": "ORDERS_CREATE", "w": {"uri": "https://a.test/"}},
        **{name: {"id": gid(order)} for name in ("OrderById", "OrderFulfillmentOrders", "MarkPaid")},
    }
    names = [one.name.value for one in parse(text).definitions if isinstance(one, OperationDefinitionNode)]  # type: ignore[union-attr]
    assert len(names) == 31
    dear: list[str] = []
    for name in names:
        variables = {"id": work["id"], **given.get(name, {})}
        body = {"query": text, "operationName": name, "variables": variables}
        found = json.loads(client.post(body).body)
        if "errors" in found:
            assert found["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED", (name, found["errors"])
            dear.append(name)
            client.shop.cost_rule = "gentle"
            found = json.loads(client.post(body).body)
            client.shop.cost_rule = "linear"
            assert "errors" not in found, (name, found)
        assert found["data"]
    assert set(dear) == {"OrdersPage", "OrderById", "OrderFulfillmentOrders"}


# Recorded shapes


@recorded
def test_an_order_page_has_the_recorded_shape(client: Client) -> None:
    page = json.loads((PAYLOADS / "gql-orders-page.json").read_bytes())
    node = page["data"]["orders"]["edges"][0]["node"]
    client.shop.place_order([SHIRT], now=NOW)

    def selection(value: Any) -> str:
        if isinstance(value, list):
            return selection(value[0]) if value else ""
        if not isinstance(value, dict):
            return ""
        chosen = (
            f"{key}{'(first: 5)' if key in ('lineItems', 'fulfillments') else ''} {selection(one)}"
            for key, one in value.items()
        )
        return "{ " + " ".join(chosen) + " }"

    found = client.answer(
        f"{{ orders(first: 3) {{ edges {{ cursor node {selection(node)} }} pageInfo {{ hasNextPage }} }} }}"
    )
    mine = found["data"]["orders"]["edges"][0]
    assert set(mine["node"]) == set(node)
    money = mine["node"]["totalShippingPriceSet"]["shopMoney"]
    assert {name: type(value) for name, value in money.items()} == {"amount": str, "currencyCode": str}
    assert set(json.loads(base64.b64decode(mine["cursor"]))) == {"last_id", "last_value"}
    assert set(found["extensions"]["cost"]) == set(page["extensions"]["cost"])


@recorded
def test_throttling_has_the_recorded_shape(client: Client) -> None:
    """HTTP 200, no data at all, and no actual cost."""
    real = json.loads((PAYLOADS / "gql-throttled-full.json").read_bytes())
    client.shop.bucket = Bucket(maximum=1.0)
    found = client.answer("{ orders(first: 10) { nodes { id } } }")
    assert found["errors"] == real["errors"]
    assert set(found) == set(real)
    assert found["extensions"]["cost"]["actualQueryCost"] is None


@recorded
def test_a_wrong_size_and_a_wrong_field_are_worded_as_recorded(client: Client) -> None:
    real = json.loads((PAYLOADS / "gql-error-shapes.json").read_bytes())
    size = client.answer("{ orders { nodes { id } } }")
    assert size["data"] is None
    assert size["errors"][0]["message"] == real["top_level_argument_error"]["errors"][0]["message"]
    assert size["errors"][0]["path"] == ["orders"]
    field = client.answer("{ shop { testField } }")["errors"][0]
    assert field["message"] == "Field 'testField' doesn't exist on type 'Shop'"
    assert field["extensions"] == {
        **real["undefined_field_error_entry"]["extensions"],
        "typeName": "Shop",
    }


@recorded
def test_a_fulfillment_is_answered_as_recorded(client: Client) -> None:
    text = (PAYLOADS / "gql-fulfillment-create-ok.http").read_text(encoding="utf-8")
    real = json.loads(text[text.index("{") :])
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    query = """mutation { fulfillmentCreate(fulfillment: {
      lineItemsByFulfillmentOrder: [{fulfillmentOrderId: "%s"}],
      trackingInfo: {company: "FedEx", number: "99"}})
      { fulfillment { id status trackingInfo { company number url } } userErrors { field message } } }"""
    found = client.answer(query % work["id"])
    mine, theirs = found["data"]["fulfillmentCreate"], real["data"]["fulfillmentCreateV2"]
    assert set(mine["fulfillment"]) == set(theirs["fulfillment"])
    assert mine["fulfillment"]["trackingInfo"][0]["url"].endswith("trknbr=99")
    for name in ("requestedQueryCost", "actualQueryCost"):
        assert found["extensions"]["cost"][name] == real["extensions"]["cost"][name] == 11


# Coming in


def test_a_wrong_token_is_401_and_its_errors_are_one_text(client: Client) -> None:
    client.token = "shpat_wrong"
    response = client.post({"query": "{ shop { name } }"})
    assert response.status == 401
    assert json.loads(response.body)["errors"].startswith("[API] Invalid API key or access token")


def test_another_content_type_is_400(client: Client) -> None:
    assert client.post({"query": "{ shop { name } }"}, Content_Type="application/graphql").status == 400


def test_a_version_out_of_support_is_answered_by_the_oldest_and_says_so(client: Client) -> None:
    client.version = "2025-04"
    response = client.post({"query": "{ shop { name } }"})
    assert response.status == 200
    assert response.headers["X-Shopify-API-Version"] == "2026-01"
    assert "X-Shopify-API-Version-Warning" in response.headers
    client.version = "2026-10"
    response = client.post({"query": "{ shop { name } }"})
    assert response.headers["X-Shopify-API-Version"] == "2026-10"
    assert "X-Shopify-API-Version-Warning" not in response.headers


def grant(shop: ShopifyShop, at: datetime, **fields: str) -> tuple[int, dict[str, Any]]:
    body = {"client_id": shop.client_id, "client_secret": shop.client_secret, **fields}
    headers = Headers({"Content-Type": "application/json"})
    url = "https://shop.test/admin/oauth/access_token"
    response = shop.handle(Call("POST", url, headers=headers, body=json.dumps(body).encode()), at)
    return response.status, json.loads(response.body)


def test_client_credentials_give_a_token_for_a_day_and_nothing_to_renew_it(shop: ShopifyShop) -> None:
    status, given = grant(shop, NOW, grant_type="client_credentials")
    assert (status, set(given)) == (200, {"access_token", "scope", "expires_in"})
    client = Client(shop, token=given["access_token"])
    assert client.post({"query": "{ shop { name } }"}, at=later(hours=23)).status == 200
    assert client.post({"query": "{ shop { name } }"}, at=later(hours=25)).status == 401
    assert grant(shop, NOW, grant_type="client_credentials", client_secret="x")[0] == 401


def test_renewing_gives_a_new_way_to_renew_and_the_old_one_lasts_until_that_is_used() -> None:
    shop = ShopifyShop(access_token="", refresh_token="first")
    _, one = grant(shop, NOW, grant_type="refresh_token", refresh_token="first")
    status, again = grant(shop, NOW, grant_type="refresh_token", refresh_token="first")
    assert status == 200, "the answer to the first try was lost"
    assert grant(shop, NOW, grant_type="refresh_token", refresh_token=again["refresh_token"])[0] == 200
    assert grant(shop, NOW, grant_type="refresh_token", refresh_token="first")[0] == 401
    client = Client(shop, token=one["access_token"])
    assert client.post({"query": "{ shop { name } }"}, at=later(minutes=59)).status == 200
    assert client.post({"query": "{ shop { name } }"}, at=later(minutes=61)).status == 401


def test_a_scope_that_is_missing_denies_the_field_and_leaves_the_rest(shop: ShopifyShop) -> None:
    shop.scopes = [scope for scope in SCOPES if scope != "read_products"]
    order = shop.place_order([SHIRT], now=NOW)
    found = Client(shop).answer(
        "query($id: ID!) { order(id: $id) { name lineItems(first: 5) { nodes { sku variant { id } } } } }",
        id=gid(order),
    )
    assert found["data"]["order"]["lineItems"]["nodes"] == [{"sku": "SHIRT", "variant": None}]
    (error,) = found["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["path"] == ["order", "lineItems", "nodes", 0, "variant"]


def test_without_the_scopes_of_work_its_list_is_empty_and_nothing_says_why(shop: ShopifyShop) -> None:
    shop.scopes = ["read_orders"]
    order = shop.place_order([SHIRT], now=NOW)
    found = Client(shop).ask(
        "query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 5) { nodes { id } } } }", id=gid(order)
    )
    assert found["order"]["fulfillmentOrders"]["nodes"] == []


def test_orders_older_than_sixty_days_are_not_there_unless_all_may_be_read(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    query = "query($id: ID!) { order(id: $id) { id } orders(first: 5) { nodes { id } } }"
    found = client.ask(query, at=later(days=61), id=gid(order))
    assert found == {"order": None, "orders": {"nodes": []}}
    client.shop.scopes = [*SCOPES, "read_all_orders"]
    assert client.ask(query, at=later(days=61), id=gid(order))["order"] == {"id": gid(order)}


# Cost


def test_points_are_charged_and_come_back_with_time(client: Client) -> None:
    client.shop.bucket = Bucket(maximum=100.0, restore=10.0)
    query = "{ orders(first: 50) { nodes { id } } }"
    first = client.answer(query)["extensions"]["cost"]
    assert (first["requestedQueryCost"], first["actualQueryCost"]) == (52, 2)
    client.shop.bucket.take(60)
    refused = client.answer(query)
    assert refused["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in refused
    assert "errors" not in client.answer(query, at=later(seconds=2))


def test_a_query_that_may_cost_too_much_is_refused_before_it_runs(client: Client) -> None:
    found = client.answer("{ orders(first: 250) { nodes { id lineItems(first: 250) { nodes { id } } } } }")
    (error,) = found["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["cost"] > error["extensions"]["maxCost"] == 1000


def test_things_asked_for_by_their_ids_are_charged_one_by_one(client: Client) -> None:
    query = (
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { lineItems(first: 10) { nodes { id } } } } }"
    )
    cost = client.answer(query, ids=["gid://shopify/Order/1"] * 3)["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 3 * 12


def test_now_and_then_it_is_a_429(client: Client) -> None:
    client.shop.too_many = 1
    assert client.post({"query": "{ shop { name } }"}).status == 429
    assert client.post({"query": "{ shop { name } }"}).status == 200


# Reading orders

PAGE = """query($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor } nodes { name updatedAt } } }"""


def test_pages_lose_nothing_while_orders_move(client: Client) -> None:
    """A page begins after a place in time, so an order that changed meanwhile comes again, at the end."""
    orders = [client.shop.place_order([MUG], now=later(seconds=n // 2)) for n in range(7)]
    seen: list[str] = []
    after = None
    for page in range(10):
        found = client.ask(PAGE, at=later(minutes=page + 1), first=2, after=after)["orders"]
        seen += [node["name"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if page == 0:
            client.shop.edit(orders[0], now=later(minutes=1), remove={})
            client.shop.edit(orders[4], now=later(minutes=1), remove={})
        if not found["pageInfo"]["hasNextPage"]:
            break
    names = [client.shop.orders[order].name for order in orders]
    assert set(seen) == set(names)
    assert seen == [*names[:4], *names[5:], names[0], names[4]]


def test_a_time_must_be_quoted_or_only_its_day_is_read(client: Client) -> None:
    client.shop.place_order([MUG], now=NOW)
    quoted = client.ask(PAGE, first=5, query="updated_at:>='2026-11-01T13:00:00Z'")
    bare = client.ask(PAGE, first=5, query="updated_at:>=2026-11-01T13:00:00Z")
    assert quoted["orders"]["nodes"] == []
    assert len(bare["orders"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("financial_status:paid", ["#1001"]),
        ("-financial_status:paid", ["#1002"]),
        ("NOT financial_status:paid", ["#1002"]),
        ("name:#1001 OR name:1002", ["#1001", "#1002"]),
        ("sku:MUG AND financial_status:pending", ["#1002"]),
        ("tag:'two words'", ["#1002"]),
        ("tag:two words", []),
        ("status:open fulfillment_status:unfulfilled", ["#1001", "#1002"]),
        ("status:closed", []),
        ("nonsense:1", ["#1001", "#1002"]),
        ("(sku:SHIRT OR sku:MUG) AND tag:'two words'", ["#1002"]),
    ],
)
def test_search_words_mean_what_is_documented(client: Client, query: str, found: list[str]) -> None:
    client.shop.place_order([SHIRT], now=NOW)
    client.shop.place_order([MUG], now=later(seconds=1), paid=False, tags=["two words"])
    nodes = client.ask(PAGE, at=later(seconds=2), first=5, query=query)["orders"]["nodes"]
    assert [node["name"] for node in nodes] == found


def test_the_search_lags_but_what_it_shows_is_fresh(client: Client) -> None:
    client.shop.search_lag = timedelta(minutes=1)
    order = client.shop.place_order([MUG], now=NOW, paid=False)
    assert client.ask(PAGE, at=later(seconds=30), first=5)["orders"]["nodes"] == []
    assert client.ask("query($id: ID!) { order(id: $id) { id } }", id=gid(order))["order"]
    client.shop.pay(order, now=later(minutes=2))
    query = '{ orders(first: 5, query: "financial_status:pending") { nodes { displayFinancialStatus } } }'
    found = client.ask(query, at=later(minutes=2, seconds=30))["orders"]["nodes"]
    assert found == [{"displayFinancialStatus": "PAID"}]


def read(client: Client, order: int, fields: str) -> dict[str, Any]:
    return client.ask(f"query($id: ID!) {{ order(id: $id) {{ {fields} }} }}", id=gid(order))["order"]


def test_money_is_in_two_currencies_and_its_amounts_are_texts(client: Client) -> None:
    order = client.shop.place_order(
        [Item(sku="MUG", price="100")], now=NOW, currency="JPY", rate="0.0061", shipping_cost="500"
    )
    both = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
    found = read(client, order, f"currencyCode presentmentCurrencyCode totalPriceSet {both}")
    assert (found["currencyCode"], found["presentmentCurrencyCode"]) == ("EUR", "JPY")
    assert found["totalPriceSet"] == {
        "shopMoney": {"amount": "3.66", "currencyCode": "EUR"},
        "presentmentMoney": {"amount": "600.0", "currencyCode": "JPY"},
    }


@pytest.mark.parametrize("included", [True, False])
def test_totals_add_up_with_discounts_taxes_duties_and_tips(client: Client, included: bool) -> None:
    order = client.shop.place_order(
        [attrs.evolve(SHIRT, duty="1.50"), MUG],
        now=NOW,
        percent_off="10",
        tip="2.00",
        shipping_cost="4.90",
        taxes_included=included,
    )
    names = ("totalPriceSet", "subtotalPriceSet", "totalTaxSet", "totalDiscountsSet", "totalOutstandingSet")
    found = read(client, order, " ".join(f"{name} {{ shopMoney {{ amount }} }}" for name in names))
    total, net, tax, off, owed = (Decimal(found[name]["shopMoney"]["amount"]) for name in names)
    assert (net, off, owed) == (Decimal("36.90"), Decimal("4.10"), 0)
    assert total == net + Decimal("4.90") + Decimal("1.50") + Decimal("2.00") + (0 if included else tax)
    assert tax == (Decimal("5.89") if included else Decimal("7.02"))


LINES = """lineItems(first: 10) { nodes { sku quantity currentQuantity unfulfilledQuantity refundableQuantity
  nonFulfillableQuantity requiresShipping isGiftCard variant { id } product { id } } }"""


def lines(client: Client, order: int) -> dict[str | None, dict[str, Any]]:
    return {node["sku"]: node for node in read(client, order, LINES)["lineItems"]["nodes"]}


def test_units_removed_refunded_and_sent_are_counted_apart(client: Client) -> None:
    order = client.shop.place_order([attrs.evolve(SHIRT, quantity=6)], now=NOW)
    client.shop.edit(order, now=NOW, remove={"SHIRT": 1})
    client.shop.fulfill_by_hand(order, {"SHIRT": 2}, now=NOW)
    client.shop.refund_by_hand(order, {"SHIRT": 1}, now=NOW)
    line = lines(client, order)["SHIRT"]
    assert (line["quantity"], line["currentQuantity"]) == (6, 4)
    assert (line["unfulfilledQuantity"], line["nonFulfillableQuantity"]) == (2, 2)
    (work,) = client.work(order)
    assert [one["remainingQuantity"] for one in work["lineItems"]] == [2]


def test_a_deleted_product_a_custom_line_and_a_gift_card_leave_lines_that_look_odd(client: Client) -> None:
    card = Item(sku="CARD", requires_shipping=False, gift_card=True)
    order = client.shop.place_order([MUG, Item(sku=None, custom=True), card], now=NOW)
    client.shop.delete_product("MUG")
    found = lines(client, order)
    assert found["MUG"]["variant"] is found["MUG"]["product"] is None
    assert found[None]["variant"] is None
    assert (found["CARD"]["isGiftCard"], found["CARD"]["requiresShipping"]) == (True, False)
    methods = read(client, order, "fulfillmentOrders(first: 5) { nodes { deliveryMethod { methodType } } }")
    kinds = [node["deliveryMethod"]["methodType"] for node in methods["fulfillmentOrders"]["nodes"]]
    assert kinds == ["SHIPPING", "NONE"]


def test_a_digital_order_has_no_address_and_its_work_an_address_of_nulls(client: Client) -> None:
    order = client.shop.place_order([Item(sku="BOOK", requires_shipping=False)], now=NOW, digital=True)
    found = read(
        client,
        order,
        "requiresShipping shippingAddress { city } "
        "fulfillmentOrders(first: 5) { nodes { destination { city } } }",
    )
    assert (found["requiresShipping"], found["shippingAddress"]) == (False, None)
    assert found["fulfillmentOrders"]["nodes"] == [{"destination": {"city": None}}]


@pytest.mark.parametrize(
    ("placed", "status"),
    [
        ({"paid": True}, "PAID"),
        ({"paid": False}, "PENDING"),
        ({"paid": False, "gateway": "Cash on Delivery (COD)"}, "PENDING"),
        ({"paid": False, "authorized": True}, "AUTHORIZED"),
    ],
)
def test_how_an_order_is_paid(client: Client, placed: dict[str, Any], status: str) -> None:
    order = client.shop.place_order([MUG], now=NOW, **placed)
    assert read(client, order, "displayFinancialStatus")["displayFinancialStatus"] == status


def test_an_authorization_is_captured_voided_or_expires(client: Client) -> None:
    def status(order: int) -> str:
        return read(client, order, "displayFinancialStatus")["displayFinancialStatus"]

    captured, voided, expired = (
        client.shop.place_order([MUG], now=NOW, paid=False, authorized=True) for _ in range(3)
    )
    client.shop.capture_by_hand(captured, now=NOW)
    client.shop.void(voided, now=NOW)
    client.shop.expire(expired, now=NOW)
    assert [status(order) for order in (captured, voided, expired)] == ["PAID", "VOIDED", "EXPIRED"]
    part = client.shop.place_order([MUG], now=NOW, paid=False)
    client.shop.pay(part, now=NOW, amount="1.00")
    assert status(part) == "PARTIALLY_PAID"


def test_a_status_may_be_a_word_that_nobody_knows_yet(client: Client) -> None:
    client.shop.newer = {"OrderDisplayFulfillmentStatus": "PICKED", "FulfillmentOrderAction": "TELEPORT"}
    order = client.shop.place_order([MUG], now=NOW)
    assert read(client, order, "displayFulfillmentStatus")["displayFulfillmentStatus"] == "PICKED"
    assert set(client.work(order)[0]["actions"]) == {"TELEPORT"}


def test_lines_beyond_a_page_are_had_only_by_asking_for_the_next(client: Client) -> None:
    items = [Item(sku=f"SKU-{number}") for number in range(5)]
    order = client.shop.place_order(items, now=NOW)
    query = """query($id: ID!, $after: String) { order(id: $id) { lineItems(first: 2, after: $after) {
      nodes { sku } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[str] = []
    after, more = None, True
    while more:
        page = client.ask(query, id=gid(order), after=after)["order"]["lineItems"]
        seen += [node["sku"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == [item.sku for item in items]


def test_variables_of_a_wrong_type_are_refused(client: Client) -> None:
    found = client.answer(PAGE, first="ten")
    assert found["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert "data" not in found


def test_two_mutations_of_one_call_stand_for_themselves(client: Client) -> None:
    """The first stays done when the second is refused."""
    order = client.shop.place_order([SHIRT], now=NOW)
    found = client.ask(
        """mutation($id: ID!) { one: tagsAdd(id: $id, tags: ["a"]) { userErrors { message } }
          two: orderMarkAsPaid(input: {id: $id}) { order { id } userErrors { message } } }""",
        id=gid(order),
    )
    assert (found["one"]["userErrors"], found["two"]["order"]) == ([], None)
    assert found["two"]["userErrors"]
    assert client.shop.orders[order].tags == ["a"]


# Work


def test_work_comes_later_than_the_order(client: Client) -> None:
    client.shop.routing_delay = timedelta(seconds=20)
    order = client.shop.place_order([MUG], now=NOW)
    assert client.work(order) == []
    assert len(client.work(order, at=later(seconds=21))) == 1


def test_scheduled_work_opens_when_its_time_has_come(client: Client) -> None:
    order = client.shop.place_order([MUG], now=NOW, fulfill_at=later(days=1))
    (work,) = client.work(order)
    assert (work["status"], work["actions"]) == ("SCHEDULED", ["MARK_AS_OPEN"])
    assert client.ship(work["id"])["userErrors"]
    assert client.work(order, at=later(days=2))[0]["status"] == "OPEN"


def test_shipping_a_part_keeps_the_work_and_the_rest_closes_it(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    line = work["lineItems"][0]["id"]
    assert client.ship(work["id"], {line: 1})["userErrors"] == []
    (again,) = client.work(order)
    assert (again["id"], again["status"]) == (work["id"], "IN_PROGRESS")
    assert again["lineItems"][0]["remainingQuantity"] == 2
    client.ship(work["id"])
    (done,) = client.work(order)
    assert (done["status"], done["actions"]) == ("CLOSED", [])
    assert read(client, order, "displayFulfillmentStatus")["displayFulfillmentStatus"] == "FULFILLED"


def test_the_same_part_sent_twice_is_sent_twice(client: Client) -> None:
    """There is no key: only that no unit is left stops a third one."""
    order = client.shop.place_order([attrs.evolve(SHIRT, quantity=2)], now=NOW)
    (work,) = client.work(order)
    line = work["lineItems"][0]["id"]
    one, two, three = (client.ship(work["id"], {line: 1}, notifyCustomer=True) for _ in range(3))
    assert one["fulfillment"]["id"] != two["fulfillment"]["id"]
    assert three["fulfillment"] is None
    assert three["userErrors"]
    assert [mail.kind for mail in client.shop.mails] == ["shipping_confirmation"] * 2
    assert len(client.shop.effects) == 2


def test_more_than_is_left_is_refused_in_the_known_words(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    found = client.ship(work["id"], {work["lineItems"][0]["id"]: 4})
    (error,) = found["userErrors"]
    assert error["message"] == "Invalid fulfillment order line item quantity requested."
    assert client.shop.effects == []


def test_ids_of_orders_and_order_lines_are_not_those_of_work(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    assert client.ship(gid(order))["userErrors"]
    assert client.ship(work["id"], {work["lineItems"][0]["lineItem"]["id"]: 1})["userErrors"]


def test_one_fulfillment_is_of_one_location(client: Client) -> None:
    other = client.shop.add_location("Second")
    order = client.shop.place_order([SHIRT, attrs.evolve(MUG, at=other.id)], now=NOW)
    works = client.work(order)
    assert len(works) == 2
    both = [{"fulfillmentOrderId": work["id"]} for work in works]
    found = client.do(
        "fulfillmentCreate", "fulfillment { id }", fulfillment={"lineItemsByFulfillmentOrder": both}
    )
    assert found["fulfillment"] is None
    assert found["userErrors"]


def test_tracking_is_one_or_several_and_is_replaced_whole(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    mixed = {"number": "1", "numbers": ["1", "2"]}
    assert client.ship(work["id"], trackingInfo=mixed)["userErrors"]
    several = {"company": "Nobody knows", "numbers": ["1", "2"], "urls": ["https://a.test/1"]}
    made = client.ship(work["id"], trackingInfo=several)["fulfillment"]
    assert made["trackingInfo"] == [
        {"company": "Nobody knows", "number": "1", "url": "https://a.test/1"},
        {"company": "Nobody knows", "number": "2", "url": None},
    ]
    found = client.do(
        "fulfillmentTrackingInfoUpdate",
        "fulfillment { trackingInfo { company number } }",
        fulfillmentId=made["id"],
        trackingInfoInput={"company": "UPS", "number": "3"},
        notifyCustomer=True,
    )
    assert found["fulfillment"]["trackingInfo"] == [{"company": "UPS", "number": "3"}]
    assert [mail.kind for mail in client.shop.mails] == ["shipping_update"]


def test_an_undone_fulfillment_comes_back_as_new_work_where_the_old_is_closed(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    made = client.ship(work["id"])["fulfillment"]["id"]
    assert client.do("fulfillmentCancel", "fulfillment { status }", id=made)["fulfillment"] == {
        "status": "CANCELLED"
    }
    assert client.do("fulfillmentCancel", "fulfillment { status }", id=made)["userErrors"]
    old, new = client.work(order)
    assert (old["status"], new["status"]) == ("CLOSED", "OPEN")
    assert new["lineItems"][0]["remainingQuantity"] == 3


def test_moved_work_is_another_and_the_old_one_still_shows_its_units(client: Client) -> None:
    other = client.shop.add_location("Second")
    order = client.shop.place_order([SHIRT], now=NOW)
    client.shop.move_by_hand(client.shop.work(order)[0], other, now=NOW)
    old, new = client.work(order)
    assert (old["status"], old["lineItems"][0]["remainingQuantity"]) == ("CLOSED", 3)
    assert (new["status"], new["assignedLocation"]["name"]) == ("OPEN", "Second")
    shown = read(client, order, "fulfillmentOrders(first: 5, displayable: true) { nodes { id } }")
    assert shown["fulfillmentOrders"]["nodes"] == [{"id": new["id"]}]
    assert client.ship(old["id"])["userErrors"]


def test_split_work_has_new_ids_and_begun_work_is_replaced(client: Client) -> None:
    order = client.shop.place_order([attrs.evolve(SHIRT, quantity=5)], now=NOW)
    client.shop.split_by_hand(client.shop.work(order)[0], {"SHIRT": 2}, now=NOW)
    first, second = client.work(order)
    assert [work["lineItems"][0]["remainingQuantity"] for work in (first, second)] == [3, 2]
    client.ship(first["id"], {first["lineItems"][0]["id"]: 1})
    client.shop.split_by_hand(client.shop.work(order)[0], {"SHIRT": 1}, now=NOW)
    works = client.work(order)
    assert works[0]["status"] == "CLOSED"
    assert sum(work["lineItems"][0]["remainingQuantity"] for work in works if work["status"] != "CLOSED") == 4


def test_a_hold_stops_shipping_and_its_handle_is_its_key(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    hold = {"reason": "INVENTORY_OUT_OF_STOCK", "handle": "ours"}
    client.shop.hold_by_hand(client.shop.work(order)[0], now=NOW)
    one = client.do("fulfillmentOrderHold", "fulfillmentHold { id }", id=work["id"], fulfillmentHold=hold)
    assert one["fulfillmentHold"]
    two = client.do("fulfillmentOrderHold", "fulfillmentHold { id }", id=work["id"], fulfillmentHold=hold)
    assert two["userErrors"]
    assert client.ship(work["id"])["userErrors"]
    client.do(
        "fulfillmentOrderReleaseHold",
        "fulfillmentOrder { status }",
        id=work["id"],
        holdIds=[one["fulfillmentHold"]["id"]],
    )
    (held,) = client.work(order)
    assert (held["status"], [each["heldByRequestingApp"] for each in held["fulfillmentHolds"]]) == (
        "ON_HOLD",
        [False],
    )
    client.do("fulfillmentOrderReleaseHold", "fulfillmentOrder { status }", id=work["id"])
    assert client.work(order)[0]["status"] == "OPEN", "without ids, the holds of others end too"


def test_holding_some_lines_leaves_the_others_to_new_work(client: Client) -> None:
    order = client.shop.place_order([SHIRT, MUG], now=NOW)
    (work,) = client.work(order)
    some = {
        "reason": "OTHER",
        "fulfillmentOrderLineItems": [{"id": work["lineItems"][0]["id"], "quantity": 1}],
    }
    client.do("fulfillmentOrderHold", "fulfillmentHold { id }", id=work["id"], fulfillmentHold=some)
    held, rest = client.work(order)
    assert [(one["sku"], one["remainingQuantity"]) for one in held["lineItems"]] == [("SHIRT", 1)]
    assert [(one["sku"], one["remainingQuantity"]) for one in rest["lineItems"]] == [("SHIRT", 2), ("MUG", 1)]


def test_reported_progress_is_seen_and_keeps_the_work_where_it_is(client: Client) -> None:
    other = client.shop.add_location("Second")
    order = client.shop.place_order([SHIRT], now=NOW)
    (work,) = client.work(order)
    client.do(
        "fulfillmentOrderReportProgress",
        "fulfillmentOrder { status }",
        id=work["id"],
        progressReport={"reasonNotes": "packing"},
    )
    assert read(client, order, "displayFulfillmentStatus")["displayFulfillmentStatus"] == "IN_PROGRESS"
    moved = client.do(
        "fulfillmentOrderMove",
        "movedFulfillmentOrder { id }",
        id=work["id"],
        newLocationId=f"gid://shopify/Location/{other.id}",
    )
    assert moved["userErrors"]
    assert client.do("fulfillmentOrderCancel", "fulfillmentOrder { id }", id=work["id"])["userErrors"]


def test_another_services_work_cannot_be_shipped(client: Client) -> None:
    theirs = client.shop.add_location("Their warehouse", service="theirs")
    order = client.shop.place_order([attrs.evolve(MUG, at=theirs.id)], now=NOW)
    (work,) = client.work(order)
    assert "CREATE_FULFILLMENT" not in work["actions"]
    assert client.ship(work["id"])["userErrors"]


def test_a_service_is_asked_accepts_ships_and_gives_back_the_rest(client: Client) -> None:
    made = client.do("fulfillmentServiceCreate", "fulfillmentService { location { id } }", name="Supplier")
    place = int(made["fulfillmentService"]["location"]["id"].rpartition("/")[2])
    order = client.shop.place_order([attrs.evolve(SHIRT, at=place)], now=NOW)
    (work,) = client.work(order)
    state = "fulfillmentOrder { status requestStatus }"
    early = client.do("fulfillmentOrderAcceptFulfillmentRequest", state, id=work["id"])
    assert early["userErrors"], "nobody asked yet"
    asked = client.do(
        "fulfillmentOrderSubmitFulfillmentRequest",
        "submittedFulfillmentOrder { status requestStatus } unsubmittedFulfillmentOrder { id }",
        id=work["id"],
        fulfillmentOrderLineItems=[{"id": work["lineItems"][0]["id"], "quantity": 2}],
    )
    assert asked["submittedFulfillmentOrder"] == {"status": "OPEN", "requestStatus": "SUBMITTED"}
    assert asked["unsubmittedFulfillmentOrder"]
    assert client.work(order)[0]["actions"] == ["CANCEL_FULFILLMENT_ORDER"]
    waiting = client.ask(
        "{ assignedFulfillmentOrders(first: 5, assignmentStatus: FULFILLMENT_REQUESTED) { nodes { id } } }"
    )
    assert waiting["assignedFulfillmentOrders"]["nodes"] == [{"id": work["id"]}]
    accepted = client.do("fulfillmentOrderAcceptFulfillmentRequest", state, id=work["id"])
    assert accepted["fulfillmentOrder"] == {"status": "IN_PROGRESS", "requestStatus": "ACCEPTED"}
    client.ship(work["id"], {work["lineItems"][0]["id"]: 1})
    closed = client.do("fulfillmentOrderClose", state, id=work["id"])
    assert closed["fulfillmentOrder"] == {"status": "INCOMPLETE", "requestStatus": "CLOSED"}


def test_an_event_said_twice_stands_twice(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    made = client.ship(client.work(order)[0]["id"])["fulfillment"]["id"]
    for _ in range(2):
        client.do(
            "fulfillmentEventCreate",
            "fulfillmentEvent { id }",
            fulfillmentEvent={"fulfillmentId": made, "status": "DELIVERED"},
        )
    found = read(
        client, order, "fulfillments(first: 5) { displayStatus events(first: 5) { nodes { status } } }"
    )
    assert found["fulfillments"] == [
        {"displayStatus": "DELIVERED", "events": {"nodes": [{"status": "DELIVERED"}] * 2}}
    ]


# Money back and calling off


def refund_input(shop: ShopifyShop, order: int, amount: str, units: int = 1) -> dict[str, Any]:
    paid = shop.orders[order].transactions[0]
    return {
        "orderId": gid(order),
        "refundLineItems": [
            {
                "lineItemId": f"gid://shopify/LineItem/{shop.line(order, 'SHIRT').id}",
                "quantity": units,
                "restockType": "CANCEL",
            }
        ],
        "transactions": [
            {
                "orderId": gid(order),
                "parentId": f"gid://shopify/OrderTransaction/{paid.id}",
                "gateway": paid.gateway,
                "kind": "REFUND",
                "amount": amount,
            }
        ]
        if amount
        else [],
    }


REFUND = """mutation($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
  refund { id totalRefundedSet { shopMoney { amount } } } userErrors { field message } } }"""


def test_a_refund_needs_a_key_and_one_key_refunds_once(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    given = refund_input(client.shop, order, "12.00")
    assert client.do("refundCreate", "refund { id }", input=given)["userErrors"]
    one = client.ask(REFUND, input=given, key="k")["refundCreate"]["refund"]
    two = client.ask(REFUND, input=given, key="k")["refundCreate"]["refund"]
    assert one == two
    assert one["totalRefundedSet"]["shopMoney"]["amount"] == "12.0"
    other = client.ask(REFUND, input={**given, "note": "x"}, key="k")["refundCreate"]
    assert other["refund"] is None
    assert other["userErrors"]
    assert len(client.shop.orders[order].refunds) == 1
    client.ask(REFUND, at=later(hours=25), input=given, key="k")
    assert len(client.shop.orders[order].refunds) == 2, "keys are kept for a day"


def test_lines_alone_move_no_money(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    client.ask(REFUND, input=refund_input(client.shop, order, ""), key="k")
    found = read(client, order, "displayFinancialStatus totalRefundedSet { shopMoney { amount } }")
    assert found == {"displayFinancialStatus": "PAID", "totalRefundedSet": {"shopMoney": {"amount": "0.0"}}}
    assert lines(client, order)["SHIRT"]["currentQuantity"] == 2


def test_no_more_is_refunded_than_there_is(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    much = client.ask(REFUND, input=refund_input(client.shop, order, "1000.00"), key="a")["refundCreate"]
    many = client.ask(REFUND, input=refund_input(client.shop, order, "", units=4), key="b")["refundCreate"]
    assert much["userErrors"]
    assert many["userErrors"]
    assert client.shop.orders[order].refunds == []


def test_another_currency_must_be_said_to_refund(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW, currency="USD", rate="0.9")
    given = refund_input(client.shop, order, "12.00")
    assert client.ask(REFUND, input=given, key="a")["refundCreate"]["userErrors"]
    done = client.ask(REFUND, input={**given, "currency": "USD"}, key="b")["refundCreate"]
    assert done["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "10.8"


CANCEL = """mutation($id: ID!) { orderCancel(orderId: $id, reason: OTHER, restock: true,
  refundMethod: {originalPaymentMethodsRefund: true}) {
  job { id done } jobResult { id status } orderCancelUserErrors { field message code } } }"""


def test_a_cancel_is_only_begun_and_ends_later(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    begun = client.ask(CANCEL, id=gid(order))["orderCancel"]
    assert (begun["job"]["done"], begun["jobResult"]["status"]) == (False, "STARTED")
    assert read(client, order, "cancelledAt")["cancelledAt"] is None
    query = """query($id: ID!, $job: ID!) {
      job(id: $job) { done } node(id: $id) { ... on OrderCancelJobResult { status } } }"""
    after = client.ask(query, at=later(minutes=1), id=begun["jobResult"]["id"], job=begun["job"]["id"])
    assert after == {"job": {"done": True}, "node": {"status": "SUCCEEDED"}}
    found = read(client, order, "cancelledAt displayFinancialStatus displayFulfillmentStatus")
    assert found["cancelledAt"]
    assert found["displayFinancialStatus"] == "REFUNDED"
    assert found["displayFulfillmentStatus"] == "FULFILLMENT_NOT_REQUIRED"
    assert {work["status"] for work in client.work(order)} == {"CLOSED"}
    again = client.ask(CANCEL, at=later(minutes=2), id=gid(order))["orderCancel"]
    assert again["job"] is None
    assert again["orderCancelUserErrors"]


def test_a_cancel_may_fail_in_the_end(client: Client) -> None:
    client.shop.cancel_fails = "The gateway refused the refund."
    order = client.shop.place_order([SHIRT], now=NOW)
    begun = client.ask(CANCEL, id=gid(order))["orderCancel"]
    query = (
        "query($id: ID!) { node(id: $id) { ... on OrderCancelJobResult { done status errors { message } } } }"
    )
    found = client.ask(query, at=later(minutes=1), id=begun["jobResult"]["id"])["node"]
    assert found == {
        "done": True,
        "status": "FAILED",
        "errors": [{"message": "The gateway refused the refund."}],
    }
    assert read(client, order, "cancelledAt")["cancelledAt"] is None


def test_an_order_that_left_is_not_canceled(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    client.shop.fulfill_by_hand(order, {"SHIRT": 1}, now=NOW)
    assert client.ask(CANCEL, id=gid(order))["orderCancel"]["orderCancelUserErrors"]


def test_what_leaves_while_a_cancel_is_under_way_stops_it(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)
    begun = client.ask(CANCEL, id=gid(order))["orderCancel"]
    assert client.ship(client.work(order)[0]["id"])["fulfillment"]
    query = "query($id: ID!) { node(id: $id) { ... on OrderCancelJobResult { status } } }"
    found = client.ask(query, at=later(minutes=1), id=begun["jobResult"]["id"])
    assert found["node"] == {"status": "FAILED"}


def test_an_unpaid_order_that_is_canceled_is_void_and_has_no_units(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW, paid=False)
    client.shop.cancel_by_hand(order, now=NOW)
    found = read(client, order, "displayFinancialStatus totalPriceSet { shopMoney { amount } }")
    assert found == {"displayFinancialStatus": "VOIDED", "totalPriceSet": {"shopMoney": {"amount": "40.9"}}}
    line = lines(client, order)["SHIRT"]
    assert (line["currentQuantity"], line["unfulfilledQuantity"]) == (0, 0)


@recorded
def test_a_second_capture_is_refused_as_recorded(client: Client) -> None:
    text = (PAYLOADS / "gql-user-errors-order-capture.http").read_text(encoding="utf-8")
    real = json.loads(text[text.index("{") :])["data"]["orderCapture"]
    order = client.shop.place_order([SHIRT], now=NOW, paid=False, authorized=True)
    promised = client.shop.orders[order].transactions[0]
    given = {
        "id": gid(order),
        "parentTransactionId": f"gid://shopify/OrderTransaction/{promised.id}",
        "amount": str(promised.amount),
    }
    assert client.do("orderCapture", "transaction { kind }", input=given)["transaction"] == {
        "kind": "CAPTURE"
    }
    assert client.do("orderCapture", "transaction { kind }", input=given) == real


# Notes


def test_notes_and_tags_of_an_update_replace_and_tags_are_added_apart(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW, note="old", tags=["a"])
    client.do("tagsAdd", "node { id }", id=gid(order), tags=["b"])
    assert read(client, order, "tags note") == {"tags": ["a", "b"], "note": "old"}
    client.do("orderUpdate", "order { id }", input={"id": gid(order), "note": "new", "tags": ["c"]})
    assert read(client, order, "tags note") == {"tags": ["c"], "note": "new"}


def test_a_metafield_is_set_only_if_it_is_as_expected_and_all_are_set_or_none(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW)

    def put(value: str, digest: str | None, key: str = "sent") -> dict[str, Any]:
        return {
            "ownerId": gid(order),
            "namespace": "$app:bridge",
            "key": key,
            "type": "json",
            "value": value,
            "compareDigest": digest,
        }

    shown = "metafields { namespace compareDigest }"
    (one,) = client.do("metafieldsSet", shown, metafields=[put("1", None)])["metafields"]
    assert one["namespace"].startswith("app--")
    assert client.do("metafieldsSet", shown, metafields=[put("2", None)])["userErrors"]
    both = [put("2", None, key="other"), put("2", "stale")]
    assert client.do("metafieldsSet", shown, metafields=both)["userErrors"]
    fields = 'metafields(first: 5, namespace: "$app:bridge") { nodes { key value } }'
    assert read(client, order, fields)["metafields"]["nodes"] == [{"key": "sent", "value": "1"}]
    assert not client.do("metafieldsSet", shown, metafields=[put("2", one["compareDigest"])])["userErrors"]


# Webhooks and bulk


def test_a_webhook_is_signed_over_its_raw_body_and_looks_like_rest(client: Client) -> None:
    order = client.shop.place_order([SHIRT], now=NOW, tags=["a", "b"])
    sent = client.shop.webhook("orders/create", order, now=NOW)
    digest = hmac.new(client.shop.client_secret.encode(), sent.body, hashlib.sha256).digest()
    assert sent.headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
    assert sent.headers["X-Shopify-Hmac-Sha256"] == signature(client.shop.client_secret, sent.body)
    body = json.loads(sent.body)
    assert (body["id"], body["admin_graphql_api_id"]) == (order, gid(order))
    assert (body["tags"], body["financial_status"], body["fulfillment_status"]) == ("a, b", "paid", None)
    again = client.shop.webhook("orders/paid", order, now=NOW)
    assert again.headers["X-Shopify-Webhook-Id"] != sent.headers["X-Shopify-Webhook-Id"]
    assert again.headers["X-Shopify-Event-Id"] == sent.headers["X-Shopify-Event-Id"]


@recorded
@pytest.mark.parametrize("name", ["orders-create", "fulfillments-create", "refunds-create"])
def test_what_a_webhook_says_is_among_what_is_documented(client: Client, name: str) -> None:
    real = json.loads((PAYLOADS / f"webhook-{name}.json").read_bytes())
    order = client.shop.place_order([SHIRT], now=NOW)
    client.shop.fulfill_by_hand(order, {"SHIRT": 1}, now=NOW)
    client.shop.refund_by_hand(order, {"SHIRT": 1}, now=NOW)
    mine = json.loads(client.shop.webhook(name.replace("-", "/"), order, now=NOW).body)
    assert set(mine) <= set(real)


@recorded
def test_what_a_webhook_about_work_says_is_as_documented(client: Client) -> None:
    place = client.shop.add_location("Supplier", service="supplier", ours=True)
    order = client.shop.place_order([attrs.evolve(SHIRT, at=place.id)], now=NOW)
    client.shop.request_by_hand(client.shop.work(order)[0], now=NOW, message="Fragile")
    for name in ("fulfillment_request_submitted", "progress_reported"):
        real = json.loads((PAYLOADS / f"webhook-fo-{name.replace('_', '-')}.json").read_bytes())
        mine = json.loads(client.shop.webhook(f"fulfillment_orders/{name}", order, now=NOW).body)
        assert set(mine) == set(real)
        for key, value in real.items():
            assert not isinstance(value, dict) or set(mine[key]) <= set(value)


def test_subscribers_are_told_once_for_each_thing_that_happened(client: Client) -> None:
    uri = "https://bridge.test/hook"
    for topic in ("ORDERS_CREATE", "FULFILLMENTS_CREATE"):
        given = {"topic": topic, "webhookSubscription": {"uri": uri}}
        assert not client.do("webhookSubscriptionCreate", "webhookSubscription { id }", **given)["userErrors"]
        assert client.do("webhookSubscriptionCreate", "webhookSubscription { id }", **given)["userErrors"]
    order = client.shop.place_order([SHIRT], now=NOW)
    client.shop.fulfill_by_hand(order, now=NOW)
    topics = [sent.headers["X-Shopify-Topic"] for sent in client.shop.deliver(NOW)]
    assert topics == ["orders/create", "fulfillments/create"]
    assert client.shop.deliver(NOW) == []


def test_a_bulk_query_makes_a_file_with_an_object_a_line(client: Client) -> None:
    order = client.shop.place_order([SHIRT, MUG], now=NOW)
    query = "{ orders { edges { node { id lineItems { edges { node { sku } } } } } } }"
    made = client.do("bulkOperationRunQuery", "bulkOperation { id status }", query=query)["bulkOperation"]
    look = "query($id: ID!) { bulkOperation(id: $id) { status url objectCount } }"
    assert client.ask(look, id=made["id"])["bulkOperation"]["url"] is None
    done = client.ask(look, at=later(minutes=1), id=made["id"])["bulkOperation"]
    assert (done["status"], done["objectCount"]) == ("COMPLETED", "3")
    file = client.shop.handle(Call("GET", done["url"]), later(minutes=1))
    assert [json.loads(row) for row in file.body.splitlines()] == [
        {"id": gid(order)},
        {"sku": "SHIRT", "__parentId": gid(order)},
        {"sku": "MUG", "__parentId": gid(order)},
    ]
    assert client.shop.handle(Call("GET", done["url"]), later(days=8)).status == 403


def test_a_bulk_query_has_no_connection_in_a_list(client: Client) -> None:
    query = "{ orders { nodes { id refunds { refundLineItems { nodes { quantity } } } } } }"
    assert client.do("bulkOperationRunQuery", "bulkOperation { id }", query=query)["userErrors"]


# Around


def test_the_backend_has_hands_and_eyes(shop: ShopifyShop) -> None:
    backend: StoreBackend = ShopifyBackend(shop)
    ref = backend.sell({"SHIRT": 2, "MUG": 1}, shopper="Ann Lee", now=NOW)
    client = Client(shop)
    (work,) = client.work(shop.order(ref).id)
    before = backend.effects()
    client.ship(
        work["id"],
        {work["lineItems"][0]["id"]: 1},
        notifyCustomer=True,
        trackingInfo={"number": "OB00000001"},
    )
    assert backend.shown(ref) == [Shown(numbers=("OB00000001",), units={"SHIRT": Decimal(1)})]
    assert (backend.mails(ref), backend.closed(ref), backend.effects() - before) == (1, False, 1)
    client.ship(work["id"])
    assert backend.closed(ref)


def test_no_secret_and_no_shopper_is_in_a_repr(shop: ShopifyShop) -> None:
    shop.place_order([SHIRT], now=NOW)
    assert shop.access_token not in repr(shop)
    assert shop.client_secret not in repr(shop)
    assert "Dupont" not in repr(shop)


def test_the_other_sandboxes_do_not_need_graphql_core() -> None:
    code = (
        "import orderbridge.sandbox, orderbridge.testing.sandboxes, sys; sys.exit('graphql' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
