"""What Shopify is asked and told about cancels and refunds."""

from __future__ import annotations

from ._documents_orders import PAID

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
    + PAID
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
    + PAID
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
    + PAID
)

REFUND = """
mutation Refund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id }
    userErrors { field message }
  }
}
"""
