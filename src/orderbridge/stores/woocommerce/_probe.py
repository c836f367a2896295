"""What a WooCommerce shop's answers tell a merchant about keys, hosts and plug-ins."""

from __future__ import annotations

from ...adapters import Access, Finding, Flow, Read, Response, decode, raise_for_status
from ._wire import (
    API,
    JSON,
    KEEP,
    WireRoutes,
    WireSite,
    WireSystem,
    get,
    problem_of,
    text,
    words,
)

_MANAGER = "Give the key to a user with the role Shop manager."
_WRITES = frozenset({"Annotates", "CancelsShopOrders", "CorrectsTracking", "Refunds", "ReportsProgress"})
_READ_WRITE = "Give the key the permission Read/Write."


def look(base_url: str) -> Flow[Access]:
    """From the front door inward, up to the first thing that keeps the bridge from working."""
    wanted = "name,home,url,namespaces,timezone_string,gmt_offset"
    response = yield get("/wp-json/", ("_fields", wanted))
    wall = _front_door(response)
    if wall:
        return Access(identity="", findings=(wall,))
    site = decode(WireSite, response)
    # Not the shop's title, which merchants change; and not http or https, which they change once.
    identity = (text(site.home) or text(site.url) or base_url).partition("://")[2].rstrip("/").lower()
    if "wc/v3" not in site.namespaces:
        off = _bad(
            "WordPress answers, but WooCommerce does not",
            "Switch the WooCommerce plug-in on, or update it to 3.5 or newer.",
        )
        return Access(identity=identity, findings=(off,))
    findings = [_good(f"the shop {words(site.name)} answers; its time zone is {site.zone}")]
    if base_url.startswith("http://"):
        open_line = "the address is plain http: calls are signed, but shoppers' data travel in the open"
        fix = "Get the shop a certificate and write https in base_url."
        findings.append(Finding(ok=True, what=open_line, fix=fix))
    findings.append(_may_read((yield get(f"{API}/orders", ("per_page", "1"), ("_fields", "id")))))
    if not findings[-1].ok:
        return Access(identity=identity, findings=tuple(findings))
    # No order has the id 0, so this changes nothing; but the key's permission is looked at first.
    findings.append(_may_write((yield Read("PUT", f"{API}/orders/0", headers=JSON, body=b"{}"))))
    lacks = frozenset[str]() if findings[-1].ok else _WRITES
    response = yield get(f"{API}/system_status", ("_fields", "environment"))
    manager = response.status == 200
    version = text(decode(WireSystem, response).environment.version) if manager else ""
    findings.append(_good(f"WooCommerce {version}") if manager else _good("its version could not be checked"))
    routes = decode(WireRoutes, (yield get(API, keep=KEEP)))
    if routes.fulfillments and not manager:
        findings.append(_bad("the key's user may not use the shop's order fulfillments", _MANAGER))
    elif routes.fulfillments:
        findings.append(_good("shipments can be shown as WooCommerce's own order fulfillments"))
    elif site.plugin:
        findings.append(_good(f"shipments can be shown by the tracking plug-in ({site.plugin})"))
    else:
        findings.append(
            Finding(
                ok=True,
                what="shipments can only be shown as order notes",
                fix="For tracking in the shopper's account, add a shipment tracking plug-in.",
            )
        )
    return Access(identity=identity, findings=tuple(findings), lacks=lacks, version=version)


def _good(what: str) -> Finding:
    return Finding(ok=True, what=what)


def _bad(what: str, fix: str) -> Finding:
    return Finding(ok=False, what=what, fix=fix)


def _is_page(response: Response) -> bool:
    return response.body.lstrip()[:1] == b"<"


def _front_door(response: Response) -> Finding | None:
    """What stands between us and WordPress's API, if anything."""
    status = response.status
    code = problem_of(response).code
    if 300 <= status < 400:
        to = response.headers.get("location", "another address").partition("?")[0]
        return _bad(f"the address redirects to {to}", "Write the final address in base_url.")
    if status in (401, 403) and code:
        return _bad(
            f"the shop's REST API is closed to visitors ({code}), most likely by a security plug-in",
            "Allow the REST API in that plug-in, at least /wp-json/ and /wp-json/wc/.",
        )
    if status == 404:
        return _bad(
            "there is no WordPress API at this address",
            "Choose any structure but Plain under Settings, Permalinks; else check base_url.",
        )
    if status in (401, 403, 406, 429, 503) or (status == 200 and _is_page(response)):
        return _bad(
            f"a web page came instead of the API (HTTP {status}): a firewall, bot check or maintenance mode",
            "Let this machine's address through to /wp-json/, or end the maintenance.",
        )
    raise_for_status(response)
    return None


def _may_read(response: Response) -> Finding:
    problem = problem_of(response)
    said = problem.message.lower()
    if response.status == 200 and not _is_page(response):
        count = response.headers.get("x-wp-total", "")
        return _good(f"orders can be read{f' ({count} of them)' if count else ''}")
    if "secret is invalid" in said:
        return _bad("the consumer secret is wrong", "Copy it again, or make a new key.")
    if "read permissions" in said:
        return _bad("the key may only write", _READ_WRITE)
    if "signature" in said or "timestamp" in said or "nonce" in said:
        return _bad(
            f"the shop does not accept the signature ({words(problem.message)})",
            "Write https in base_url if the shop has a certificate; else check this machine's clock, and "
            "whether a proxy changes the shop's address.",
        )
    if problem.code == "rest_no_route":
        return _bad("WooCommerce has no orders API", "Update WooCommerce.")
    if problem.code == "woocommerce_rest_cannot_view":
        if response.status == 403:
            return _bad("the key is known, but its user may not see orders", _MANAGER)
        return _bad(
            "the shop does not recognize the key; it answers the same to a wrong key and to none",
            "Check the consumer key. If it is right, the host strips the Authorization header (set "
            "query_keys, or have it passed on), or WordPress behind a proxy does not know it is on https.",
        )
    if response.status in (401, 403) and problem.code:
        fix = "Look for a security plug-in that closes the REST API."
        return _bad(f"the shop refuses ({problem.code})", fix)
    return _bad(
        f"no answer of WooCommerce came for orders (HTTP {response.status})",
        "Look for a firewall, a cache or a bot check before /wp-json/wc/.",
    )


def _may_write(response: Response) -> Finding:
    problem = problem_of(response)
    if "write permissions" in problem.message:
        return _bad("the key may only read", _READ_WRITE)
    if str(problem.code).endswith("_invalid_id"):
        return _good("orders can be written")
    if response.status in (401, 403) and problem.code:
        return _bad("the key is known, but its user may not change orders", _MANAGER)
    return _bad(
        f"changes do not reach WooCommerce (HTTP {response.status})",
        "Have the host's firewall allow PUT to /wp-json/wc/.",
    )
