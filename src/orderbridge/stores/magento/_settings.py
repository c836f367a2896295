"""What a merchant can say about a Magento account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import attrs

from ..._model import Secret
from ...adapters import STAGES, AccountSettings
from ...errors import ConfigurationError

StatusBy: TypeAlias = Literal["comment", "order"]
WeightUnit: TypeAlias = Literal["", "kgs", "lbs"]

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NONE = Secret("")


def _trimmed(value: str) -> str:
    return value.strip()


def _secret(value: Secret) -> Secret:
    # Copied from a page or a file, with what stood around it.
    return Secret(value.reveal().strip())


def _all_trimmed(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in value)


def _is_code(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value and not _CODE.fullmatch(value):
        raise ConfigurationError(
            f"{attribute.name}: {value!r} came; give the store view's code, such as default, or nothing"
        )


def _are_ids(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for each in value:
        if not (each.isascii() and each.isdigit()):
            raise ConfigurationError(f"{attribute.name}: {each!r} came; give ids, whole numbers")


def _of_stages(
    instance: object, attribute: attrs.Attribute[Mapping[str, str]], value: Mapping[str, str]
) -> None:
    for word in value:
        if word not in STAGES:
            raise ConfigurationError(f"{attribute.name}: {word!r} came; the words are {', '.join(STAGES)}")


def _is_base32(instance: object, attribute: attrs.Attribute[Secret], value: Secret) -> None:
    if not re.fullmatch(r"([A-Za-z2-7]{8,}=*)?", value.reveal().replace(" ", "")):
        raise ConfigurationError(
            "otp_secret: this is no base32 text of letters and the digits 2 to 7; give what the app was set "
            "up with, not a code that it shows"
        )


def _are_keys(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for place, key in enumerate(value, 1):
        if "BEGIN PUBLIC KEY" not in key:
            raise ConfigurationError(
                f"webhook_keys: number {place} is no public key; give the whole text from "
                "-----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"
            )


def _weight_unit(instance: object, attribute: attrs.Attribute[WeightUnit], value: WeightUnit) -> None:
    if value not in ("", "kgs", "lbs"):
        raise ConfigurationError(f"weight_unit: {value!r} came; give kgs or lbs")


def _status_by(instance: object, attribute: attrs.Attribute[StatusBy], value: StatusBy) -> None:
    if value not in ("comment", "order"):
        raise ConfigurationError(f"status_by: {value!r} came; give comment or order")


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """What a Magento account needs: its address, and one of three ways to sign in.

    An integration's four values (OAuth), or its access token alone with ``bearer``, or an admin user.

    Args:
        base_url: The shop's address as visitors see it, such as ``https://shop.example``; with
            ``/index.php`` where the web server does not rewrite addresses.

        consumer_key: Of an integration, from System, Extensions, Integrations.

        consumer_secret: Stands beside the key.

        access_token: Stands below the key.

        access_token_secret: Stands beside the token.

        bearer: Send the access token by itself, as shops allow whose administrator has switched that on;
            the integration's other three values are not needed then.

        username: Of an admin user, where there is no integration.

        password: Of that user.

        otp_secret: What the user's authenticator app was set up with, in base32, where the shop asks for
            a second factor.

        store_view: The code of the store view that stands in the API's addresses; empty takes the default
            one. It chooses no orders.

        store_ids: Ids of the store views whose orders are meant; empty takes all.

        delivery_on_payment_methods: Payment methods by which the courier collects the money.

        unready_statuses: Orders in these statuses are not to be shipped, whatever their state.

        weight_unit: The unit of the products' weights, as the shop's locale options say it: ``kgs`` or
            ``lbs``. Empty leaves weights unsaid, because an order does not tell the unit.

        sources: The names of our supplier accounts, and the code of the inventory source that each one's
            shipments are taken from.

        source: The same for all other suppliers; empty leaves it to Magento, which takes ``default``.

        carriers: The suppliers' carrier names, and the shop's carrier code for each, such as ``ups``.

        shipped_mail: The shop mails the shopper that something left, once for each departure.

        progress_statuses: The suppliers' words for how far they are, and the order status in which the
            shop shows each.

        status_by: How such a status is set: ``comment`` by the shop's own rules, or ``order`` by a plain
            write where those refuse it.

        keep_reference: Write our reference into the order's ``ext_order_id``.

        shipping_refunds_with_tax: The shop shows shipping on its orders with tax (Stores, Configuration,
            Sales, Tax, Orders, Invoices, Credit Memos Display Settings), and so takes refunds of it with
            tax too.

        webhook_keys: Public keys (PEM) of Adobe Commerce's webhooks and of Adobe I/O Events; several while
            one is being replaced.

        event_client_ids: The ``recipient_client_id`` that Adobe's events for this shop name.
    """

    consumer_key: Secret = attrs.field(default=_NONE, converter=_secret)
    consumer_secret: Secret = attrs.field(default=_NONE, converter=_secret)
    access_token: Secret = attrs.field(default=_NONE, converter=_secret)
    access_token_secret: Secret = attrs.field(default=_NONE, converter=_secret)
    bearer: bool = False
    username: str = attrs.field(default="", converter=_trimmed, repr=False)
    password: Secret = _NONE
    otp_secret: Secret = attrs.field(default=_NONE, converter=_secret, validator=_is_base32)
    store_view: str = attrs.field(default="", converter=_trimmed, validator=_is_code)
    store_ids: tuple[str, ...] = attrs.field(default=(), converter=_all_trimmed, validator=_are_ids)
    delivery_on_payment_methods: tuple[str, ...] = ("cashondelivery",)
    unready_statuses: tuple[str, ...] = attrs.field(default=("fraud",), converter=_all_trimmed)
    weight_unit: WeightUnit = attrs.field(default="", validator=_weight_unit)
    sources: Mapping[str, str] = attrs.field(factory=dict[str, str])
    source: str = attrs.field(default="", converter=_trimmed)
    carriers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    shipped_mail: bool = True
    progress_statuses: Mapping[str, str] = attrs.field(factory=dict[str, str], validator=_of_stages)
    status_by: StatusBy = attrs.field(default="comment", validator=_status_by)
    keep_reference: bool = False
    shipping_refunds_with_tax: bool = False
    webhook_keys: tuple[str, ...] = attrs.field(default=(), validator=_are_keys)
    event_client_ids: tuple[str, ...] = attrs.field(default=(), converter=_all_trimmed)

    def __attrs_post_init__(self) -> None:
        if re.search(r"/rest(/|$)|/V1(/|$)", self.base_url):
            raise ConfigurationError(
                "base_url: give the shop's own address, without /rest and what follows; "
                "a store view's code goes into store_view"
            )
        if self.username or self.password or self.otp_secret:
            self._is_admin()
        elif self.bearer:
            if not self.access_token:
                raise ConfigurationError("access_token: is missing; bearer sends it with each call")
            if self.consumer_key or self.consumer_secret or self.access_token_secret:
                raise ConfigurationError(
                    "bearer: sends the access token alone; leave the integration's other values out, "
                    "or leave bearer out"
                )
        else:
            self._is_integration()

    def _is_admin(self) -> None:
        if self.bearer or any(value for _, value in self._integration):
            raise ConfigurationError(
                "username: give either an admin user or an integration's values, not both"
            )
        for name, value in (("username", self.username), ("password", self.password)):
            if not value:
                raise ConfigurationError(f"{name}: is missing; an admin user needs username and password")

    def _is_integration(self) -> None:
        for name, value in self._integration:
            if not value:
                raise ConfigurationError(
                    f"{name}: is missing; give an integration's consumer_key, consumer_secret, access_token "
                    "and access_token_secret, or access_token and bearer, or username and password"
                )

    @property
    def _integration(self) -> tuple[tuple[str, Secret], ...]:
        return (
            ("consumer_key", self.consumer_key),
            ("consumer_secret", self.consumer_secret),
            ("access_token", self.access_token),
            ("access_token_secret", self.access_token_secret),
        )

    @property
    def suppliers_named(self) -> Iterable[str]:
        """Those of ``sources``: a departure from a wrong source cannot be taken back."""
        return self.sources

    @property
    def api(self) -> str:
        """Where Magento's API stands below the shop's address."""
        return f"/rest/{self.store_view}/V1" if self.store_view else "/rest/V1"
