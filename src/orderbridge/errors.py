"""Every error orderbridge raises, and what the caller may do next.

BridgeError
├── TransportError
│   ├── NotSent            repeat: YES        nothing left this machine
│   └── InDoubt            repeat: ASK_FIRST  it may have happened; only a look-up may say
├── AnswerError
│   ├── Rejected           repeat: NO         the platform refused it, nothing was done
│   │   ├── Unauthorized
│   │   ├── Forbidden
│   │   ├── NotFound
│   │   ├── OutOfStock
│   │   ├── Duplicate
│   │   └── PaymentRefused
│   ├── RateLimited        repeat: LATER
│   ├── Unavailable        repeat: LATER      reads only
│   └── Malformed          repeat: NO         reads only: the answer cannot be understood
├── Unsupported            repeat: NO
├── IllegalTransition      repeat: NO
├── OutOfDate              repeat: ASK_FIRST  what is to be changed has changed since it was read
├── CourierMismatch        repeat: NO         the parcel is another courier's than the manifest
├── RowRefused             repeat: NO         the journal keeps no such thing; what came is wrong
└── JournalError           repeat: NO
    ├── LeaseLost          repeat: YES        another worker has it
    ├── Unreachable        repeat: LATER      its disk, its server or who else holds it is in the way
    ├── SchemaMismatch
    ├── Damaged
    └── LookOnly
ConfigurationError(ValueError)

ConfigurationError stands outside on purpose: ``except BridgeError`` around a day's work
must not hide a wrong key in the configuration.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

__all__ = [
    "AnswerError",
    "BridgeError",
    "ConfigurationError",
    "CourierMismatch",
    "Damaged",
    "Duplicate",
    "Forbidden",
    "IllegalTransition",
    "InDoubt",
    "JournalError",
    "LeaseLost",
    "LookOnly",
    "Malformed",
    "NotFound",
    "NotSent",
    "OutOfDate",
    "OutOfStock",
    "PaymentRefused",
    "RateLimited",
    "Rejected",
    "Repeat",
    "RowRefused",
    "SchemaMismatch",
    "TransportError",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "Unsupported",
]


class Repeat(Enum):
    """May the same thing be tried again?"""

    YES = "yes"
    ASK_FIRST = "ask first"
    LATER = "later"
    NO = "no"


class BridgeError(Exception):
    """Something went wrong between this bridge and a platform.

    Args:
        message: What happened and what would be right, in a sentence without secrets or
            shopper data.

        account: Name of the account it happened on.

        operation: What was being done: ``"pull"``, ``"place"``.

        reference: The order or purchase order it was done for.

        request: Method and path, without query values, headers or body.
    """

    repeat = Repeat.NO

    def __init__(
        self,
        message: str = "",
        *,
        account: str = "",
        operation: str = "",
        reference: str = "",
        request: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.account = account
        self.operation = operation
        self.reference = reference
        self.request = request

    def __str__(self) -> str:
        where = [
            f"{name} {value}"
            for name, value in (
                ("account", self.account),
                ("operation", self.operation),
                ("reference", self.reference),
                ("request", self.request),
            )
            if value
        ]
        text = self.message or type(self).__name__
        return f"{text} ({', '.join(where)})" if where else text


class TransportError(BridgeError):
    """The call got no answer."""


class NotSent(TransportError):
    """Not one byte of the request left, so nothing happened at the platform."""

    repeat = Repeat.YES


class InDoubt(TransportError):
    """The request may have been carried out; only a look-up may say whether it was."""

    repeat = Repeat.ASK_FIRST


class AnswerError(BridgeError):
    """The platform answered, and the answer is no."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        code: str = "",
        account: str = "",
        operation: str = "",
        reference: str = "",
        request: str = "",
    ) -> None:
        super().__init__(message, account=account, operation=operation, reference=reference, request=request)
        self.status = status
        self.code = code


class Rejected(AnswerError):
    """The platform refused, and says that nothing was done."""


class Unauthorized(Rejected):
    """The platform does not know these credentials."""


class Forbidden(Rejected):
    """The credentials are known but may not do this."""


class NotFound(Rejected):
    """The platform has no such thing."""


class OutOfStock(Rejected):
    """The supplier does not have the goods."""


class Duplicate(Rejected):
    """The platform already has an order with our reference."""


class PaymentRefused(Rejected):
    """The payment was refused, and no money moved."""


class RateLimited(AnswerError):
    """Too many requests; ``until`` says when to come back, where the platform said so."""

    repeat = Repeat.LATER

    def __init__(self, message: str = "", *, until: datetime | None = None, status: int = 429) -> None:
        super().__init__(message, status=status)
        self.until = until


class Unavailable(AnswerError):
    """The platform could not answer a read just now."""

    repeat = Repeat.LATER


class Malformed(AnswerError):
    """The answer to a read cannot be understood; ``path`` names the field that is wrong."""

    def __init__(self, message: str = "", *, path: str = "", status: int = 0) -> None:
        super().__init__(message, status=status)
        self.path = path


class Unsupported(BridgeError):
    """This platform cannot say or do what was asked."""


class IllegalTransition(BridgeError):
    """The state tables have no such step."""


class OutOfDate(BridgeError):
    """What is to be changed is not as it was read: somebody was faster. Read it again, and then decide."""

    repeat = Repeat.ASK_FIRST


class CourierMismatch(BridgeError):
    """A parcel of one courier is not handed over with those of another; the message names both."""


class RowRefused(BridgeError):
    """The journal keeps no such thing, such as a second order of one number; nothing was written.

    No ``JournalError``, after which nothing goes on: what is wrong came from somewhere, and only that waits.
    """


class JournalError(BridgeError):
    """The journal cannot be used as asked."""


class LeaseLost(JournalError):
    """Another worker has taken this subject over; nothing was written."""

    repeat = Repeat.YES


class Unreachable(JournalError):
    """The journal cannot be had now, such as while its server starts anew; ``run`` goes on when it can."""

    repeat = Repeat.LATER


class SchemaMismatch(JournalError):
    """The journal was written by a newer version of orderbridge."""


class Damaged(JournalError):
    """The journal's file or contents are broken."""


class LookOnly(JournalError):
    """The journal was copied or restored and may be read but not acted on until adopted."""


class ConfigurationError(ValueError):
    """A setting is wrong; the message names it, what came and what would be right."""
