"""What a merchant can say about an account at a Rewix supplier, or at BDroppy."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..._model import Secret
from ...adapters import AccountSettings, meaning_of
from ...errors import ConfigurationError


def is_number(text: str) -> bool:
    """Digits and nothing else."""
    return text.isascii() and text.isdigit()


def _known_words(
    instance: object, attribute: attrs.Attribute[Mapping[str, str]], value: Mapping[str, str]
) -> None:
    for raw, words in value.items():
        meaning_of(raw, words)


def _number_or_empty(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value and not is_number(value):
        raise ConfigurationError(f"{attribute.name}: {value!r} is not a carrier's number such as 1")


def _trimmed(value: str) -> str:
    return value.strip()


def _is_given(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value:
        raise ConfigurationError(f"{attribute.name}: is empty")


@attrs.frozen(kw_only=True)
class OrderSettings(AccountSettings):
    """What holds for orders, whichever way an account signs in.

    Args:
        carrier_id: The carrier for orders that name none; empty lets the supplier choose.

        statuses: What more of the supplier's status numbers mean, or mean in this account:
            ``"2001" = "ON_HOLD"``, with payment ``"2001" = "ON_HOLD/PAID"``, payment alone ``"/PAID"``.

        payment_page: Where a person pays; ``base_url`` if empty.
    """

    carrier_id: str = attrs.field(default="", validator=_number_or_empty)
    statuses: Mapping[str, str] = attrs.field(factory=dict[str, str], validator=_known_words)
    payment_page: str = ""


@attrs.frozen(kw_only=True)
class Settings(OrderSettings):
    """One account at one Rewix supplier; ``base_url`` is the supplier's own shop.

    Args:
        api_key: From "My subscription" in the supplier's shop.

        password: The account's login password there; a new one there must be set here too.
    """

    api_key: Secret
    password: Secret


@attrs.frozen(kw_only=True)
class BDroppySettings(OrderSettings):
    """One account at BDroppy; ``base_url`` is that of its API.

    Args:
        email: The account's login.

        password: The account's password; a new one there must be set here too.

        user_catalog: The id of the account's catalog that orders and prices are of. The probe names those
            that there are.
    """

    email: str = attrs.field(converter=_trimmed, validator=_is_given, repr=False)
    password: Secret
    user_catalog: str = attrs.field(converter=_trimmed, validator=_is_given)
