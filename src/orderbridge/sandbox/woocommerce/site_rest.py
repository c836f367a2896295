"""The routes of the site itself: what there is, settings, products, webhooks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import attrs

from .rest import EDITS, Answer, Ask, Route, sliced
from .shop import Shop
from .values import Object, WpError, array, integer
from .webhooks import VERSION


@attrs.frozen(eq=False)
class SiteRoutes:
    """``/``, ``/system_status``, ``/settings``, ``/data``, ``/products``, ``/webhooks``."""

    shop: Shop
    https: bool

    def routes(self) -> list[Route]:
        """Pattern, methods, and what answers."""
        products, webhooks = "wc/v3/products", "wc/v3/webhooks"
        return [
            ("", ("GET",), self._index),
            ("wc/v3/system_status", ("GET",), self._system_status),
            ("wc/v3/settings/general/woocommerce_currency", ("GET",), self._currency_setting),
            ("wc/v3/settings/products/woocommerce_weight_unit", ("GET",), self._weight_setting),
            ("wc/v3/data/currencies/current", ("GET",), self._current_currency),
            (products, ("GET",), self._list_products),
            (rf"{products}/(\d+)", ("GET",), self._get_product),
            (rf"{products}/(\d+)/variations", ("GET",), self._list_variations),
            (webhooks, ("GET",), self._list_webhooks),
            (webhooks, ("POST",), self._create_webhook),
            (rf"{webhooks}/(\d+)", ("GET",), self._get_webhook),
            (rf"{webhooks}/(\d+)", EDITS, self._edit_webhook),
            (rf"{webhooks}/(\d+)", ("DELETE",), self._delete_webhook),
        ]

    # The site

    def _index(self, ask: Ask, _0: str, _1: str) -> Answer:
        offset = ask.now.astimezone(ZoneInfo(self.shop.timezone)).utcoffset()
        plugins = {"official": ["wc-shipment-tracking/v3"], "ast": ["wc-shipment-tracking/v3", "wc-ast/v3"]}
        spaces = ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc/store/v1", "wc-telemetry", "wc-admin", "wp/v2"]
        return Answer(
            {
                "name": "Sandbox shop",
                "description": "",
                "url": ask.home,
                "home": ask.home,
                "gmt_offset": offset.total_seconds() / 3600 if offset else 0,
                "timezone_string": self.shop.timezone,
                "namespaces": array([*spaces, *plugins.get(self.shop.tracking_plugin or "", [])]),
                "authentication": [],
                "routes": {},
            }
        )

    def _system_status(self, ask: Ask, _0: str, _1: str) -> Answer:
        features = ["analytics", "order_attribution", *(["fulfillments"] if self.shop.fulfillments else [])]
        plugin: Object = {"plugin": "woocommerce/woocommerce.php", "name": "WooCommerce", "version": VERSION}
        return Answer(
            {
                "environment": {
                    "home_url": ask.home,
                    "site_url": ask.home,
                    "version": VERSION,
                    "wp_version": "6.8.7",
                    "language": "en_US",
                    "default_timezone": "UTC",
                },
                "database": {"wc_database_version": VERSION, "database_prefix": "wp_"},
                "active_plugins": [plugin],
                "inactive_plugins": [],
                "dropins_mu_plugins": {"dropins": [], "mu_plugins": []},
                "theme": {"name": "Twenty Twenty-Five"},
                "settings": {
                    "api_enabled": False,
                    "force_ssl": False,
                    "currency": self.shop.currency,
                    "currency_symbol": "&euro;",
                    "number_of_decimals": self.shop.decimals,
                    "HPOS_enabled": True,
                    "HPOS_sync_enabled": False,
                    "enabled_features": array(features),
                },
                "security": {"secure_connection": self.https, "hide_errors": True},
                "pages": [],
                "post_type_counts": [],
                "logging": {},
            }
        )

    def _currency_setting(self, ask: Ask, _0: str, _1: str) -> Answer:
        base = {"id": "woocommerce_currency", "label": "Currency", "type": "select", "default": "USD"}
        return Answer({**base, "value": self.shop.currency, "group_id": "general"}, links={})

    def _weight_setting(self, ask: Ask, _0: str, _1: str) -> Answer:
        base = {"id": "woocommerce_weight_unit", "label": "Weight unit", "type": "select", "default": "kg"}
        return Answer({**base, "value": self.shop.weight_unit, "group_id": "products"}, links={})

    def _current_currency(self, ask: Ask, _0: str, _1: str) -> Answer:
        symbol = {"EUR": "&euro;", "PLN": "&#122;&#322;", "GBP": "&pound;", "USD": "&#36;"}
        return Answer(
            {
                "code": self.shop.currency,
                "name": self.shop.currency,
                "symbol": symbol.get(self.shop.currency, ""),
            },
            links={},
        )

    # Products

    def _list_products(self, ask: Ask, _0: str, _1: str) -> Answer:
        found = self.shop.catalog.listed(ask.params)
        return sliced(ask, [{**row, "_links": self.shop.catalog.links(ask.home, row)} for row in found])

    def _get_product(self, ask: Ask, product_id: str, _1: str) -> Answer:
        if int(product_id) not in self.shop.catalog.products:
            raise WpError("woocommerce_rest_product_invalid_id", "Invalid ID.", 404)
        product = self.shop.catalog.products[int(product_id)]
        return Answer(product, links=self.shop.catalog.links(ask.home, product))

    def _list_variations(self, ask: Ask, product_id: str, _1: str) -> Answer:
        found = [row for row in self.shop.catalog.products.values() if row["parent_id"] == int(product_id)]
        return sliced(ask, [{**row, "_links": self.shop.catalog.links(ask.home, row)} for row in found])

    # Webhooks

    def _hook_answer(self, ask: Ask, hook: Object, status: int = 200) -> Answer:
        return Answer(dict(hook), links=self.shop.webhooks.links(ask.home, hook), status=status)

    def _list_webhooks(self, ask: Ask, _0: str, _1: str) -> Answer:
        found = sorted(self.shop.webhooks.hooks.values(), key=lambda hook: integer(hook["id"]), reverse=True)
        return sliced(ask, [{**hook, "_links": self.shop.webhooks.links(ask.home, hook)} for hook in found])

    def _create_webhook(self, ask: Ask, _0: str, _1: str) -> Answer:
        return self._hook_answer(ask, self.shop.webhooks.create(ask.body, self.shop.dates(ask.now)), 201)

    def _get_webhook(self, ask: Ask, hook_id: str, _1: str) -> Answer:
        return self._hook_answer(ask, self.shop.webhooks.get(int(hook_id)))

    def _edit_webhook(self, ask: Ask, hook_id: str, _1: str) -> Answer:
        return self._hook_answer(
            ask, self.shop.webhooks.update(int(hook_id), ask.body, self.shop.dates(ask.now))
        )

    def _delete_webhook(self, ask: Ask, hook_id: str, _1: str) -> Answer:
        return self._hook_answer(ask, self.shop.webhooks.delete(int(hook_id), ask.params))
