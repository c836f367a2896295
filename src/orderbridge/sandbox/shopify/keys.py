"""Who may come in: tokens that last, tokens that end, and how new ones are had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import attrs

from .values import Json, Object, mapping, text

SCOPES = (
    "read_orders",
    "write_orders",
    "read_fulfillments",
    "write_fulfillments",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_assigned_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders",
    "read_products",
    "read_locations",
    "read_customers",
    "read_returns",
    "read_inventory",
)
DAY, HOUR, QUARTER = 24 * 3600 - 1, 3600, 90 * 24 * 3600


@attrs.define(kw_only=True, eq=False)
class Keys:
    """The app's keys.

    Args:
        static: A token that never ends; empty, and there is none.

        client_id, client_secret: Of the app.

        refresh_token: The first one, where the app has tokens that end and are renewed.
    """

    static: str = attrs.field(repr=False)
    client_id: str
    client_secret: str = attrs.field(repr=False)
    refresh_token: str = attrs.field(repr=False)
    tokens: dict[str, datetime] = attrs.field(init=False, factory=dict[str, datetime], repr=False)
    refresh: dict[str, bool] = attrs.field(init=False, factory=dict[str, bool], repr=False)
    _count: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        if self.refresh_token:
            self.refresh[self.refresh_token] = True

    def known(self, token: str, now: datetime) -> bool:
        """This token is good now. The first use of a renewed token ends the old way to renew."""
        if token and token == self.static:
            return True
        return token in self.tokens and self.tokens[token] > now

    def grant(self, content_type: str, body: bytes, now: datetime, scope: str) -> tuple[int, Object]:
        """An answer of ``/admin/oauth/access_token``."""
        given = _fields(content_type, body)
        if (given.get("client_id"), given.get("client_secret")) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client", "error_description": "Client authentication failed"}
        match given.get("grant_type"):
            case "client_credentials":
                token = self._token("shpat", now + timedelta(seconds=DAY))
                return 200, {"access_token": token, "scope": scope, "expires_in": DAY}
            case "refresh_token":
                if given.get("refresh_token", "") not in self.refresh:
                    return 401, {
                        "error": "invalid_grant",
                        "error_description": "This refresh token is not valid",
                    }
                self._renew(given["refresh_token"])
                token = self._token("shpat", now + timedelta(seconds=HOUR))
                fresh = f"shprt_{self._count:032x}"
                self.refresh[fresh] = False
                return 200, {
                    "access_token": token,
                    "scope": scope,
                    "expires_in": HOUR,
                    "refresh_token": fresh,
                    "refresh_token_expires_in": QUARTER,
                }
            case _:
                return 400, {"error": "invalid_request", "error_description": "Unsupported grant type"}

    def _renew(self, used: str) -> None:
        # The one before stays good until its successor is used: a lost answer can be asked for again.
        if not self.refresh[used]:
            self.refresh = {used: True}

    def _token(self, prefix: str, until: datetime) -> str:
        self._count += 1
        token = f"{prefix}_{self._count:032x}"
        self.tokens[token] = until
        return token


def _fields(content_type: str, body: bytes) -> Mapping[str, str]:
    if content_type.startswith("application/json"):
        try:
            found: Json = json.loads(body)
        except ValueError:
            return {}
        return {key: text(value) for key, value in mapping(found).items()}
    return dict(parse_qsl(body.decode(errors="replace")))
