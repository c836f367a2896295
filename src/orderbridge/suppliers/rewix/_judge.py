"""What an answer to a write proves, and how much the account may still ask."""

from __future__ import annotations

import re

from ...adapters import (
    Allowance,
    Bucket,
    Confirmed,
    Refusal,
    Refused,
    Response,
    Throttled,
    Unknown,
    Verdict,
    decode_bytes,
    parse_xml,
)
from ...errors import Malformed
from ._answers import is_page
from ._settings import is_number

# No limits are published; too many calls cost a quarter of an hour of silence.
LIMITS = Bucket(per_second=4.0, burst=20)

# The vendor's own client tells people to come back after so many seconds.
_WAIT = 15 * 60.0

_REPEATED = re.compile(r"already[ _]exist|duplicat|\bkey\b.*\bexists?\b|esiste già|già esist", re.IGNORECASE)
_STOCK = re.compile(r"\bstock\b|availab|sold out|disponibil|giacenz|esaurit", re.IGNORECASE)


def verdict_on(response: Response) -> Verdict:
    """Confirmed only by an answer in the supplier's own shape; refused only where it says so."""
    status, text = response.status, response.text.strip()
    if 200 <= status < 300:
        return _success(response)
    if status == 401:
        return Refused(Refusal.UNAUTHORIZED, code="401")
    if status == 403:
        return Refused(Refusal.FORBIDDEN, code="403")
    if status == 404 and not is_page(response):
        return Refused(Refusal.NOT_FOUND, code="404")
    if status in (400, 409, 412) and _REPEATED.search(text):
        return Unknown("order_already_exists")  # some earlier try landed: the look-up finds it
    # The reason is plain text that may quote the address, so only its kind is kept.
    if status == 412 and text and not is_page(response):
        return Refused(Refusal.OUT_OF_STOCK if _STOCK.search(text) else Refusal.INVALID, code="412")
    if status == 429:
        after = response.headers.get("retry-after", "").strip()
        return Throttled(float(after) if is_number(after) else _WAIT)
    return Unknown(f"HTTP {status}")


def _success(response: Response) -> Verdict:
    # The id in this answer is that of the growing order, so it proves the write and names nothing.
    try:
        if response.text.lstrip().startswith("{"):
            ours = "order_id" in decode_bytes(dict[str, object], response.body)
        else:
            ours = parse_xml(response.body).tag == "root"
    except Malformed:
        ours = False
    return Confirmed() if ours else Unknown(f"HTTP {response.status} without the growing order")


def pause_in(response: Response) -> Allowance | None:
    """ "Too many requests" silences the whole account, not only the call that heard it."""
    if response.status != 429 or response.headers.get("retry-after", "").strip():
        return None
    per_second, most = LIMITS.per_second, float(LIMITS.burst)
    # So deep in debt that the first call is paid for when the quarter of an hour is over.
    return Allowance(left=1.0 - per_second * _WAIT, per_second=per_second, most=most, throttled=True)
