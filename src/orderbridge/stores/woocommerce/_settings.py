"""What a WooCommerce account needs, and what follows from it for each order and departure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import attrs

from ..._model import Secret, ShipmentNotice
from ...adapters import AccountSettings
from ...errors import ConfigurationError
from ._carriers import same_name
from ._wire import CLOSED, COMPLETED, DRAFTS

DELIVERED = "Delivered"

Way: TypeAlias = Literal["auto", "fulfillments", "plugin", "note"]


def _slugs(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(_slug(status) for status in value)


def _slug(status: str) -> str:
    # WordPress's database and many guides say wc-completed; the API refuses the prefix.
    return status.strip().removeprefix("wc-")


def _slugs_by_word(value: Mapping[str, str]) -> dict[str, str]:
    return {word: _slug(status) for word, status in value.items()}


def _way(instance: object, attribute: attrs.Attribute[Way], value: Way) -> None:
    if value not in ("auto", "fulfillments", "plugin", "note"):
        raise ConfigurationError(f"tracking: {value!r} came; give auto, fulfillments, plugin or note")


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """What a WooCommerce account needs.

    Args:
        base_url: The shop's address as visitors see it, such as ``https://shop.example``.

        consumer_key: ``ck_`` and 40 letters and digits, from WooCommerce, Settings, Advanced, REST API.

        consumer_secret: ``cs_`` and 40 letters and digits, shown once beside the key.

        query_keys: Send the keys in the address, for hosts that strip the Authorization header. They
            end up in the shop's access log.

        ready_statuses: Orders in these statuses are to be shipped.

        delivery_on_payment_methods: Payment methods by which the courier collects the money.

        progress_statuses: The suppliers' words for how far they are, and the custom status in which the shop
            shows each, the earliest first. Statuses that the shop does not have are passed over. The one
            for ``Delivered`` follows on ``complete_status``.

        part_shipped_status: A custom status for orders of which a part has left; empty leaves the status
            alone.

        complete_status: Set when nothing is left to ship; empty leaves the status alone.

        completed_mail: The shop mails the shopper when an order is completed, as WooCommerce does unless
            the merchant turns that mail off. Then no other mail announces that departure.

        tracking: Where shipments are shown: WooCommerce's own order fulfillments, a shipment tracking
            plug-in, or order notes; ``auto`` takes the first of them that the shop has.

        carriers: The suppliers' carrier names, and what the shop calls each.

        read_products: Also read the weight, brand, tags and shipping class of what was bought, for rules
            that ask for them; the orders do not say them. A few requests more for each page of orders.

        webhook_secrets: Of the shop's webhooks; several while one is being replaced.
    """

    consumer_key: Secret
    consumer_secret: Secret
    query_keys: bool = False
    ready_statuses: tuple[str, ...] = attrs.field(default=("processing",), converter=_slugs)
    delivery_on_payment_methods: tuple[str, ...] = ("cod",)
    progress_statuses: Mapping[str, str] = attrs.field(factory=dict[str, str], converter=_slugs_by_word)
    part_shipped_status: str = attrs.field(default="", converter=_slug)
    complete_status: str = attrs.field(default=COMPLETED, converter=_slug)
    completed_mail: bool = True
    tracking: Way = attrs.field(default="auto", validator=_way)
    carriers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    read_products: bool = False
    webhook_secrets: tuple[Secret, ...] = ()

    def __attrs_post_init__(self) -> None:
        if "/wp-json" in self.base_url:
            raise ConfigurationError(
                "base_url: give the shop's own address, without /wp-json and what follows"
            )
        if not all(self.webhook_secrets):
            raise ConfigurationError("webhook_secrets: one is empty, so anybody could sign with it")
        for status in (*self.progress_statuses.values(), self.part_shipped_status):
            if status and status in {COMPLETED, *CLOSED, *DRAFTS, self.complete_status}:
                raise ConfigurationError(
                    f"progress_statuses, part_shipped_status: {status} says that an order is over; "
                    "give statuses of orders that are still to ship"
                )

    @property
    def statuses_to_ship(self) -> frozenset[str]:
        """The ready ones, and those in which this bridge itself shows how far such an order is."""
        ours = {word: status for word, status in self.progress_statuses.items() if word != DELIVERED}
        found = (*self.ready_statuses, *ours.values(), self.part_shipped_status)
        return frozenset(status for status in found if status)

    def mails(self, notice: ShipmentNotice) -> bool:
        """Whether a message of ours is the one mail: not where completing the order sends one anyway."""
        return notice.notify and not self.completion_mails(notice)

    def completion_mails(self, notice: ShipmentNotice) -> bool:
        """Completing the order mails the shopper by itself, and this departure completes it."""
        completes = notice.completes and self.complete_status == COMPLETED
        return completes and self.completed_mail

    def mapped(self, carrier: str) -> str:
        """What the merchant says the shop calls a carrier, or empty."""
        names = {same_name(ours): theirs for ours, theirs in self.carriers.items()}
        return names.get(same_name(carrier), "")
