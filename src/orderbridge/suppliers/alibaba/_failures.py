"""What the gateway says when something fails: errors of its own, and those that hide below ``code "0"``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar, cast

import attrs

from ...adapters import (
    Allowance,
    Confirmed,
    Refusal,
    Refused,
    Response,
    Throttled,
    Unknown,
    Verdict,
    decode_bytes,
    raise_for_status,
)
from ...errors import (
    AnswerError,
    Forbidden,
    Malformed,
    NotFound,
    OutOfStock,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)

T = TypeVar("T")

# No limits are published; other clients ask as fast.
PER_SECOND = 5.0
BURST = 10

TOKEN_ENDED = "IllegalAccessToken"  # noqa: S105 - a word of theirs
_SETTINGS: Mapping[str, str] = {
    "IncompleteSignature": "Alibaba.com does not accept the signature; copy app_key and app_secret again",
    "InvalidAppKey": "Alibaba.com knows no app of this app_key; copy it from the App Console",
}
_PERMISSIONS = frozenset({"InsufficientPermission", "InsufficientIsvPermissions"})
_LIMITS = frozenset({"AppCallLimit", "ApiCallLimit", "ServiceCallLimit"})
_SECONDS = re.compile(r"(\d{1,5})\s*(?:more\s+)?sec", re.IGNORECASE)
# The old platform's number for too many calls. Some texts tell the seconds.
_OLD_LIMIT = "7"

_INVALID, _OUT = Refusal.INVALID, Refusal.OUT_OF_STOCK
# What is known to be said before anything is done. The rest of the numbers nobody has explained.
BUSINESS: Mapping[str, tuple[Refusal, str]] = {
    "430005": (_INVALID, "the price or the shipping cost has changed; it is to be quoted again"),
    "4012": (_INVALID, "a product stands there twice"),
    "4008": (Refusal.NOT_FOUND, "the product or its variant is gone"),
    "10005": (Refusal.NOT_FOUND, "the variant is gone"),
    "130106": (Refusal.NOT_FOUND, "the product is no longer sold"),
    "130703": (_OUT, "too few are in stock"),
    "140004": (_OUT, "it is out of stock"),
    "130602": (_INVALID, "this way to ship is no longer offered; it is to be quoted again"),
    "10010": (_INVALID, "nothing ships from this place of dispatch"),
    "10012": (_INVALID, "the product does not leave from this place of dispatch"),
    "130608": (_INVALID, "the product leaves from another place of dispatch"),
    "4015": (_INVALID, "the seller does not ship to this country"),
    "120019": (_INVALID, "the product may not be shipped to this country"),
    "410006": (_INVALID, "fewer than the seller's least quantity"),
    "10007": (_INVALID, "no price for so few; the seller has a least quantity"),
    "480006": (_INVALID, "the order costs more than Alibaba.com takes in one order (5000 USD)"),
    "430013": (_INVALID, "the order costs less than Alibaba.com takes (0.30 USD)"),
    "400007": (_INVALID, "the seller has no EPR number for this country"),
    "800022": (_INVALID, "the customs duty needs the full address"),
    "110001": (Refusal.FORBIDDEN, "the account may not buy: it has to be one from outside of China"),
}
GONE = frozenset(code for code, (why, _) in BUSINESS.items() if why is Refusal.NOT_FOUND)


@attrs.frozen(kw_only=True)
class Failure:
    """Why an answer is no.

    Args:
        kind: ISV (we are wrong), ISP or SYSTEM (they are); empty for business failures.

        codes: Each code in it, the outermost first: nobody knows where the telling one stands.

        message: The platform's words; they may quote what was sent, so they are only searched.
    """

    kind: str
    codes: tuple[str, ...]
    message: str = attrs.field(default="", repr=False)

    @property
    def code(self) -> str:
        """The one that tells most: a documented number, else the outermost."""
        return next((code for code in self.codes if code in BUSINESS), self.codes[0] if self.codes else "")

    @property
    def is_theirs(self) -> bool:
        """Their side broke, so it proves nothing."""
        broke = any(code == "ServiceTimeout" or code.lower().startswith("isp.") for code in self.codes)
        return broke or self.kind in ("ISP", "SYSTEM")

    @property
    def limit(self) -> float | None:
        """Too many calls: the seconds to wait, 1 where they are not told; None for anything else."""
        limited = not _LIMITS.isdisjoint(self.codes)
        if not limited and not (self.codes[:1] == (_OLD_LIMIT,) and "limit" in self.message.lower()):
            return None
        found = _SECONDS.search(self.message)
        return float(found[1]) if found else 1.0


def failure_in(body: bytes) -> Failure | None:
    """Why it is no; None if it is a yes.

    Raises:
        Malformed: it is neither.
    """
    answer = decode_bytes(dict[str, object], body)
    code, kind = _word(answer.get("code")), _word(answer.get("type"))
    if not code:
        raise Malformed("code: missing", path="$.code")
    if code != "0" or kind:
        return Failure(kind=kind, codes=_codes(answer, "code", "sub_code"), message=_words(answer))
    result = _object(answer.get("result"))
    numbers = [_word(result.get(name)) for name in ("result_code", "code")]
    failed = any(number not in ("", "0", "00", "200") for number in numbers)
    if failed or _word(result.get("success")).lower() == "false":
        codes = _codes(result, "result_code", "code", "msg_code", "sub_code", "error_code")
        return Failure(kind="", codes=codes, message=_words(result))
    value = _object(answer.get("value"))
    if _word(value.get("success")).lower() == "false":
        codes = _codes(value, "code", "sub_code", "error_code", "msg_code")
        return Failure(kind="", codes=codes, message=_words(value))
    return None


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, (str, int)) and value != "null" else ""


def _object(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _codes(answer: Mapping[str, object], *names: str) -> tuple[str, ...]:
    return tuple(word for name in names if (word := _word(answer.get(name))) and word not in ("0", "200"))


def _words(answer: Mapping[str, object]) -> str:
    names = ("message", "sub_msg", "sub_message", "message_info", "result_msg")
    return " ".join(word for name in names if (word := _word(answer.get(name))))


# --- reads ----------------------------------------------------------------------------------------


def answered(cls: type[T], response: Response) -> T:
    """``cls`` out of the answer to a read.

    Raises:
        AnswerError: of the kind that the failure in it is.
    """
    raise_for_status(response)
    failure = failure_in(response.body)
    if failure is not None:
        raise error_of(failure)
    return decode_bytes(cls, response.body)


def error_of(failure: Failure) -> AnswerError:
    """A failure as an error, in words; the platform's own may quote what was sent."""
    code = failure.code
    if failure.limit is not None:
        return RateLimited("too many requests; Alibaba.com asks to slow down", status=200)
    if TOKEN_ENDED in failure.codes:
        return Unauthorized(
            "Alibaba.com does not accept the access token; let the app in again", status=200, code=code
        )
    if code in _SETTINGS:
        return Unauthorized(_SETTINGS[code], status=200, code=code)
    if _is_clock(failure):
        return Unauthorized(
            "Alibaba.com does not accept the time of the call; set this machine's clock",
            status=200,
            code=code,
        )
    if not _PERMISSIONS.isdisjoint(failure.codes):
        words = "the app may not do this; ask for its permission package in the App Console"
        return Forbidden(words, status=200, code=code)
    if code in BUSINESS:
        why, words = BUSINESS[code]
        return _ERRORS.get(why, Rejected)(f"{words} ({code})", status=200, code=code)
    if failure.is_theirs:
        return Unavailable(f"Alibaba.com could not answer just now ({code})", status=200, code=code)
    return Rejected(f"Alibaba.com refused the request ({code or 'without a code'})", status=200, code=code)


_ERRORS: Mapping[Refusal, type[AnswerError]] = {
    Refusal.FORBIDDEN: Forbidden,
    Refusal.NOT_FOUND: NotFound,
    Refusal.OUT_OF_STOCK: OutOfStock,
}


def _is_clock(failure: Failure) -> bool:
    return failure.kind == "ISV" and any("timestamp" in code.lower() for code in failure.codes)


def token_ended(response: Response) -> bool:
    """Does the gateway say that the access token is no longer good?"""
    failure = _failure_or_none(response)
    return failure is not None and TOKEN_ENDED in failure.codes


def allowance_in(response: Response) -> Allowance | None:
    """The gateway says nothing of its limits but that one is reached, and sometimes for how long."""
    failure = _failure_or_none(response)
    if failure is None or failure.limit is None:
        return None
    return Allowance(left=1 - failure.limit * PER_SECOND, per_second=PER_SECOND, most=BURST, throttled=True)


def _failure_or_none(response: Response) -> Failure | None:
    try:
        return failure_in(response.body) if 200 <= response.status < 300 else None
    except Malformed:
        return None


# --- writes ---------------------------------------------------------------------------------------


def verdict_on(response: Response, *, sure: bool = False) -> Verdict:
    """What the answer to a write proves.

    Args:
        sure: A no without a known code is believed too, as a repeat costs nothing.
    """
    if response.status == 429:
        after = response.headers.get("retry-after", "").strip()
        return Throttled(float(after) if after.isascii() and after.isdigit() else None)
    if not 200 <= response.status < 300:
        return Unknown(f"HTTP {response.status}")
    try:
        failure = failure_in(response.body)
    except Malformed as error:
        return Unknown(error.message)
    return Confirmed() if failure is None else _refusal(failure, sure)


def _refusal(failure: Failure, sure: bool) -> Verdict:
    code = failure.code
    if failure.limit is not None:
        return Throttled(failure.limit)
    # The gateway says these before it hands a call on.
    if TOKEN_ENDED in failure.codes:
        return Throttled(60.0)  # another token is got before the next call
    if code in _SETTINGS or _is_clock(failure):
        return Refused(Refusal.UNAUTHORIZED, code=code, message=error_of(failure).message)
    if not _PERMISSIONS.isdisjoint(failure.codes):
        return Refused(Refusal.FORBIDDEN, code=code, message=error_of(failure).message)
    if code in BUSINESS:
        why, words = BUSINESS[code]
        return Refused(why, code=code, message=words)
    if sure and not failure.is_theirs:
        return Refused(Refusal.INVALID, code=code)
    return Unknown(f"{failure.kind or 'failed'} {code}".strip())
