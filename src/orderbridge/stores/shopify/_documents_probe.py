"""What Shopify is asked about itself, the app and its webhooks."""

from __future__ import annotations

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
