"""Every GraphQL document that is sent to Shopify, by name; what several share stands once.

An operation's name says what it is for; a list that may be longer than what is asked for names its
``pageInfo``, and is read to its end.
"""

from __future__ import annotations

import re

# --- shared ---------------------------------------------------------------------------------------------

BAG = """
fragment Bag on MoneyBag {
  presentmentMoney { amount currencyCode }
  shopMoney { amount currencyCode }
}
"""

# What stands within an order is in one currency, the shopper's; each side of a bag is charged for.
_PAID = """
fragment Paid on MoneyBag {
  presentmentMoney { amount currencyCode }
}
"""

# --- orders -----------------------------------------------------------------------------------------------

_LINE = """
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

_SHIPPING_LINE = """
fragment Shipping on ShippingLine {
  code title isRemoved
  discountedPriceSet { ...Paid }
  taxLines { priceSet { ...Paid } }
}
"""

_WORK = """
fragment Work on FulfillmentOrder {
  id status requestStatus
  assignedLocation { location { id isFulfillmentService fulfillmentService { handle } } }
}
"""

_ADDRESS = """
fragment Place on MailingAddress {
  name firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone
}
"""

_ITSELF = """
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
    + _ITSELF
    + """
  shippingLines(first: 3) { pageInfo { hasNextPage endCursor } nodes { ...Shipping } }
  lineItems(first: $lines) { pageInfo { hasNextPage endCursor } nodes { ...Line } }
  fulfillmentOrders(first: 5) { pageInfo { hasNextPage endCursor } nodes { ...Work } }
}
"""
    + _LINE
    + _SHIPPING_LINE
    + _WORK
    + _ADDRESS
    + BAG
    + _PAID
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

# --- the first import, in bulk -----------------------------------------------------------------------------

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
    shared = "".join((_LINE, _SHIPPING_LINE, _WORK, _ADDRESS, BAG, _PAID))
    bodies: dict[str, str] = dict(named.findall(shared))
    while "..." in document:
        document = re.sub(r"\.\.\.(\w+)", lambda found: bodies[found[1]].strip(), document)
    return " ".join(document.split())


# What a bulk operation runs, with ``$changed`` in it. It may have five connections, and two below each other
# where the root is not counted; each has edges, and what has something below it names its id.
BULK_ORDERS = _without_fragments(
    """{
  orders(query: "$changed", sortKey: UPDATED_AT) { edges { node {"""
    + _ITSELF
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

# --- what changed behind the orders' back -------------------------------------------------------------------

# An order need not count as changed when one of these was made, held or let go.
CHANGED_WORK = """
query ChangedWork($first: Int!, $after: String, $changed: String!) {
  fulfillmentOrders(
    first: $first, after: $after, query: $changed, sortKey: UPDATED_AT, includeClosed: true
  ) {
    pageInfo { hasNextPage endCursor }
    nodes { orderId }
  }
}
"""

MORE_LINES = (
    """
query MoreLines($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    lineItems(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Line } }
  }
}
"""
    + _LINE
    + _PAID
)

MORE_SHIPPING = (
    """
query MoreShipping($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    shippingLines(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Shipping } }
  }
}
"""
    + _SHIPPING_LINE
    + _PAID
)

MORE_WORK = (
    """
query MoreWork($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    fulfillmentOrders(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Work } }
  }
}
"""
    + _WORK
)

# What only some orders have. These two are plain lists, without a word on whether there is more.
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
    + _PAID
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
    + _PAID
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

# --- what the probe asks --------------------------------------------------------------------------------

WHO_AM_I = """
query WhoAmI {
  shop { myshopifyDomain currencyCode ianaTimezone plan { publicDisplayName } }
  currentAppInstallation { accessScopes { handle } }
  publicApiVersions { handle supported }
}
"""

SERVICES = """
query Services {
  shop { fulfillmentServices { handle callbackUrl location { legacyResourceId name isActive } } }
}
"""

PLACES = """
query Places($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Location { legacyResourceId name isActive isFulfillmentService }
  }
}
"""

# The fields that Shopify opens to an app one by one; nothing of what comes is kept.
SHOPPER = """
query Shopper {
  orders(first: 1, sortKey: CREATED_AT, reverse: true) {
    nodes { email shippingAddress { name address1 phone } }
  }
}
"""

SUBSCRIPTIONS = """
query Subscriptions($topics: [WebhookSubscriptionTopic!]) {
  webhookSubscriptions(first: 100, topics: $topics) { nodes { topic format includeFields } }
}
"""

# --- shipping: what the shop holds before anything is written ---------------------------------------------

_PLACE_OF_WORK = """
fragment Shippable on FulfillmentOrder {
  id status requestStatus
  supportedActions { action }
  fulfillmentHolds { id handle heldByRequestingApp }
  assignedLocation { location { id isFulfillmentService fulfillmentService { handle } } }
}
"""

_MARK = """
fragment Mark on Metafield { key value compareDigest }
"""

# Departures are a plain list, without a word on whether there is more.
SHIPPING = (
    """
query Shipping($id: ID!, $first: Int!) {
  currentAppInstallation { accessScopes { handle } }
  order(id: $id) {
    id cancelledAt
    fulfillments(first: $first) { id status }
    fulfillmentOrders(first: 10) { pageInfo { hasNextPage endCursor } nodes { ...Shippable } }
    metafields(first: 20, namespace: "$app:orderbridge") {
      pageInfo { hasNextPage endCursor }
      nodes { ...Mark }
    }
  }
}
"""
    + _PLACE_OF_WORK
    + _MARK
)

MORE_SHIPPABLE = (
    """
query MoreShippable($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    fulfillmentOrders(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...Shippable }
    }
  }
}
"""
    + _PLACE_OF_WORK
)

MORE_MARKS = (
    """
query MoreMarks($id: ID!, $after: String, $first: Int!) {
  order(id: $id) {
    metafields(first: $first, after: $after, namespace: "$app:orderbridge") {
      pageInfo { hasNextPage endCursor }
      nodes { ...Mark }
    }
  }
}
"""
    + _MARK
)

CONTENTS = """
query Contents($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on FulfillmentOrder {
      id
      lineItems(first: 20) {
        pageInfo { hasNextPage endCursor }
        nodes { id remainingQuantity lineItem { id } }
      }
      merchantRequests(last: 1, kind: FULFILLMENT_REQUEST) {
        pageInfo { hasNextPage endCursor }
        nodes { id }
      }
    }
    ... on Fulfillment {
      id deliveredAt
      location { id }
      trackingInfo(first: 100) { company number url }
      fulfillmentLineItems(first: 20) {
        pageInfo { hasNextPage endCursor }
        nodes { quantity lineItem { id } }
      }
    }
  }
}
"""

MORE_SHIPPABLE_LINES = """
query MoreShippableLines($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on FulfillmentOrder {
      lineItems(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id remainingQuantity lineItem { id } }
      }
    }
  }
}
"""

EVENTS = """
query Events($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Fulfillment {
      id
      events(first: 20) { pageInfo { hasNextPage endCursor } nodes { status } }
    }
  }
}
"""

MORE_EVENTS = """
query MoreEvents($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Fulfillment {
      events(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { status } }
    }
  }
}
"""

# --- shipping: writes -------------------------------------------------------------------------------------

SHIP = """
mutation Ship($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { field message } }
}
"""

TRACK = """
mutation Track($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""

MARK = """
mutation Mark($marks: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $marks) { metafields { id } userErrors { field message code } }
}
"""

ACCEPT = """
mutation Accept($id: ID!) {
  fulfillmentOrderAcceptFulfillmentRequest(id: $id) {
    fulfillmentOrder { id }
    userErrors { field message }
  }
}
"""

REJECT = """
mutation Reject($id: ID!, $message: String) {
  fulfillmentOrderRejectFulfillmentRequest(id: $id, reason: OTHER, message: $message) {
    fulfillmentOrder { id }
    userErrors { field message }
  }
}
"""

GIVE_BACK = """
mutation GiveBack($id: ID!, $message: String) {
  fulfillmentOrderClose(id: $id, message: $message) {
    fulfillmentOrder { id }
    userErrors { field message }
  }
}
"""

ACCEPT_CANCELLATION = """
mutation AcceptCancellation($id: ID!, $message: String) {
  fulfillmentOrderAcceptCancellationRequest(id: $id, message: $message) {
    fulfillmentOrder { id }
    userErrors { field message }
  }
}
"""

REPORT = """
mutation Report($id: ID!, $notes: String!) {
  fulfillmentOrderReportProgress(id: $id, progressReport: {reasonNotes: $notes}) {
    fulfillmentOrder { id }
    userErrors { field message code }
  }
}
"""

DELIVERED = """
mutation Delivered($id: ID!) {
  fulfillmentEventCreate(fulfillmentEvent: {fulfillmentId: $id, status: DELIVERED}) {
    fulfillmentEvent { id }
    userErrors { field message }
  }
}
"""

# --- holds ------------------------------------------------------------------------------------------------

HOLD = """
mutation Hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
    fulfillmentHold { id }
    userErrors { field message code }
  }
}
"""

# Without ids everybody's holds would end.
RELEASE = """
mutation Release($id: ID!, $holds: [ID!]!) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
    fulfillmentOrder { id }
    userErrors { field message code }
  }
}
"""

# --- notes, cancels, refunds ------------------------------------------------------------------------------

NOTE_OF = (
    """
query NoteOf($id: ID!) {
  order(id: $id) {
    note
    metafields(first: 20, namespace: "$app:orderbridge") {
      pageInfo { hasNextPage endCursor }
      nodes { ...Mark }
    }
  }
}
"""
    + _MARK
)

PUT_NOTE = """
mutation PutNote($id: ID!, $note: String!, $remarks: [MetafieldInput!]!) {
  orderUpdate(input: {id: $id, note: $note, metafields: $remarks}) {
    order { id }
    userErrors { field message }
  }
}
"""

CANCELABLE = (
    """
query Cancelable($id: ID!) {
  order(id: $id) {
    cancelledAt
    netPaymentSet { ...Paid }
    returns(first: 100) { pageInfo { hasNextPage endCursor } nodes { name status } }
  }
}
"""
    + _PAID
)

CANCEL = """
mutation Cancel($id: ID!, $staffNote: String) {
  orderCancel(orderId: $id, reason: OTHER, restock: true, notifyCustomer: false, staffNote: $staffNote) {
    job { id done }
    jobResult { id }
    orderCancelUserErrors { field message code }
  }
}
"""

CANCEL_JOB = """
query CancelJob($job: ID!, $result: ID!) {
  job(id: $job) { done }
  node(id: $result) { ... on OrderCancelJobResult { status errors { message code } } }
}
"""

REFUNDABLE = (
    """
query Refundable($id: ID!, $lines: [ID!]!, $goods: [RefundLineItemInput!], $shipping: Money) {
  order(id: $id) {
    currencyCode presentmentCurrencyCode
    refunds(first: 250) { id note }
    asked: suggestedRefund(refundLineItems: $goods, shippingAmount: $shipping) {
      refundLineItems { lineItem { id } location { id } }
    }
    all: suggestedRefund(suggestFullRefund: true) {
      maximumRefundableSet { ...Paid }
      suggestedTransactions { gateway amountSet { ...Paid } parentTransaction { id manualPaymentGateway } }
    }
  }
  nodes(ids: $lines) { ... on LineItem { id unfulfilledQuantity refundableQuantity } }
}
"""
    + _PAID
)

REFUND_MADE = (
    """
query RefundMade($id: ID!) {
  node(id: $id) {
    ... on Refund {
      id
      transactions(first: 50) {
        pageInfo { hasNextPage endCursor }
        nodes { kind status gateway amountSet { ...Paid } }
      }
    }
  }
}
"""
    + _PAID
)

REFUND = """
mutation Refund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id }
    userErrors { field message }
  }
}
"""
