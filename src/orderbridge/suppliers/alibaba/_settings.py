"""What a merchant can say about an Alibaba.com account."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from ..._model import Secret
from ...adapters import AccountSettings, meaning_of
from ...errors import ConfigurationError

GATEWAY = "https://openapi-api.alibaba.com/rest"

_NONE = Secret("")
_PLACE = re.compile(r"[A-Z]{2}")


def _address(value: str) -> str:
    return AccountSettings(base_url=value).base_url  # the same check as for every account


def _trimmed(value: str) -> str:
    return value.strip()


def _is_place(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _PLACE.fullmatch(value):
        raise ConfigurationError(
            f"{attribute.name}: {value!r} came; give a country's two letters, such as CN"
        )


def _is_given(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value:
        raise ConfigurationError(f"{attribute.name}: is empty")


def _known_words(
    instance: object, attribute: attrs.Attribute[Mapping[str, str]], value: Mapping[str, str]
) -> None:
    for raw, words in value.items():
        meaning_of(raw, words)


@attrs.frozen(kw_only=True)
class Settings(AccountSettings):
    """What an Alibaba.com buyer's account needs: an app, and the merchant's permission for it.

    Args:
        base_url: The gateway. Alibaba.com's own sandbox is another one.

        app_key: Of the app, from the App Console.

        app_secret: Stands beside it. Calls and push messages are signed with it.

        refresh_token: The first one, where the app has been let in already. Each that follows is kept
            beside the access token it came with.

        code: In its place: what the merchant's browser brought back when the app was let in. It is good
            for half an hour, and once.

        account: The login name, e-mail address or number of the buyer's account. Needed where one app
            serves several accounts; a token of another account is then refused.

        dispatch: Where goods leave from, if the product link does not say.

        payment_method: What Alibaba.com is to pay with, in its own words.

        language: Of what Alibaba.com writes for people.

        statuses: What more of its status words mean, or mean for this account:
            ``"wait_something" = "ON_HOLD"``, with payment ``"ON_HOLD/PAID"``, payment alone ``"/PAID"``.

        webhook_secrets: Further secrets that push messages may be signed with, such as the one before.
    """

    base_url: str = attrs.field(default=GATEWAY, converter=_address)
    app_key: str = attrs.field(converter=_trimmed, validator=_is_given)
    app_secret: Secret
    refresh_token: Secret = _NONE
    code: Secret = _NONE
    account: str = attrs.field(default="", converter=_trimmed)
    dispatch: str = attrs.field(default="CN", validator=_is_place)
    payment_method: str = attrs.field(default="CREDIT_CARD", converter=_trimmed, validator=_is_given)
    language: str = attrs.field(default="en_US", converter=_trimmed, validator=_is_given)
    statuses: Mapping[str, str] = attrs.field(factory=dict[str, str], validator=_known_words)
    webhook_secrets: tuple[Secret, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not self.app_secret:
            raise ConfigurationError("app_secret: is empty; copy it from the App Console")
        if not all(self.webhook_secrets):
            raise ConfigurationError("webhook_secrets: one is empty, so anybody could sign with it")
        if bool(self.refresh_token) == bool(self.code):
            raise ConfigurationError(
                "refresh_token: give either the refresh token of an app that has been let in, or in its "
                "place the code of a merchant who has just let it in"
            )
