"""What an account can do, in words a merchant understands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ...adapters import Finding, Flow, Headers, Read, Response, decode
from ...errors import AnswerError
from ._answers import ACCEPT, CART, NO_SUCH_ORDER, cart_in, word

_CATALOGS = Read("GET", "/restful/user_catalog/list", headers=Headers({"Accept": "application/json"}))

_FIXES: Mapping[int, tuple[str, str]] = {
    401: (
        "the supplier does not accept the API key and password",
        "copy the key from My subscription; the password is that of the login, so set it here again "
        "after it was changed there; see that the subscription has not ended",
    ),
    403: ("the supplier knows the account but refuses its API", "ask the supplier to open the API for it"),
    404: ("there is no Rewix API at base_url", "give the address of the supplier's own shop as base_url"),
    429: ("too many requests", "let no other plug-in use this account, and try again in 15 minutes"),
}


def look() -> Flow[Finding]:
    """Read the growing order, as the supplier's own status page does."""
    finding = _finding((yield Read("GET", CART, headers=ACCEPT)))
    if finding.ok:
        yield NO_SUCH_ORDER  # kept: a 500 means more where 404 is the habit
    return finding


def user_catalog(chosen: str) -> Flow[tuple[Finding, ...]]:
    """Is there such a catalog of the user's? Nothing if BDroppy does not say."""
    response = yield _CATALOGS
    try:
        found = decode(list[dict[str, object]], response)
    except AnswerError:
        return ()
    names = {word(each.get("_id")): word(each.get("name")) for each in found}
    if chosen in names:
        return (Finding(ok=True, what=f"orders and prices are of the catalog {names[chosen]!r}"),)
    listed = "; ".join(f"{number} ({name})" for number, name in names.items())
    return (
        Finding(
            ok=False,
            what=f"the account has no catalog {chosen!r}",
            fix=f"set user_catalog to one of: {listed}" if names else "make a catalog at BDroppy first",
        ),
    )


def _finding(response: Response) -> Finding:
    if response.status in _FIXES:
        what, fix = _FIXES[response.status]
        return Finding(ok=False, what=what, fix=fix)
    try:
        held = cart_in(response)
    except AnswerError as error:
        later = response.status >= 500
        return Finding(ok=False, what=error.message, fix="try again later" if later else _FIXES[404][1])
    units = sum((item.held for item in held), Decimal(0))
    return Finding(ok=True, what=f"the account answers; its growing order holds {units:f} units")
