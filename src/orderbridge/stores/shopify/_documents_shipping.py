"""What Shopify is asked and told about what leaves, how far it is, what is held, and remarks.

An operation's name says what it is for; a list that may be longer than what is asked for names its
``pageInfo``, and is read to its end.
"""

from __future__ import annotations

from ._documents_orders import WORK

# --- shipping: what the shop holds before anything is written ---------------------------------------------

_PLACE_OF_WORK = (
    """
fragment Shippable on FulfillmentOrder {
  ...Work
  supportedActions { action }
  fulfillmentHolds { id handle heldByRequestingApp }
}
"""
    + WORK
)

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

# --- remarks -----------------------------------------------------------------------------------------------

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
