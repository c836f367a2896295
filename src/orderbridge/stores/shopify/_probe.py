"""What Shopify's answers tell a merchant about address, credentials, access and webhooks."""

from __future__ import annotations

import re

import attrs

from ...adapters import Access, Finding, Flow, Response
from ...errors import BridgeError, Forbidden
from ._documents_probe import PLACES, SERVICES, SHOPPER, SUBSCRIPTIONS, WHO_AM_I
from ._graphql import ask, data_of, version_of
from ._scopes import APPROVE, has, needs
from ._settings import Settings

_SPOKEN = "2026-10"  # the version whose fields we ask for

# Whoever ships for the merchant hears of orders, who ships as a service also of requests. All else is found
# by looking.
_TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "REFUNDS_CREATE",
    "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD",
    "FULFILLMENT_ORDERS_HOLD_RELEASED",
    "APP_UNINSTALLED",
)
_TOPICS_OF_SERVICES = (
    "FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_SUBMITTED",
    "FULFILLMENT_ORDERS_CANCELLATION_REQUEST_SUBMITTED",
)


@attrs.frozen(kw_only=True)
class _Plan:
    publicDisplayName: str = ""


@attrs.frozen(kw_only=True)
class _Shop:
    myshopifyDomain: str
    currencyCode: str = ""
    ianaTimezone: str = ""
    plan: _Plan | None = None


@attrs.frozen(kw_only=True)
class _Scope:
    handle: str


@attrs.frozen(kw_only=True)
class _Installation:
    accessScopes: list[_Scope]


@attrs.frozen(kw_only=True)
class _Version:
    handle: str
    supported: bool


@attrs.frozen(kw_only=True)
class _WhoAmI:
    shop: _Shop
    currentAppInstallation: _Installation
    publicApiVersions: list[_Version]


@attrs.frozen(kw_only=True)
class _Place:
    """A location; empty where the id was another thing's."""

    legacyResourceId: str = ""
    name: str = ""
    isActive: bool = True
    isFulfillmentService: bool = False


@attrs.frozen(kw_only=True)
class _Places:
    nodes: list[_Place | None]


@attrs.frozen(kw_only=True)
class _Service:
    handle: str
    callbackUrl: str | None = None
    location: _Place | None = None


@attrs.frozen(kw_only=True)
class _ServicesOfShop:
    fulfillmentServices: list[_Service]


@attrs.frozen(kw_only=True)
class _Services:
    shop: _ServicesOfShop


@attrs.frozen(kw_only=True)
class _Subscription:
    topic: str
    format: str = "JSON"
    includeFields: list[str] = attrs.field(factory=list[str])


@attrs.frozen(kw_only=True)
class _SubscriptionPage:
    nodes: list[_Subscription]


@attrs.frozen(kw_only=True)
class _Subscriptions:
    webhookSubscriptions: _SubscriptionPage


@attrs.frozen(kw_only=True)
class _Address:
    name: str | None = attrs.field(default=None, repr=False)
    address1: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class _Order:
    shippingAddress: _Address | None = None


@attrs.frozen(kw_only=True)
class _Orders:
    nodes: list[_Order]


@attrs.frozen(kw_only=True)
class _Shoppers:
    orders: _Orders


def look(settings: Settings) -> Flow[Access]:
    """From the front door inward, up to the first thing that keeps the bridge from working."""
    response = yield ask(settings, WHO_AM_I)
    wall = _front_door(settings, response)
    if wall:
        # Who the shop is was not said: to take the address for it might be wrong for ever.
        return Access(identity="", findings=(wall,))
    who = data_of(_WhoAmI, response)
    version = version_of(response)
    granted = {scope.handle for scope in who.currentAppInstallation.accessScopes}
    missing = [need for need in needs(settings) if not has(granted, need.scope)]
    findings = [_shop(who.shop), *_address(settings, who.shop)]
    findings += [_version(settings, version, who.publicApiVersions)]
    findings += [need.finding for need in missing]
    if not any(need.needed for need in missing):
        findings.append(_good("the app has all the access that the bridge needs"))
    if settings.service:
        part, more = yield from _as_service(settings)
    else:
        part, more = ",".join(sorted(settings.locations)), (yield from _locations(settings))
    findings += more
    if has(granted, "read_orders"):
        findings += yield from _shoppers(settings)
    if settings.client_secret or settings.webhook_secrets:
        findings += yield from _webhooks(settings)
    domain = who.shop.myshopifyDomain.lower()
    # Work is held by the merchant, or by an app that manages his orders.
    lacks = {"HoldsWork"} if settings.service else set[str]()
    return Access(
        identity=_identity(domain, part),
        findings=tuple(findings),
        lacks=frozenset(lacks.union(*(need.lacks for need in missing))),
        version=version,
    )


def _identity(domain: str, part: str | None) -> str:
    """The shop, and which of its locations are meant; empty where that cannot be told."""
    if part is None:
        return ""
    return f"{domain}#{part}" if part else domain


def _good(what: str, fix: str = "") -> Finding:
    return Finding(ok=True, what=what, fix=fix)


def _bad(what: str, fix: str) -> Finding:
    return Finding(ok=False, what=what, fix=fix)


# --- between us and the shop ----------------------------------------------------------------------------


def _front_door(settings: Settings, response: Response) -> Finding | None:
    """What stands between us and the API, if anything."""
    status = response.status
    match status:
        case 401:
            return _bad(
                "the shop does not accept the access token",
                "See that the app is still installed, and copy its token again; one of another shop does "
                "not fit.",
            )
        case 402:
            return _bad(
                "the shop is frozen", "Its owner has to pay Shopify's bill; nothing can be read then."
            )
        case 403:
            return _bad(
                "the shop turns the app away (HTTP 403)",
                f"See that the app is installed; if it is, {APPROVE}.",
            )
        case 404:
            return _bad(
                f"there is no Shopify shop at this address, or no version {settings.api_version} of its API",
                "Correct base_url: the name before .myshopify.com stands in the admin under Settings, "
                f"Domains. Leave api_version out, which takes {_SPOKEN}.",
            )
        case 423:
            return _bad("the shop is locked", "Its owner has to ask Shopify's support.")
        case 430:
            return _bad(
                "Shopify took the call for an attack (HTTP 430)",
                "Ask again later, from a machine of good repute.",
            )
        case _ if 300 <= status < 400:
            to = re.match(r"https?://[^/?#]+", response.headers.get("location", ""))
            return _bad(
                f"the address redirects to {to[0] if to else 'another one'}",
                "Write the shop's myshopify.com address in base_url.",
            )
        case _ if response.body.lstrip()[:1] == b"<":
            return _bad(
                f"a web page came instead of Shopify's API (HTTP {status})",
                "Check base_url. If it is right, Shopify itself has a fault: ask again later.",
            )
        case _:
            return None


def _address(settings: Settings, shop: _Shop) -> list[Finding]:
    domain = shop.myshopifyDomain.lower()
    if domain == settings.shop or not settings.shop.endswith(".myshopify.com"):
        return []
    return [
        _good(
            f"the shop's own address is {domain} now; webhooks name that one and are turned away",
            f"Write https://{domain} in base_url.",
        )
    ]


def _shop(shop: _Shop) -> Finding:
    plan = shop.plan.publicDisplayName if shop.plan else ""
    on_plan = f" on the plan {plan}" if plan else ""
    said = f"it is {shop.myshopifyDomain}{on_plan}"
    return _good(f"{said}; its currency is {shop.currencyCode}, its time zone {shop.ianaTimezone}")


def _version(settings: Settings, answered: str, known: list[_Version]) -> Finding:
    """Shopify answers a version that it does not serve with another one, whose fields may be others."""
    asked = settings.api_version
    answered = answered or asked
    if answered < _SPOKEN:
        return _bad(
            f"version {answered} of the API answers, which lacks fields that the bridge asks for",
            f"Leave api_version out, which takes {_SPOKEN}.",
        )
    if answered != asked:
        served = sorted(each.handle for each in known if each.supported and each.handle >= _SPOKEN)
        return _good(
            f"Shopify does not serve version {asked} of the API; {answered} answers in its place",
            f"Set api_version to one that it serves: {', '.join(served) or answered}.",
        )
    return _good(f"version {answered} of the API answers")


# --- what the app may do ----------------------------------------------------------------------------------

_SHUT = Finding(
    ok=False,
    what="Shopify does not let the app see shoppers' names, addresses, phone numbers and email addresses",
    fix="Ask for protected customer data under the app's API access: name, address, phone and email, to have "
    "orders shipped.",
)


def _shoppers(settings: Settings) -> Flow[list[Finding]]:
    """Names and addresses are opened to an app by Shopify, beside the scopes."""
    response = yield ask(settings, SHOPPER)
    try:
        orders = data_of(_Shoppers, response).orders.nodes
    except Forbidden:
        return [_SHUT]
    except BridgeError as error:
        return [_unseen("whether shoppers' addresses can be read", error)]
    # Some apps get an error, others nothing where something must be.
    addresses = [each.shippingAddress for each in orders if each.shippingAddress]
    return [_SHUT] if any(each.name is None and each.address1 is None for each in addresses) else []


def _unseen(what: str, error: BridgeError) -> Finding:
    return _good(f"it could not be seen {what}: {error.message}")


# --- from where it ships -----------------------------------------------------------------------------------


def _as_service(settings: Settings) -> Flow[tuple[str | None, list[Finding]]]:
    """Our fulfillment service: its location is the part of the shop that is ours."""
    response = yield ask(settings, SERVICES)
    try:
        services = data_of(_Services, response).shop.fulfillmentServices
    except Forbidden as error:
        return None, [_bad(f"the shop's fulfillment services cannot be read: {error.message}", "")]
    ours = next((each for each in services if each.handle == settings.service), None)
    if ours is None:
        there = ", ".join(sorted(each.handle for each in services)) or "none"
        return None, [
            _bad(
                f"the shop has no fulfillment service {settings.service!r}",
                f"Correct service; it has {there}. Leave it empty to ship for the merchant's own locations.",
            )
        ]
    place = ours.location
    if place is None or not place.legacyResourceId:
        return None, [
            _bad(
                f"the fulfillment service {ours.handle!r} has no location that we may see",
                "Give the app read_locations, or have the app make its service anew.",
            )
        ]
    findings = [_good(f"we ship as the fulfillment service {ours.handle!r} from {place.name!r}")]
    findings += [_inactive(place)] if not place.isActive else []
    if settings.locations and place.legacyResourceId not in settings.locations:
        findings.append(
            _bad(
                f"locations leaves out {place.legacyResourceId}, from where our service ships, so nothing is "
                "ours",
                "Leave locations empty, or put it there.",
            )
        )
    if not ours.callbackUrl:
        findings.append(_good("the service has no callback address; requests are found by looking"))
    return place.legacyResourceId, findings


def _locations(settings: Settings) -> Flow[list[Finding]]:
    if not settings.locations:
        return [_good("we ship for all of the merchant's own locations")]
    gids = [f"gid://shopify/Location/{each}" for each in settings.locations]
    response = yield ask(settings, PLACES, {"ids": gids})
    try:
        found = data_of(_Places, response).nodes
    except BridgeError as error:
        return [_unseen("whether the shop has the locations", error)]
    places = {place.legacyResourceId: place for place in found if place is not None}
    findings: list[Finding] = []
    for each in settings.locations:
        place = places.get(each)
        if place is None:
            findings.append(
                _bad(
                    f"the shop has no location {each}",
                    "Correct locations: the number stands at the end of the location's address in the "
                    "admin, under Settings, Locations.",
                )
            )
        elif not place.isActive:
            findings.append(_inactive(place))
        elif place.isFulfillmentService:
            findings.append(
                _bad(
                    f"the location {place.name!r} ({each}) is a fulfillment service's, which alone may ship "
                    "from it",
                    "Take it out of locations; if the service is our app's own, put its handle into service.",
                )
            )
        else:
            findings.append(_good(f"we ship for the location {place.name!r} ({each})"))
    return findings


def _inactive(place: _Place) -> Finding:
    return _bad(
        f"the location {place.name!r} ({place.legacyResourceId}) is deactivated",
        "Activate it in the admin, under Settings, Locations.",
    )


# --- webhooks ---------------------------------------------------------------------------------------------


def _webhooks(settings: Settings) -> Flow[list[Finding]]:
    """Only hints, so none of it keeps the bridge from working; but Shopify drops what fails too often."""
    wanted = (*_TOPICS, *(_TOPICS_OF_SERVICES if settings.service else ()))
    response = yield ask(settings, SUBSCRIPTIONS, {"topics": list(wanted)})
    try:
        found = data_of(_Subscriptions, response).webhookSubscriptions.nodes
    except BridgeError as error:
        return [_unseen("which webhooks the app has", error)]
    missing = sorted(set(wanted) - {each.topic for each in found})
    findings: list[Finding] = []
    if missing:
        findings.append(
            _good(
                f"the app has no webhooks for {', '.join(missing)}; such changes are found by looking",
                "Subscribe to them, again if they were there before: Shopify drops what fails eight times in "
                "a row. Those of shopify.app.toml and of the admin are not seen here.",
            )
        )
    xml = sorted({each.topic for each in found if each.format != "JSON"})
    if xml:
        findings.append(_good(f"webhooks come as XML for {', '.join(xml)}", "Subscribe to them as JSON."))
    cut = sorted({each.topic for each in found if each.includeFields and not _enough(each)})
    if cut:
        findings.append(
            _good(
                f"webhooks leave out fields for {', '.join(cut)}: messages that look alike are dropped",
                "Have includeFields hold id and updated_at, or leave it empty.",
            )
        )
    return findings or [_good("the app has its webhooks")]


def _enough(subscription: _Subscription) -> bool:
    if not subscription.topic.startswith("ORDERS_"):
        return True
    return {"id", "updated_at"} <= set(subscription.includeFields)
