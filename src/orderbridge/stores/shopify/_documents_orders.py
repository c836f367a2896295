"""What Shopify is asked about its orders, by name; what several of these documents share stands once.

An operation's name says what it is for; a list that may be longer than what is asked for names its
``pageInfo``, and is read to its end.
"""

from __future__ import annotations

# --- shared ------------------------------------------------------------------------------------------------

BAG = """
fragment Bag on MoneyBag {
  presentmentMoney { amount currencyCode }
  shopMoney { amount currencyCode }
}
"""

# What stands within an order is in one currency, the shopper's; each side of a bag is charged for.
PAID = """
fragment Paid on MoneyBag {
  presentmentMoney { amount currencyCode }
}
"""

# --- orders -----------------------------------------------------------------------------------------------

LINE = """
fragment Line on LineItem {
  id title name variantTitle sku vendor
  quantity currentQuantity unfulfilledQuantity nonFulfillableQuantity
  requiresShipping isGiftCard weight { unit value }
  customAttributes { key value }
  originalTotalSet { ...Paid }
  discountAllocations { allocatedAmountSet { ...Paid } }
  taxLines { priceSet { ...Paid } }
  variant { id }
  product { id tags }
}
"""

SHIPPING_LINE = """
fragment Shipping on ShippingLine {
  code title isRemoved
  discountedPriceSet { ...Paid }
  taxLines { priceSet { ...Paid } }
}
"""

WORK = """
fragment Work on FulfillmentOrder {
  id status requestStatus
  assignedLocation { location { id isFulfillmentService fulfillmentService { handle } } }
  deliveryMethod { methodType }
}
"""

ADDRESS = """
fragment Place on MailingAddress {
  name firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone
}
"""

ITSELF = """
  id name test confirmed createdAt processedAt updatedAt cancelledAt cancelReason closedAt
  displayFinancialStatus displayFulfillmentStatus taxesIncluded
  email phone note tags poNumber sourceName paymentGatewayNames
  totalPriceSet { ...Bag }
  totalRefundedSet { ...Bag }
  shippingAddress { ...Place }
  billingAddress { ...Place }
"""

_ORDER = (
    "fragment OrderFields on Order {"
    + ITSELF
    + """
  shippingLines(first: 3) { pageInfo { hasNextPage endCursor } nodes { ...Shipping } }
  lineItems(first: $lines) { pageInfo { hasNextPage endCursor } nodes { ...Line } }
  fulfillmentOrders(first: 5) { pageInfo { hasNextPage endCursor } nodes { ...Work } }
}
"""
    + LINE
    + SHIPPING_LINE
    + WORK
    + ADDRESS
    + BAG
    + PAID
)

CHANGED_ORDERS = (
    """
query ChangedOrders($first: Int!, $after: String, $changed: String!, $lines: Int!) {
  orders(first: $first, after: $after, query: $changed, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { ...OrderFields }
  }
}
"""
    + _ORDER
)

CHANGED_IDS = """
query ChangedIds($first: Int!, $after: String, $changed: String!) {
  orders(first: $first, after: $after, query: $changed, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { id }
  }
}
"""

ONE_ORDER = (
    """
query OneOrder($id: ID!, $lines: Int!) {
  order(id: $id) { ...OrderFields }
}
"""
    + _ORDER
)

SOME_ORDERS = (
    """
query SomeOrders($ids: [ID!]!, $lines: Int!) {
  nodes(ids: $ids) { ...OrderFields }
}
"""
    + _ORDER
)

WHEN_CHANGED = """
query WhenChanged($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Order { id updatedAt } }
}
"""

# --- what changed behind the orders' back -------------------------------------------------------------------

# An order need not count as changed when one of these was made, held or let go.
CHANGED_WORK = """
query ChangedWork($first: Int!, $after: String, $changed: String!) {
  fulfillmentOrders(
    first: $first, after: $after, query: $changed, sortKey: UPDATED_AT, includeClosed: true
  ) {
    pageInfo { hasNextPage endCursor }
    nodes { orderId updatedAt }
  }
}
"""

# --- their lists, to the end -------------------------------------------------------------------------------

MORE_LINES = (
    """
query MoreLines($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    lineItems(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Line } }
  }
}
"""
    + LINE
    + PAID
)

MORE_SHIPPING = (
    """
query MoreShipping($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    shippingLines(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Shipping } }
  }
}
"""
    + SHIPPING_LINE
    + PAID
)

MORE_WORK = (
    """
query MoreWork($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    fulfillmentOrders(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Work } }
  }
}
"""
    + WORK
)

# --- what only some orders have ----------------------------------------------------------------------------

# These two are plain lists, without a word on whether there is more.
LEFT_AND_REFUNDED = (
    """
query LeftAndRefunded($ids: [ID!]!, $first: Int!, $left: Boolean!, $refunded: Boolean!) {
  nodes(ids: $ids) {
    ... on Order {
      id
      fulfillments(first: $first) @include(if: $left) {
        id status
        fulfillmentLineItems(first: 10) {
          pageInfo { hasNextPage endCursor }
          nodes { quantity lineItem { id } }
        }
      }
      refunds(first: $first) @include(if: $refunded) {
        id totalRefundedSet { ...Paid }
        refundLineItems(first: 10) {
          pageInfo { hasNextPage endCursor }
          nodes { quantity lineItem { id } }
        }
      }
    }
  }
}
"""
    + PAID
)

# The same of an order that has many of them.
ALL_LEFT_AND_REFUNDED = (
    """
query AllLeftAndRefunded($id: ID!) {
  order(id: $id) {
    id
    fulfillments(first: 250) { id status }
    refunds(first: 250) { id totalRefundedSet { ...Paid } }
  }
}
"""
    + PAID
)

THEIR_LINES = """
query TheirLines($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Fulfillment {
      id
      fulfillmentLineItems(first: 10) {
        pageInfo { hasNextPage endCursor }
        nodes { quantity lineItem { id } }
      }
    }
    ... on Refund {
      id
      refundLineItems(first: 10) {
        pageInfo { hasNextPage endCursor }
        nodes { quantity lineItem { id } }
      }
    }
  }
}
"""

REFUNDED_LINES = """
query RefundedLines($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Refund {
      refundLineItems(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { quantity lineItem { id } }
      }
    }
  }
}
"""

LEFT_LINES = """
query LeftLines($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Fulfillment {
      fulfillmentLineItems(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { quantity lineItem { id } }
      }
    }
  }
}
"""

WORK_LINES = """
query WorkLines($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on FulfillmentOrder {
      id status
      lineItems(first: 20) {
        pageInfo { hasNextPage endCursor }
        nodes { remainingQuantity lineItem { id } }
      }
    }
  }
}
"""

MORE_WORK_LINES = """
query MoreWorkLines($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on FulfillmentOrder {
      lineItems(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { remainingQuantity lineItem { id } }
      }
    }
  }
}
"""
