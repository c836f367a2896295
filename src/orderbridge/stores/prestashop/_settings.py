"""What a merchant can say about a PrestaShop account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from ..._model import Secret
from ...adapters import AccountSettings
from ...errors import ConfigurationError, Malformed
from ._orders import zone_of


def _trimmed(value: str) -> str:
    return value.strip()


def _ids(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in value)


def _are_ids(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for each in value:
        _is_id(instance, attribute, each)


def _is_id(
    instance: object, attribute: attrs.Attribute[str] | attrs.Attribute[tuple[str, ...]], value: str
) -> None:
    if value and not (value.isascii() and value.isdigit()):
        raise ConfigurationError(f"{attribute.name}: {value!r} came; give the id, a whole number")


def _zone(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value:
        try:
            zone_of(value)
        except Malformed:
            raise ConfigurationError(
                f"time_zone: {value!r} is not known; give a name such as Europe/Rome"
            ) from None


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """What a PrestaShop account needs.

    Args:
        base_url: The shop's address as visitors see it, such as ``https://shop.example``.

        key: The 32 letters and digits of a key from Advanced Parameters, Webservice.

        query_key: Send the key in the address, for hosts that strip the Authorization header. It ends up
            in the shop's access log.

        time_zone: Of the shop, such as ``Europe/Rome``; empty takes what the shop's configuration says.

        shop_id: Of a multistore's shops, the id of the one that is meant; empty for the address's own.

        ready_states: Ids of the order states in which orders are to be shipped; empty takes every state
            that is paid, not shipped and not closed, and cash on delivery once it is validated.

        delivery_on_payment_modules: Payment modules by which the courier collects the money.

        shipped_state: Id of the order state set when nothing is left to ship; empty takes the shop's own
            "Shipped".

        unpaid_shipped_state: The same for an order that is not paid in full, such as cash on delivery. The
            shop's own "Shipped" would book a payment that nobody made, so without an id here the state is
            left alone, with a warning.

        own_states: Show the suppliers' progress as order states of our own, made where the shop has none
            yet; else by messages for the staff.

        shipped_mail: The shop mails the shopper that something left, once for each departure.

        pickup_carriers: Names or ``id_reference`` of carriers by which the shopper comes to fetch it, such as
            ``Click and collect``: those orders are not shipped.

        carriers: The suppliers' carrier names, and the name or ``id_reference`` of the shop's carrier for
            each.
    """

    key: Secret
    query_key: bool = False
    time_zone: str = attrs.field(default="", converter=_trimmed, validator=_zone)
    shop_id: str = attrs.field(default="", converter=_trimmed, validator=_is_id)
    ready_states: tuple[str, ...] = attrs.field(default=(), converter=_ids, validator=_are_ids)
    delivery_on_payment_modules: tuple[str, ...] = ("ps_cashondelivery", "cashondelivery")
    shipped_state: str = attrs.field(default="", converter=_trimmed, validator=_is_id)
    unpaid_shipped_state: str = attrs.field(default="", converter=_trimmed, validator=_is_id)
    own_states: bool = False
    shipped_mail: bool = True
    pickup_carriers: tuple[str, ...] = attrs.field(default=(), converter=_ids)
    carriers: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def __attrs_post_init__(self) -> None:
        if self.base_url.rstrip("/").endswith("/api"):
            raise ConfigurationError("base_url: give the shop's own address, without /api")
