"""What a PrestaShop shop's answers tell a merchant about keys, hosts and settings."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ...adapters import Access, Finding, Flow, Response, parse_xml, raise_for_status
from ...errors import AnswerError, Malformed
from ._orders import Shop, zone_of
from ._query import listing, rights
from ._reading import order_states, parameters
from ._settings import Settings
from ._wire import problem_of, rows, version_of

_WEBSERVICE = "Advanced Parameters, Webservice"
_READS = (
    "addresses",
    "carriers",
    "configurations",
    "countries",
    "currencies",
    "customer_messages",
    "customer_threads",
    "customers",
    "order_carriers",
    "order_details",
    "order_histories",
    "order_slip",
    "order_states",
    "orders",
    "states",
)
_WRITES = ("customer_messages", "customer_threads", "order_carriers", "order_histories")
# What cannot be done without a right to make rows of a kind.
_LACKING = {
    "customer_messages": ("Annotates", "ReportsProgress", "Refunds"),
    "customer_threads": ("Annotates", "ReportsProgress", "Refunds"),
    "order_histories": ("CancelsShopOrders",),
    "order_slip": ("Refunds",),
}


def look(settings: Settings) -> Flow[Access]:
    """From the front door inward, up to the first thing that keeps the bridge from working."""
    identity = identity_of(settings)
    response = yield rights(None, shop=settings.shop_id)
    wall = _front_door(response)
    if wall:
        return Access(identity=identity, findings=(wall,))
    version = version_of(response)
    root = parse_xml(response.body).find("api")
    if root is None:
        return Access(identity=identity, findings=(_no_webservice(response),))
    findings = [_good(f"the shop {root.get('shopName', '')} answers".replace("  ", " "))]
    findings.append(_good(f"it is PrestaShop {version}") if version else _good("it does not say its version"))
    if settings.base_url.startswith("http://"):
        open_line = "the address is plain http: the key and shoppers' data travel in the open"
        fix = "Get the shop a certificate and write https in base_url."
        findings.append(Finding(ok=True, what=open_line, fix=fix))
    findings += _rights(root, version, settings)
    lacks = frozenset(
        ability
        for resource, abilities in _LACKING.items()
        if not _may(root, resource, "post")
        for ability in abilities
    )
    if all(finding.ok for finding in findings):
        findings += yield from _inside(settings)
    return Access(identity=identity, findings=tuple(findings), lacks=lacks, version=version)


def identity_of(settings: Settings) -> str:
    # Not http or https, which merchants change once; and not the shop's title, which they change often.
    address = settings.base_url.partition("://")[2].rstrip("/").lower()
    return f"{address}#{settings.shop_id}" if settings.shop_id else address


def _good(what: str) -> Finding:
    return Finding(ok=True, what=what)


def _bad(what: str, fix: str) -> Finding:
    return Finding(ok=False, what=what, fix=fix)


def _front_door(response: Response) -> Finding | None:
    """What stands between us and the webservice, if anything."""
    status, problem = response.status, problem_of(response)
    codes = set(problem.codes)
    if 300 <= status < 400:
        to = response.headers.get("location", "another address").partition("?")[0]
        return _bad(
            f"the address redirects to {to}",
            "Write the final address in base_url; if it is right, check shop_id: PrestaShop sends on "
            "who asks for a shop that it does not have.",
        )
    if status == 503 and "22" in codes:
        return _bad(
            "the shop's webservice is switched off", f"Switch it on under {_WEBSERVICE}, Configuration."
        )
    if status == 401 and response.body.strip() == b"401 Unauthorized":
        return _bad(
            "no key reached PrestaShop: the host strips the Authorization header",
            f"Switch on CGI mode under {_WEBSERVICE}, or have the host pass the header on (Apache: "
            "CGIPassAuth On); else set query_key, which leaves the key in the shop's access log.",
        )
    if status == 401 and codes & {"17", "18", "20"}:
        return _bad(
            f"the shop does not accept the key ({problem.message})",
            f"Copy the key again from {_WEBSERVICE}, and see that it is switched on.",
        )
    if status == 401 and "21" in codes:
        return _bad("the key has no rights at all", f"Tick what it may do under {_WEBSERVICE}.")
    if status == 403 and "132" in codes:
        return _bad(
            "the key is not tied to this shop", f"Edit the key under {_WEBSERVICE}, Shop association."
        )
    if status == 404 and not problem:
        return _no_webservice(response)
    if status in (401, 403, 406, 429, 503) or response.body.lstrip()[:9].lower() in (b"<!doctype", b"<html"):
        return _bad(
            f"a web page came instead of the webservice (HTTP {status}): a firewall, a bot check or "
            "maintenance mode",
            "Let this machine's address through to /api/, or end the maintenance.",
        )
    raise_for_status(response)
    return None


def _no_webservice(response: Response) -> Finding:
    return _bad(
        f"there is no PrestaShop webservice at this address (HTTP {response.status})",
        "Check base_url. If it is right, /api/ is not rewritten: switch on Friendly URL under Shop "
        "Parameters, Traffic & SEO, and have the host allow .htaccess with mod_rewrite (nginx needs its own "
        "rule).",
    )


def _may(root: Element, resource: str, method: str) -> bool:
    node = root.find(resource)
    return node is not None and node.get(method) == "true"


def _rights(root: Element, version: str, settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    unseen = [name for name in _READS if not _may(root, name, "get")]
    if unseen:
        findings.append(
            _bad(
                f"the key may not read {', '.join(unseen)}", f"Tick View (GET) for them under {_WEBSERVICE}."
            )
        )
    else:
        findings.append(_good("orders and all that belongs to them can be read"))
    wanted = (*_WRITES, *(("order_states",) if settings.own_states else ()))
    unmade = [name for name in wanted if not _may(root, name, "post")]
    if unmade:
        findings.append(
            _bad(f"the key may not add {', '.join(unmade)}", f"Tick Add (POST) for them under {_WEBSERVICE}.")
        )
    patches = _may(root, "order_carriers", "patch")
    if not patches and not _may(root, "order_carriers", "put"):
        findings.append(
            _bad(
                "the key may not change order_carriers, so no tracking number can be shown",
                f"Tick Modify (PUT) and Patch (PATCH) for order_carriers under {_WEBSERVICE}.",
            )
        )
    elif not patches and version and int(version.partition(".")[0]) >= 8:
        what = (
            "the key may not PATCH order_carriers, as keys from before an update to 8; whole rows are written"
        )
        fix = f"Tick Patch (PATCH) for order_carriers under {_WEBSERVICE}."
        findings.append(Finding(ok=True, what=what, fix=fix))
    if not _may(root, "products", "get"):
        what = "the key may not read products, so services without a download count as goods to ship"
        findings.append(Finding(ok=True, what=what, fix=f"Tick View (GET) for products under {_WEBSERVICE}."))
    return findings


def _inside(settings: Settings) -> Flow[list[Finding]]:
    """What the shop's own settings say."""
    findings: list[Finding] = []
    try:
        values = yield from parameters(settings.shop_id)
        states = yield from order_states(settings.shop_id)
        shop = Shop(parameters=values, states=states)
        zone = settings.time_zone or values.get("PS_TIMEZONE", "")
        if not zone:
            return [_bad("the shop does not say its time zone", "Set time_zone, such as Europe/Rome.")]
        zone_of(zone)
        findings.append(_good(f"its time zone is {zone}"))
        state = int(settings.shipped_state or shop.state_id("PS_OS_SHIPPING"))
        if state not in states:
            findings.append(_bad("the shop has no order state for what has shipped", "Set shipped_state."))
        elif not shop.says(state, "shipped"):
            what = f"order state {state} is not marked as shipped"
            findings.append(_bad(what, "Set shipped_state to one that is."))
        unknown = [each for each in settings.ready_states if int(each) not in states]
        if unknown:
            findings.append(
                _bad(f"the shop has no order state {', '.join(unknown)}", "Correct ready_states.")
            )
        answer = yield listing("shops", display=("id",))
        if answer.status == 200 and not settings.shop_id and len(rows(answer, "shops")) > 1:
            what = "the shop is a multistore; the one at this address is used"
            findings.append(Finding(ok=True, what=what, fix="Set shop_id to name another, or to be sure."))
    except Malformed as error:
        findings.append(_bad(f"what the shop says cannot be understood: {error.message}", "Set time_zone."))
    except AnswerError as error:
        findings.append(_bad(error.message, f"Check the key under {_WEBSERVICE}."))
    return findings
