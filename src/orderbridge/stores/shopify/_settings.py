"""What a merchant can say about a Shopify account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import attrs

from ..._model import Secret
from ...adapters import AccountSettings
from ...errors import ConfigurationError

SignIn: TypeAlias = Literal["token", "client", "refresh"]

_NONE = Secret("")
_VERSION = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_LOOPBACK = re.compile(r"localhost|.*\.localhost|127\.\d+\.\d+\.\d+|::1")
_ID = re.compile(r"(?:gid://shopify/Location/)?(\d+)")


def _trimmed(value: str) -> str:
    return value.strip()


def _all_trimmed(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in value)


def _location_ids(value: Iterable[str]) -> tuple[str, ...]:
    ids: list[str] = []
    for each in value:
        found = _ID.fullmatch(each.strip())
        if found is None:
            raise ConfigurationError(
                f"locations: {each!r} came; give ids, the number at the end of the location's address in the "
                "shop's settings"
            )
        ids.append(found[1])
    return tuple(ids)


def _is_version(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _VERSION.fullmatch(value):
        raise ConfigurationError(f"api_version: {value!r} came; give year and month, such as 2026-10")


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """What a Shopify account needs: its ``myshopify.com`` address, and one of three ways to sign in.

    The access token of a custom app alone; or the client id and secret of an app of the shop's own
    organization; or those and the refresh token that an app of somebody else's was given.

    Args:
        base_url: The shop's own address, ``https://name.myshopify.com``; neither its public one nor the
            admin's.

        access_token: Of a custom app, such as ``shpat_...``; it never ends.

        client_id: Of an app, from its settings.

        client_secret: Stands beside the client id. Webhooks are signed with it too.

        refresh_token: The first one; each that follows is kept beside the access token it came with.

        api_version: The version of Shopify's API to ask, year and month.

        service: The handle of our own fulfillment service, where goods are stocked with one: only what the
            merchant requests of it is ours then. Empty where we ship for the merchant's own locations.

        locations: Ids of the locations we ship for; empty takes all we may.

        delivery_on_payment_gateways: Payment gateways by which the courier collects the money, as the shop
            names them.

        carriers: The suppliers' carrier names, and Shopify's spelling of each, such as
            ``Deutsche Post (DE)``.

        shipped_mail: The shop mails the shopper that something left, once for each departure.

        webhook_secrets: Further secrets that webhooks may be signed with: the one before, or that of
            webhooks made by hand in the admin.
    """

    access_token: Secret = _NONE
    client_id: str = attrs.field(default="", converter=_trimmed)
    client_secret: Secret = _NONE
    refresh_token: Secret = _NONE
    api_version: str = attrs.field(default="2026-10", converter=_trimmed, validator=_is_version)
    service: str = attrs.field(default="", converter=_trimmed)
    locations: tuple[str, ...] = attrs.field(default=(), converter=_location_ids)
    delivery_on_payment_gateways: tuple[str, ...] = attrs.field(
        default=("Cash on Delivery (COD)",), converter=_all_trimmed
    )
    carriers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    shipped_mail: bool = True
    webhook_secrets: tuple[Secret, ...] = ()

    def __attrs_post_init__(self) -> None:
        _check_address(self.base_url)
        if self.access_token:
            if self.client_id or self.client_secret or self.refresh_token:
                raise ConfigurationError(
                    "access_token: give either an access token alone or an app's client_id and "
                    "client_secret, not both; a secret that only signs webhooks goes into webhook_secrets"
                )
            return
        for name, value in (("client_id", self.client_id), ("client_secret", self.client_secret)):
            if not value:
                raise ConfigurationError(
                    f"{name}: is missing; give access_token, or client_id and client_secret, or those and "
                    "refresh_token"
                )

    @property
    def sign_in(self) -> SignIn:
        """How calls are signed: a fixed token, one asked for as the app, or one that is refreshed."""
        if self.access_token:
            return "token"
        return "refresh" if self.refresh_token else "client"

    @property
    def shop(self) -> str:
        """The shop's own host, ``name.myshopify.com``."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def api(self) -> str:
        """Where GraphQL is asked, below the shop's address."""
        return f"/admin/api/{self.api_version}/graphql.json"


def _check_address(base_url: str) -> None:
    url = urlsplit(base_url)
    host = (url.hostname or "").lower()
    if _LOOPBACK.fullmatch(host):  # a sandbox
        return
    if host == "admin.shopify.com":
        parts = url.path.split("/")
        name = parts[2] if len(parts) > 2 and parts[1] == "store" else "name"
        raise ConfigurationError(
            f"base_url: the admin's address came; give the shop's own, https://{name}.myshopify.com"
        )
    if not _SHOP.fullmatch(host):
        raise ConfigurationError(
            f"base_url: {host} came; give the shop's own address, https://name.myshopify.com, which stands "
            "in the admin under Settings, Domains"
        )
    if url.scheme != "https" or url.path or url.port not in (None, 443):
        raise ConfigurationError(f"base_url: give https://{host} and nothing after it")
