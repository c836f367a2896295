"""Carriers by the names that shops use: WooCommerce's own list, those of plug-ins, and how names compare."""

from __future__ import annotations

import re
import unicodedata

from ...adapters import Carrier, Flow, decode
from ._wire import (
    API,
    KEEP,
    WireRoutes,
    WireRow,
    WireSite,
    fields,
    get,
    providers_from,
    text,
    words,
)

# What WooCommerce's own order fulfillments call the carriers they know (10.2): slug, then name.
_CORE = """
    acs-courier               ACS Courier
    amazon-logistics          Amazon Logistics
    an-post                   An Post
    aras-kargo                Aras Kargo
    australia-post            Australia Post
    azerpost                  Azerpost
    bartolini-brt             Bartolini (BRT)
    belpochta                 Belpochta
    bpost                     bpost
    bulgarian-posts           Bulgarian Posts
    canada-post               Canada Post
    cdek                      CDEK
    ceska-posta               Česká pošta
    chronopost                Chronopost
    correos                   Correos
    ctt                       CTT
    cyprus-post               Cyprus Post
    deutsche-post             Deutsche Post
    dhl                       DHL
    dpd                       DPD
    econt                     Econt
    eimskip                   Eimskip
    elta                      ELTA
    evri-hermes               Evri (Hermes)
    fan-courier               Fan Courier
    fastway                   Fastway
    fedex                     FedEx
    geniki-taxydromiki        Geniki Taxydromiki
    gls                       GLS
    haypost                   HayPost
    helthjem                  Helthjem
    hrvatska-posta            Hrvatska Pošta
    inpost                    InPost
    islandspostur             Íslandspóstur
    itella                    Smartposti (Itella)
    kazpost                   Kazpost
    la-poste-colissimo        La Poste / Colissimo
    lasership-ontrac          LaserShip/OnTrac
    latvijas-pasts            Latvijas Pasts
    liechtensteinische-post   Liechtensteinische Post
    magyar-posta              Magyar Posta
    makedonska-posta          Makedonska Pošta
    maltapost                 MaltaPost
    matkahuolto               Matkahuolto
    mondial-relay             Mondial Relay
    mpl                       MPL
    mrw                       MRW
    new-zealand-post          New Zealand Post
    nova-poshta               Nova Poshta
    omniva                    Omniva
    osterreichische-post      Österreichische Post
    parcelforce               Parcelforce
    poczta-polska             Poczta Polska
    post-luxembourg           POST Luxembourg
    posta-moldovei            Poșta Moldovei
    posta-romana              Poșta Română
    poste-italiane            Poste Italiane
    poste-san-marino          Poste San Marino
    posten-norge-bring        Posten Norge / Bring
    postnl                    PostNL
    postnord                  PostNord
    purolator                 Purolator
    royal-mail                Royal Mail
    russian-post              Russian Post
    sda                       SDA
    seur                      SEUR
    slovenska-posta           Slovenská pošta
    spee-dee-delivery         Spee-Dee Delivery
    startrack                 StarTrack
    swiss-post                Swiss Post
    toll                      Toll
    ukrposhta                 Ukrposhta
    ups                       UPS
    urgent-cargus             Urgent Cargus
    usps                      USPS
    yurtici-kargo             Yurtiçi Kargo
    zasilkovna                Zásilkovna
"""
CORE_CARRIERS = {
    slug: name.strip() for slug, _, name in (row.strip().partition(" ") for row in _CORE.strip().splitlines())
}
_ALSO_CALLED = {
    "austrian-post": "osterreichische-post",
    "bartolini": "bartolini-brt",
    "bring": "posten-norge-bring",
    "brt": "bartolini-brt",
    "colissimo": "la-poste-colissimo",
    "correos-express": "correos",
    "evri": "evri-hermes",
    "federal-express": "fedex",
    "general-logistics-systems": "gls",
    "hermes": "evri-hermes",
    "la-poste": "la-poste-colissimo",
    "lasership": "lasership-ontrac",
    "ontrac": "lasership-ontrac",
    "packeta": "zasilkovna",
    "post-at": "osterreichische-post",
    "posten-norge": "posten-norge-bring",
    "smartposti": "itella",
    "smartposti-itella": "itella",
    "united-parcel-service": "ups",
}


def same_name(name: str) -> str:
    """A form in which spellings of a carrier's name compare equal: ``Česká pošta`` is ``ceska-posta``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def core_carrier(name: str) -> str:
    """WooCommerce's slug for a carrier, or empty; ``DHL Express`` and ``DPD Poland`` are their brands."""
    key = same_name(name)
    key = _ALSO_CALLED.get(key, key)
    brand = key.partition("-")[0]
    return next((slug for slug in (key, brand) if slug in CORE_CARRIERS), "")


def fulfillment_carriers() -> Flow[tuple[Carrier, ...]]:
    """Those of order fulfillments: as the shop lists them, or else as WooCommerce 10.2 has them built in."""
    site = decode(WireSite, (yield get("/wp-json/", ("_fields", "namespaces"), keep=KEEP)))
    if "wc/v4" in site.namespaces:
        routes = decode(WireRoutes, (yield get("/wp-json/wc/v4", keep=KEEP))).routes
        if "/wc/v4/fulfillments/providers" in routes:
            answer = yield get("/wp-json/wc/v4/fulfillments/providers", keep=KEEP)
            return tuple(
                Carrier(
                    code=row.value,
                    name=words(row.label) or row.value,
                    tracking_url=_with_number(text(row.url)),
                )
                for row in providers_from(answer)
            )
    return tuple(Carrier(code=slug, name=name) for slug, name in CORE_CARRIERS.items())


def plugin_carriers(plugin: str) -> Flow[tuple[Carrier, ...]]:
    """Those of a tracking plug-in, which it knows by their names."""
    table = yield from providers(plugin)
    return tuple(
        Carrier(code=name, name=words(name), tracking_url=_with_number(url)) for name, url in table.values()
    )


def providers(plugin: str, ref: str = "") -> Flow[dict[str, tuple[str, str]]]:
    """The plug-in's carriers by comparable name: its own name, and the form of its links.

    Args:
        plugin: Its namespace.

        ref: An order, below which older versions list them; any order will do.
    """
    response = yield get(f"/wp-json/{plugin}/shipment-trackings/providers", keep=KEEP)
    if response.status == 404:
        if not ref:
            newest = ("per_page", "1"), ("_fields", "id")
            ref = next(
                (text(row.id) for row in decode(list[WireRow], (yield get(f"{API}/orders", *newest)))), "0"
            )
        response = yield get(f"/wp-json/{plugin}/orders/{ref}/shipment-trackings/providers", keep=KEEP)
    if response.status == 404:
        return {}
    # By region; an empty table, or region, is PHP's empty list.
    regions = fields(decode(object, response))
    return {
        same_name(name): (name, text(url))
        for region in regions.values()
        for name, url in fields(region).items()
    }


def _with_number(url: str) -> str:
    # Links that need a postcode or a country too are links that need more than we have.
    shown = re.sub(r"%1\$s|%number%|__PLACEHOLDER__", "{number}", url)
    return "" if re.search(r"%\d\$s", shown) else shown
