"""What a new PrestaShop holds: order states, carriers, countries, currencies, configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .values import Row

# Id, name of the configuration that points to it, name, mail, module, color, flags. A delivery is the right
# to a delivery slip, and has nothing to do with being delivered.
STATES = """
 1 PS_OS_CHEQUE            |Awaiting check payment              |cheque        |ps_checkpayment  |#34209E|send_email
 2 PS_OS_PAYMENT           |Payment accepted                    |payment       |                 |#3498D8|send_email invoice logable paid pdf_invoice
 3 PS_OS_PREPARATION       |Processing in progress              |preparation   |                 |#3498D8|send_email invoice logable paid delivery
 4 PS_OS_SHIPPING          |Shipped                             |shipped       |                 |#01B887|send_email invoice logable paid delivery shipped
 5 PS_OS_DELIVERED         |Delivered                           |              |                 |#01B887|invoice logable paid delivery shipped
 6 PS_OS_CANCELED          |Canceled                            |order_canceled|                 |#2C3E50|send_email
 7 PS_OS_REFUND            |Refunded                            |refund        |                 |#01B887|send_email invoice
 8 PS_OS_ERROR             |Payment error                       |payment_error |                 |#E74C3C|send_email
 9 PS_OS_OUTOFSTOCK_PAID   |On backorder (paid)                 |outofstock    |                 |#3498D8|send_email invoice paid
10 PS_OS_BANKWIRE          |Awaiting bank wire payment          |bankwire      |ps_wirepayment   |#34209E|send_email
11 PS_OS_WS_PAYMENT        |Remote payment accepted             |payment       |                 |#3498D8|send_email invoice logable paid
12 PS_OS_OUTOFSTOCK_UNPAID |On backorder (not paid)             |outofstock    |                 |#34209E|send_email
13 PS_OS_COD_VALIDATION    |Awaiting Cash On Delivery validation|cashondelivery|ps_cashondelivery|#34209E|
"""  # noqa: E501 - one state a line

CARRIERS: tuple[Row, ...] = (
    {"id": "1", "name": "Click and collect", "active": "1", "is_free": "1", "delay": "Pick up in-store"},
    {"id": "2", "name": "My carrier", "active": "1", "is_free": "0", "delay": "Delivery next day!"},
    {"id": "3", "name": "My cheap carrier", "active": "0", "is_free": "0", "delay": "Buy more to pay less!"},
)
COUNTRIES = {  # id, call prefix, name
    "DE": (1, 49, "Germany"),
    "CA": (4, 1, "Canada"),
    "ES": (6, 34, "Spain"),
    "FR": (8, 33, "France"),
    "IT": (10, 39, "Italy"),
    "NL": (13, 31, "Netherlands"),
    "PL": (14, 48, "Poland"),
    "PT": (15, 351, "Portugal"),
    "GB": (17, 44, "United Kingdom"),
    "SE": (18, 46, "Sweden"),
    "US": (21, 1, "United States"),
}
REGIONS = {("CA", "ON"): (89, "Ontario"), ("CA", "QC"): (90, "Quebec"), ("IT", "AG"): (111, "Agrigento")}
CURRENCIES = {"EUR": (1, "Euro", "978", 2), "PLN": (2, "Zloty", "985", 2), "JPY": (3, "Yen", "392", 0)}
LANGUAGES: tuple[Row, ...] = (
    {"id": "1", "name": "English (English)", "iso_code": "en", "locale": "en-US", "language_code": "en-us"},
    {"id": "2", "name": "Italiano (Italian)", "iso_code": "it", "locale": "it-IT", "language_code": "it"},
)


def rows(
    *, languages: int, shops: int, time_zone: str, state_ids: Mapping[str, int]
) -> Iterator[tuple[str, Row]]:
    """Every row of a new shop, each with its resource."""
    settings = {"PS_SHOP_NAME": "Demo Shop", "PS_TIMEZONE": time_zone, "PS_WEBSERVICE": "1"}
    settings |= {
        "PS_WEIGHT_UNIT": "kg",
        "PS_LANG_DEFAULT": "1",
        "PS_CURRENCY_DEFAULT": "1",
        "PS_INVOICE": "1",
    }
    for line in STATES.strip().splitlines():
        numbered, name, template, module, color, flags = (word.strip() for word in line.split("|"))
        number, key = numbered.split()
        settings[key] = str(state_ids.get(key, number))
        texts = {"name": name, "template": template, "module_name": module, "color": color}
        yield (
            "order_states",
            {"id": settings[key], "unremovable": "1", **texts, **dict.fromkeys(flags.split(), "1")},
        )
    for key, value in settings.items():
        # The dates of a setting nobody ever touched are null, which makes it unpatchable.
        yield "configurations", {"name": key, "value": value, "date_add": "", "date_upd": ""}
    for row in CARRIERS:
        shipping = {"id_reference": row["id"], "id_tax_rules_group": "1", "shipping_method": "1"}
        yield "carriers", {**row, **shipping, "position": str(int(row["id"]) - 1)}
    for code, (country_id, prefix, name) in COUNTRIES.items():
        regions = str(int(any(country == code for country, _ in REGIONS)))
        names = {"iso_code": code, "name": name, "call_prefix": str(prefix), "contains_states": regions}
        yield (
            "countries",
            {"id": str(country_id), "id_zone": "1", "active": "1", "need_zip_code": "1", **names},
        )
    for (country, code), (region_id, name) in REGIONS.items():
        where = {"id_country": str(COUNTRIES[country][0]), "iso_code": code, "name": name}
        yield "states", {"id": str(region_id), "id_zone": "1", "active": "1", **where}
    for code, (currency_id, name, numeric, precision) in CURRENCIES.items():
        words = {"names": name, "name": name, "symbol": code, "iso_code": code, "numeric_iso_code": numeric}
        counts = {"id": str(currency_id), "precision": str(precision), "conversion_rate": "1.000000"}
        yield "currencies", {**counts, "active": "1", **words}
    for row in LANGUAGES[:languages]:
        formats = {"date_format_lite": "m/d/Y", "date_format_full": "m/d/Y H:i:s"}
        yield "languages", {**row, **formats, "active": "1"}
    for shop_id in range(1, shops + 1):
        names = {"name": "Demo Shop" if shop_id == 1 else f"Shop {shop_id}", "theme_name": "classic"}
        yield "shops", {"id": str(shop_id), "id_shop_group": "1", "id_category": "2", "active": "1", **names}
