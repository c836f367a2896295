"""The shop's HTTP face: versions, tokens, and answers that say 200 to nearly everything."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

import attrs

from ..._http import Call, Headers, Response
from .ask import Ask
from .bulk import AT_A_TIME, LASTS, SIGNATURE, Bulk, finish, piece
from .cost import Bucket, Rule
from .desk import Desk
from .hooks import Delivery, delivery, unique
from .keys import SCOPES, Keys
from .reading import VERSIONS, VIEWS
from .run import run, run_free
from .values import Json, encode

WRONG_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105


@attrs.define(kw_only=True, eq=False)
class ShopifyShop(Desk):
    """A Shopify shop that answers calls under any origin. What it holds is ``Shop``'s.

    Args:
        access_token, client_id, client_secret, refresh_token: See ``Keys``. Webhooks are signed with
            the secret.

        scopes: What the app was granted.

        cost_rule: See ``cost``.

        bucket: The app's points in this shop.

        too_many: The next so many calls are answered with HTTP 429, which is rare.
    """

    access_token: str = attrs.field(default="shpat_" + "1" * 32, repr=False)
    client_id: str = "c" * 32
    client_secret: str = attrs.field(default="shpss_" + "2" * 32, repr=False)
    refresh_token: str = attrs.field(default="", repr=False)
    scopes: Collection[str] = SCOPES
    cost_rule: Rule = "linear"
    bucket: Bucket = attrs.field(factory=Bucket)
    too_many: int = 0

    _keys: Keys = attrs.field(init=False, repr=False)
    _calls: int = attrs.field(init=False, default=0, repr=False)
    _deliveries: int = attrs.field(init=False, default=0, repr=False)

    def __attrs_post_init__(self) -> None:
        Desk.__attrs_post_init__(self)
        self._keys = Keys(
            static=self.access_token,
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_token,
        )

    def handle(self, call: Call, now: datetime) -> Response:
        """Carry the call out and answer as Shopify would."""
        self._calls += 1
        url = urlsplit(call.url)
        origin = f"{url.scheme}://{url.netloc}"
        self._tick(origin, now)
        if self.too_many:
            self.too_many -= 1
            refused = {
                "errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume."
            }
            return self._answer(429, refused, now, {"Retry-After": "2.0"})
        if url.path == "/admin/oauth/access_token" and call.method == "POST":
            content = call.headers.get("content-type", "")
            return self._answer(*self._keys.grant(content, call.body, now, ",".join(self.scopes)), now)
        if found := re.fullmatch(r"/bulk/(\d+)-final", url.path):
            return self._file(int(found[1]), call, now)
        if found := re.fullmatch(r"/admin/api/([\w-]+)/graphql\.json", url.path):
            return self._graphql(call, found[1], origin, now)
        return self._answer(404, {"errors": "Not Found"}, now)

    def _graphql(self, call: Call, asked: str, origin: str, now: datetime) -> Response:
        if call.method != "POST":
            return self._answer(405, {"errors": "Method Not Allowed"}, now)
        version = self._version(asked)
        if not version:
            return self._answer(404, {"errors": "Not Found"}, now)
        more = {"X-Shopify-API-Version": version}
        if version != asked:
            more["X-Shopify-API-Version-Warning"] = "https://shopify.dev/concepts/about-apis/versioning"
        if not self._keys.known(call.headers.get("X-Shopify-Access-Token", ""), now):
            return self._answer(401, {"errors": WRONG_TOKEN}, now, more)
        if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            wrong = {"errors": "Unsupported Content-Type header, use application/json"}
            return self._answer(400, wrong, now, more)
        try:
            body: Json = json.loads(call.body)
        except ValueError:
            return self._answer(400, {"errors": {"base": ["Bad Request"]}}, now, more)
        if not isinstance(body, dict):
            return self._answer(400, {"errors": {"base": ["Bad Request"]}}, now, more)
        done = run(self._ask(origin, now), body, self.bucket, self.cost_rule)
        return self._answer(200, done.body, now, more)

    def _version(self, asked: str) -> str:
        """The version that answers: one out of support is answered by the oldest there is."""
        if asked in VERSIONS or asked == "unstable":
            return asked
        return VERSIONS[0] if re.fullmatch(r"20\d\d-(01|04|07|10)", asked) and asked < VERSIONS[0] else ""

    def _ask(self, origin: str, now: datetime, rows: slice | None = None) -> Ask:
        return Ask(
            shop=self,
            now=now,
            scopes=frozenset(self.scopes),
            origin=origin,
            views=VIEWS,
            bulk=rows is not None,
            rows=rows,
        )

    def _tick(self, origin: str, now: datetime) -> None:
        self.tick(now)
        for one in self.bulks.values():
            if one.status == "CREATED" and one.created_at < now:
                one.status = "RUNNING"
            if one.status == "RUNNING" and one.due <= now:
                self._finish(one, origin, now)
            if one.status == "COMPLETED" and one.completed_at and one.completed_at + LASTS <= now:
                one.status = "EXPIRED"

    def _finish(self, bulk: Bulk, origin: str, now: datetime) -> None:
        def read(start: int) -> Mapping[str, object]:
            return run_free(self._ask(origin, now, slice(start, start + AT_A_TIME)), bulk.query)

        bulk.error = self.bulk_fails or None
        finish(bulk, read, origin, now)

    def _file(self, number: int, call: Call, now: datetime) -> Response:
        """What the storage answers, which is none of the shop's: who has the signed address gets the file."""
        found = self.bulks.get(number)
        signed = urlsplit(call.url).query == SIGNATURE and "authorization" not in call.headers
        lasts = found is not None and found.completed_at is not None and now < found.completed_at + LASTS
        if found is None or not signed or not lasts or call.method != "GET":
            return Response(403, headers=Headers({"Content-Type": "application/xml"}), body=b"<Error/>")
        status, more, body = piece(found, call.headers.get("range", ""))
        headers = {"Content-Type": "application/jsonl", "Accept-Ranges": "bytes", **more}
        return Response(status, headers=Headers(headers), body=body)

    def _answer(
        self, status: int, body: object, now: datetime, more: dict[str, str] | None = None
    ) -> Response:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Date": format_datetime(now, usegmt=True),
            "X-ShopId": "60139831548",
            "X-Request-ID": unique(f"call{self._calls}"),
            **(more or {}),
        }
        return Response(status, headers=Headers(headers), body=encode(body))

    # Webhooks

    def webhook(
        self, topic: str, order_id: int, *, now: datetime, secret: str = "", url: str = "https://hook.test/"
    ) -> Delivery:
        """A signed delivery of this topic, whether or not anybody subscribed."""
        self._deliveries += 1
        return delivery(
            topic=topic,
            url=url,
            order=self.orders[order_id],
            secret=secret or self.client_secret,
            domain=self.domain,
            version=self.version,
            number=self._deliveries,
            name=None,
            now=now,
        )

    def deliver(self, now: datetime) -> list[Delivery]:
        """What subscribers are told of what happened since the last time."""
        happened, self.events = self.events, []
        told: list[Delivery] = []
        for topic, order_id in dict.fromkeys(happened):
            for hook in self.hooks.values():
                if hook.topic == topic.upper().replace("/", "_"):
                    self._deliveries += 1
                    told.append(
                        delivery(
                            topic=topic,
                            url=hook.uri,
                            order=self.orders[order_id],
                            secret=self.client_secret,
                            domain=self.domain,
                            version=self.version,
                            number=self._deliveries,
                            name=hook.name,
                            now=now,
                        )
                    )
        return told
