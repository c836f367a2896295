"""What a Magento shop's answers tell a merchant about addresses, credentials, rights and stock."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from ...adapters import Access, Finding, Flow, Read, Response, decode_bytes
from ...errors import AnswerError, Malformed
from ._query import MOST, Path, listing
from ._settings import Settings
from ._shapes import WireList
from ._values import Scalar, flag, id_text, text
from ._wire import ACCEPT, get, is_maintenance, problem_of, refuse

_BEARER = (
    "Switch it on under Stores, Configuration, Services, OAuth, Consumer Settings, Allow OAuth Access Tokens "
    "to be used as standalone Bearer tokens (bin/magento config:set "
    "oauth/consumer/enable_integration_as_bearer 1), or give the integration's four values instead."
)


@attrs.frozen(kw_only=True)
class _Right:
    """What one list needs.

    Args:
        id: As Magento says it when it is missing.

        label: As it stands in the tree that is ticked.

        what: Can then be read.

        needed: The bridge cannot work without it.

        sort: A column of the list.

        fields: To read of each row: none of a shopper's.

        lacks: Abilities that go with it.
    """

    id: str
    label: str
    what: str
    needed: bool = True
    sort: str = "entity_id"
    fields: tuple[str, ...] = ("entity_id",)
    lacks: frozenset[str] = frozenset()


_ORDERS = _Right(
    id="Magento_Sales::actions_view", label="Sales, Operations, Orders, Actions, View", what="orders"
)
_RIGHTS: Mapping[Path, _Right] = {
    "shipments": _Right(
        id="Magento_Sales::shipment",
        label="Sales, Operations, Shipments",
        what="shipments",
        lacks=frozenset({"CorrectsTracking"}),
    ),
    "invoices": _Right(
        id="Magento_Sales::sales_invoice", label="Sales, Operations, Invoices", what="invoices"
    ),
    "creditmemos": _Right(
        id="Magento_Sales::sales_creditmemo",
        label="Sales, Operations, Credit Memos",
        what="credit memos",
        lacks=frozenset({"Refunds"}),
    ),
    "products": _Right(
        id="Magento_Catalog::products",
        label="Catalog, Inventory, Products",
        what="products, without which orders of bundles are set aside",
        needed=False,
        fields=("id",),
    ),
    "inventory/sources": _Right(
        id="Magento_InventoryApi::source",
        label="Stores, Inventory, Sources",
        what="inventory sources, so source and sources are not checked",
        needed=False,
        sort="source_code",
        fields=("source_code", "enabled"),
    ),
}
_CLOSED: tuple[Path, ...] = ("shipments", "invoices", "creditmemos", "inventory/sources")
_STORES = _Right(
    id="Magento_Backend::store",
    label="Stores, Settings, All Stores",
    what="store views, so store_ids is not checked",
    needed=False,
)


@attrs.frozen(kw_only=True)
class _Listed:
    """What any of Magento's lists has, be it empty."""

    items: list[object] | None


@attrs.frozen(kw_only=True)
class _Source:
    source_code: Scalar = ""
    enabled: Scalar = False


@attrs.frozen(kw_only=True)
class _StoreView:
    id: Scalar = None
    code: Scalar = ""
    timezone: Scalar = ""
    base_currency_code: Scalar = ""


def look(settings: Settings) -> Flow[Access]:
    """From the front door inward, up to the first thing that keeps the bridge from working."""
    identity = identity_of(settings)
    response = yield _one(settings, "orders", _ORDERS)
    wall = _front_door(settings, response)
    if wall and response.status == 404:
        wall = yield from _behind_index_php(settings, wall)
    if wall:
        return Access(identity=identity, findings=(wall,))
    answers: dict[Path, Response] = {}
    for path, right in _RIGHTS.items():
        answers[path] = yield _one(settings, path, right)
    views = yield get(settings, "/store/storeConfigs")
    # Magento tells a stranger too that a right is missing: who may read none of this is one. Products and
    # store views are open to anybody in some shops.
    if not any(each.status == 200 for each in (response, *(answers[path] for path in _CLOSED))):
        return Access(identity=identity, findings=(_stranger(settings),))
    asked = [
        (_ORDERS, response),
        *((_RIGHTS[path], each) for path, each in answers.items()),
        (_STORES, views),
    ]
    missing = [right for right, answer in asked if answer.status == 401]
    version = _version((yield Read("GET", "/magento_version", headers=ACCEPT)))
    findings = [_good(f"it is Magento {version}") if version else _good("it does not say its version")]
    findings += [_unsafe()] if settings.base_url.startswith("http://") else []
    findings += [_good("orders can be read")] if _ORDERS not in missing else []
    findings += [_lacking(right) for right in missing]
    findings += [
        _bad(
            f"the shop cannot list its {right.what} (HTTP {answers[path].status})",
            "Look into the shop's own logs (var/log/exception.log, var/report).",
        )
        for path, right in _RIGHTS.items()
        if right.needed and answers[path].status not in (200, 401)
    ]
    findings += [_to_tick(settings)]
    if views.status == 200:
        findings += _views(settings, views)
    findings += _sources(settings, answers["inventory/sources"])
    lacks = frozenset(ability for right in missing for ability in right.lacks)
    return Access(identity=identity, findings=tuple(findings), lacks=lacks, version=version)


def identity_of(settings: Settings) -> str:
    """The shop's address, and which of its store views are meant."""
    # Not http or https, which merchants change once; and not the way around missing rewrites.
    address = settings.base_url.partition("://")[2].lower().removesuffix("/index.php").rstrip("/")
    part = ",".join(str(each) for each in sorted({int(each) for each in settings.store_ids}))
    return f"{address}#{part}" if part else address


def _one(settings: Settings, path: Path, right: _Right) -> Read:
    size = MOST if path == "inventory/sources" else 1
    return listing(settings, path, sort=(right.sort,), size=size, fields=right.fields)


def _good(what: str) -> Finding:
    return Finding(ok=True, what=what)


def _bad(what: str, fix: str) -> Finding:
    return Finding(ok=False, what=what, fix=fix)


def _unsafe() -> Finding:
    return Finding(
        ok=True,
        what="the address is plain http: shoppers' data, and a token or password, travel in the open",
        fix="Get the shop a certificate and write https in base_url.",
    )


# --- between us and Magento ------------------------------------------------------------------------------


def _is_page(response: Response) -> bool:
    return response.body.lstrip()[:1] == b"<"


def _front_door(settings: Settings, response: Response) -> Finding | None:
    """What stands between us and the API, if anything; None also where only a right is missing."""
    status, problem = response.status, problem_of(response)
    if 300 <= status < 400:
        to = response.headers.get("location", "another address").partition("?")[0]
        return _bad(
            f"the address redirects to {to.partition('/rest/')[0]}", "Write the final address in base_url."
        )
    if is_maintenance(response):
        return _bad("the shop is in maintenance mode", "End it: bin/magento maintenance:disable.")
    if status in (400, 401) and problem and not problem.right:
        return _refused(settings, response, problem.message)
    if status == 401 and not problem:
        return _bad(
            "the web server asks for a password of its own, before Magento is reached",
            "Take that off /rest/: it uses the same header as Magento's credentials, so both cannot be sent.",
        )
    if status == 404:
        return _bad(
            "there is no Magento API at this address (HTTP 404)",
            "Check base_url: it is the shop's own address, without the admin's path.",
        )
    if _is_page(response) or status in (403, 406, 429, 503):
        return _bad(
            f"a web page came instead of Magento's API (HTTP {status}): a firewall, a bot check or a "
            "maintenance page",
            "Let this machine's address through to /rest/, or check base_url.",
        )
    if status == 200:
        try:
            decode_bytes(_Listed, response.body)
        except Malformed:
            return _bad("what answers at this address is no Magento", "Check base_url.")
    elif status != 401:
        return _bad(
            f"Magento fails to list its orders (HTTP {status})",
            "Look into the shop's own logs (var/log/exception.log, var/report).",
        )
    return None


def _behind_index_php(settings: Settings, wall: Finding) -> Flow[Finding]:
    """The same question where it is answered without rewrites."""
    if settings.base_url.endswith("/index.php"):
        return wall
    question = _one(settings, "orders", _ORDERS)
    response = yield attrs.evolve(question, path=f"/index.php{question.path}")
    if _is_page(response) or not (response.status == 200 or problem_of(response)):
        return wall
    return _bad(
        "Magento answers below /index.php only: the web server does not rewrite addresses",
        f"Set base_url to {settings.base_url}/index.php, or have the host allow .htaccess with mod_rewrite "
        "(nginx needs its own rule).",
    )


def _refused(settings: Settings, response: Response, said: str) -> Finding:
    """Magento's words for a request that it would not even look at; the sentence may be translated."""
    words = said.lower()
    if response.status == 400 and settings.store_view and "specified request cannot" in words:
        return _bad(
            f"the shop has no store view {settings.store_view!r}",
            "Correct store_view (Stores, All Stores shows the codes), or leave it empty.",
        )
    clock = response.headers.get("date", "")
    set_it = f"Set this machine's clock{f'; the shop says it is {clock}' if clock else ''}."
    if "validating the nonce" in words or "timestamp" in words:
        # The first is what 2.4.7 says where our clock is ten minutes ahead or more.
        return _bad(f"the shop finds the time of the call wrong ({said})", set_it)
    if "nonce" in words:
        return _bad(
            f"the shop has seen this nonce before ({said})",
            "Two copies of this call arrived: look for a proxy or cache that repeats requests.",
        )
    if "signature" in words:
        return _bad(
            f"the shop does not accept the signature ({said})",
            "Copy consumer_secret and access_token_secret again. If they are right, a proxy changes the "
            "address on its way: write in base_url exactly what Magento sees, with https or http.",
        )
    if "consumer" in words or "token" in words:
        return _bad(
            f"the shop does not know these credentials ({said})",
            "Copy the integration's values again (System, Extensions, Integrations), and see that it is "
            "active; activating it anew makes new ones.",
        )
    return _bad(f"the shop refuses ({said})", "Check base_url, store_view and the credentials.")


# --- what the credentials may do ---------------------------------------------------------------------------


def _stranger(settings: Settings) -> Finding:
    what = "the shop accepts nothing with these credentials; it answers the same to a wrong token and to none"
    if settings.username:
        return _bad(
            "the user may read nothing that the bridge needs",
            "Give the user a role with these rights (System, Permissions, User Roles), or have the host pass "
            "the Authorization header on to PHP.",
        )
    if settings.bearer:
        return _bad(
            what,
            f"Most likely the shop does not take integration tokens as bearer, as all at first. {_BEARER} "
            "Else copy access_token again, tick the integration's API rights, or have the host pass the "
            "Authorization header on to PHP.",
        )
    return _bad(
        what,
        "Tick the integration's API rights (System, Extensions, Integrations, API), save it, and activate it "
        "if it is not active; if they are ticked, have the host pass the Authorization header on to PHP.",
    )


def _lacking(right: _Right) -> Finding:
    return Finding(
        ok=not right.needed,
        what=f"the credentials may not read {right.what}",
        fix=f"Tick {right.label} ({right.id}) for the integration under System, Extensions, Integrations, "
        "API, or in the user's role.",
    )


def _to_tick(settings: Settings) -> Finding:
    wanted = ["Ship", "Comment", "Cancel", "Credit Memos"]
    if settings.keep_reference or settings.status_by == "order":
        wanted.append("Order Save API (or Create, in versions without it)")
    return Finding(
        ok=True,
        what="what the credentials may change cannot be asked without changing something",
        fix=f"See that {', '.join(wanted)} are ticked under Sales, Operations, Orders, Actions, and "
        "Shipments, Invoices and Credit Memos under Sales, Operations.",
    )


# --- what the shop has -------------------------------------------------------------------------------------


def _version(response: Response) -> str:
    """Such as ``2.4 (Community)``; shops may hide it."""
    found = re.fullmatch(
        r"[A-Za-z -]{1,40}/(\d+\.\d+[\w.]{0,10} \([A-Za-z0-9 ]{1,40}\))", response.text.strip()
    )
    return found[1] if found and response.status == 200 else ""


def _views(settings: Settings, response: Response) -> list[Finding]:
    try:
        views = decode_bytes(list[_StoreView], response.body)
    except Malformed:
        return [_good("its store views could not be understood")]
    known = {id_text(view.id) for view in views}
    unknown = [each for each in settings.store_ids if str(int(each)) not in known]
    has = ", ".join(f"{id_text(view.id)} ({text(view.code)})" for view in views)
    findings = [
        _bad(f"the shop has no store view with the id {each}", f"Correct store_ids; it has {has}.")
        for each in unknown
    ]
    zones = sorted({text(view.timezone) for view in views} - {""})
    currencies = sorted({text(view.base_currency_code) for view in views} - {""})
    if zones and currencies:
        said = f"its time zone is {', '.join(zones)}, its base currency {', '.join(currencies)}"
        findings.append(_good(said))
    return findings


def _sources(settings: Settings, response: Response) -> list[Finding]:
    named = sorted({*settings.sources.values(), settings.source} - {""})
    if response.status == 404 and named:
        return [
            _bad(
                "the shop has no inventory sources (its inventory modules are off)",
                "Take source and sources out of the settings.",
            )
        ]
    try:
        refuse(response)
        page = decode_bytes(WireList[_Source], response.body)
    except AnswerError:
        return []
    found = {text(row.source_code): flag(row.enabled) for row in page.rows}
    fix = f"Correct source and sources; the shop has {', '.join(sorted(found))}."
    whole = page.total <= len(page.rows)
    findings = [
        _bad(f"the shop has no source {code!r}", fix) for code in named if whole and code not in found
    ]
    findings += [
        _bad(f"the source {code!r} is disabled", "Enable it under Stores, Inventory, Sources.")
        for code in named
        if code in found and not found[code]
    ]
    enabled = sorted(code for code, on in found.items() if on)
    if len(enabled) > 1 and not named:
        what = f"the shop has several sources ({', '.join(enabled)}); shipments are taken from 'default'"
        fix = "Name the source of each supplier in sources, or of all in source."
        findings.append(Finding(ok=True, what=what, fix=fix))
    return findings
