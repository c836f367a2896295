"""What Shopify is asked to write into a file: the orders of a first import, in bulk."""

from __future__ import annotations

import re

from ._documents_orders import ADDRESS, BAG, ITSELF, LINE, PAID, SHIPPING_LINE, WORK

HOW_MANY = """
query HowMany($search: String!, $most: Int!) {
  ordersCount(query: $search, limit: $most) { count }
}
"""

BULKS = """
query Bulks {
  bulkOperations(first: 10, sortKey: CREATED_AT, reverse: true) { nodes { id status createdAt query } }
}
"""

# It changes nothing in the shop. Its file is to have the lines of an order right below it.
RUN_BULK = """
mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id createdAt }
    userErrors { field message code }
  }
}
"""

BULK = """
query Bulk($id: ID!) {
  bulkOperation(id: $id) { id status createdAt rootObjectCount url }
}
"""


def _without_fragments(document: str) -> str:
    """The same with everything spelled out, as bulk operations want it."""
    named = re.compile(r"fragment (\w+) on \w+ \{(.*?)\n\}", re.DOTALL)
    shared = "".join((LINE, SHIPPING_LINE, WORK, ADDRESS, BAG, PAID))
    bodies: dict[str, str] = dict(named.findall(shared))
    while "..." in document:
        document = re.sub(r"\.\.\.(\w+)", lambda found: bodies[found[1]].strip(), document)
    return " ".join(document.split())


# What a bulk operation runs, with ``$changed`` in it. It may have five connections, and two below each other
# where the root is not counted; each has edges, and what has something below it names its id.
BULK_ORDERS = _without_fragments(
    """{
  orders(query: "$changed", sortKey: UPDATED_AT) { edges { node {"""
    + ITSELF
    + """
    shippingLines { edges { node { __typename id ...Shipping } } }
    lineItems { edges { node { ...Line } } }
    fulfillmentOrders { edges { node {
      ...Work
      lineItems { edges { node { id remainingQuantity lineItem { id } } } }
    } } }
  } } }
}"""
)
