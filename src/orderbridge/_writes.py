"""What a flow is, the writes it asks for, and what is known when nobody knows what came of one."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from datetime import timedelta
from enum import Enum
from typing import TypeAlias, TypeVar

import attrs

from ._http import Read, Request, Response
from ._model import Money, checks_texts

T = TypeVar("T")

LONGEST_FREEZE = 24 * 3600.0  # seconds, whatever an account is told

# Told where it is written, and not when the first answer got lost.
_TIME = attrs.validators.and_(
    attrs.validators.instance_of(timedelta),
    attrs.validators.ge(timedelta(0)),
    attrs.validators.le(timedelta(days=30)),
)

Flow: TypeAlias = Generator[Read, Response, T]
"""Yields reads, is sent their answers, returns a ``T``."""

Cursor: TypeAlias = str
"""Where a pull goes on: text that only its adapter understands."""


@attrs.frozen(kw_only=True)
class SameKey:
    """The platform dedupes on a key in the request: the stored bytes are sent again within ``lifetime``."""

    lifetime: timedelta = attrs.field(
        validator=[attrs.validators.instance_of(timedelta), attrs.validators.gt(timedelta(0))]
    )


@attrs.frozen(kw_only=True)
class LookUp:
    """The flow itself finds out by reading: it returns the result if the write landed, else the write.

    Args:
        late: How long after our deadline the platform may still carry the request out.

        lag: How long after that a read may still not show it.
    """

    late: timedelta = attrs.field(default=timedelta(minutes=10), validator=_TIME)
    lag: timedelta = attrs.field(default=timedelta(minutes=1), validator=_TIME)


@attrs.frozen(kw_only=True)
class Repeat:
    """Doing it twice is the same as once (an absolute set), or costs nothing (a draft)."""

    late: timedelta = attrs.field(default=timedelta(minutes=10), validator=_TIME)
    lag: timedelta = attrs.field(default=timedelta(minutes=1), validator=_TIME)


@attrs.frozen(kw_only=True)
class Park:
    """Nothing but the effect itself can tell: one attempt, one look a minute later, then a person decides.

    Args:
        late: As in ``LookUp``: so long a person's "retry" waits before it looks once more and sends again.
    """

    late: timedelta = attrs.field(default=timedelta(minutes=10), validator=_TIME)


UnknownRule: TypeAlias = SameKey | LookUp | Repeat | Park


@attrs.frozen
class Write:
    """The next effect on the platform. It is journalled, then sent once.

    Args:
        step: Names it within its operation: ``"create"``, ``"tracking"``. The same step is the same
            effect; several of a kind get a number or key in their name.

        request: Before signing. For the same state of the world always the same bytes.

        unknown: What to do if nobody learns whether it happened.

        amount: The money it moves, which the budgets must allow.

        binding: False for what costs nothing if left behind, such as a draft.

        private: What leaves in place of ``request``, where a part of it may not be kept (a
            ``BuyerContext``): the journal has ``request`` only. Not for ``SameKey``.
    """

    step: str
    request: Request
    unknown: UnknownRule = attrs.field(kw_only=True)
    amount: Money | None = attrs.field(default=None, kw_only=True)
    binding: bool = attrs.field(default=True, kw_only=True)
    private: Request | None = attrs.field(default=None, kw_only=True, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.step:
            raise ValueError("step: a write without a name cannot be told from the next one; give one")
        if self.request.method in ("GET", "HEAD"):
            raise ValueError(f"request: {self.step!r} is a {self.request.method}; what only reads is a Read")
        if self.private is not None and isinstance(self.unknown, SameKey):
            raise ValueError(f"private: {self.step!r} may be sent again as stored, and this is not stored")


@attrs.frozen(kw_only=True)
class Past:
    """What is known when a flow runs again.

    Args:
        answers: The answers to this operation's confirmed writes, by step.

        attempted: A write of this operation has been tried before, with whatever outcome.

        others: Placing only: the supplier's ids of orders that are known to be other purchase orders', so
            that a look through a list need not open them.
    """

    answers: Mapping[str, Response] = attrs.field(factory=dict[str, Response], repr=False)
    attempted: bool = False
    others: frozenset[str] = frozenset()


@attrs.frozen(field_transformer=checks_texts)
class Unclear:
    """The platform holds something that might be ours and might not: a person must look.

    Args:
        evidence: What was found and why it does not fit, without shopper data.

        page: Of what surely was not done, such as a payment that was declined: where a person can do it.
    """

    evidence: str
    page: str = ""


class Refusal(Enum):
    """Why a platform said no, as far as the next step depends on it."""

    INVALID = "INVALID"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PAYMENT_REFUSED = "PAYMENT_REFUSED"


@attrs.frozen
class Confirmed:
    """The answer says that the write took place."""


@attrs.frozen
class Refused:
    """The answer says that the write did not and will not take place.

    Args:
        why: The kind of refusal.

        code: The platform's own code.

        message: The platform's own words, if they hold no shopper data.

        page: Where a person can do what was refused here, such as pay for the first time.
    """

    why: Refusal
    code: str = attrs.field(default="", kw_only=True)
    message: str = attrs.field(default="", kw_only=True)
    page: str = attrs.field(default="", kw_only=True)


def _pause(seconds: float | None) -> float | None:
    if seconds is None or math.isnan(seconds):
        return None
    return min(max(0.0, seconds), LONGEST_FREEZE)


@attrs.frozen
class Throttled:
    """Turned away before any effect; come back after so many seconds, where the platform says.

    Nobody waits longer than a day, whatever it says.
    """

    after: float | None = attrs.field(default=None, converter=_pause)


@attrs.frozen
class Unknown:
    """The answer proves neither."""

    why: str = ""


Verdict: TypeAlias = Confirmed | Refused | Throttled | Unknown


def judge_by_status(response: Response) -> Verdict:
    """The default: 2xx is confirmed, all else is unknown until an adapter declares otherwise."""
    if 200 <= response.status < 300:
        return Confirmed()
    return Unknown(f"HTTP {response.status}")
