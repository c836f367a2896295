"""The carriers that Shopify knows how to follow, spelled as it wants them: capitals and signs count.

For any other it shows the name as it is, and needs the tracking page with it; else it guesses a carrier by
what the number looks like.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...adapters import Carrier, by_name, same_name
from ._settings import Settings

ANYWHERE = (
    "4PX",
    "AGS",
    "Amazon",
    "Amazon Logistics UK",
    "An Post",
    "Anjun Logistics",
    "APC",
    "Asendia USA",
    "Australia Post",
    "Bonshaw",
    "BPost",
    "BPost International",
    "Canada Post",
    "Canpar",
    "CDL Last Mile",
    "China Post",
    "Chronopost",
    "Chukou1",
    "Colissimo",
    "Comingle",
    "Coordinadora",
    "Correios",
    "Correos",
    "CTT",
    "CTT Express",
    "Cyprus Post",
    "Delnext",
    "Deutsche Post",
    "DHL eCommerce",
    "DHL eCommerce Asia",
    "DHL Express",
    "DPD",
    "DPD Local",
    "DPD UK",
    "DTD Express",
    "DX",
    "Eagle",
    "Estes",
    "Evri",
    "FedEx",
    "First Global Logistics",
    "First Line",
    "FSC",
    "Fulfilla",
    "GLS",
    "Guangdong Weisuyi Information Technology (WSE)",
    "Heppner Internationale Spedition GmbH & Co.",
    "Iceland Post",
    "IDEX",
    "Israel Post",
    "Japan Post (EN)",
    "Japan Post (JA)",
    "La Poste Colissimo",
    "La Poste Burkina Faso",
    "Lasership",
    "Latvia Post",
    "Lietuvos Paštas",
    "Logisters",
    "Lone Star Overnight",
    "M3 Logistics",
    "Meteor Space",
    "Mondial Relay",
    "New Zealand Post",
    "NinjaVan",
    "North Russia Supply Chain (Shenzhen) Co.",
    "OnTrac",
    "Packeta",
    "Pago Logistics",
    "Ping An Da Tengfei Express",
    "Pitney Bowes",
    "Portal PostNord",
    "Poste Italiane",
    "PostNL",
    "PostNord DK",
    "PostNord NO",
    "PostNord SE",
    "Purolator",
    "Qxpress",
    "Qyun Express",
    "Royal Mail",
    "Royal Shipments",
    "Sagawa (EN)",
    "Sagawa (JA)",
    "Sendle",
    "SF Express",
    "SFC Fulfillment",
    "ShipBob",
    "SHREE NANDAN COURIER",
    "Singapore Post",
    "Southwest Air Cargo",
    "StarTrack",
    "Step Forward Freight",
    "Swiss Post",
    "TForce Final Mile",
    "Tinghao",
    "TNT",
    "Toll IPEC",
    "United Delivery Service",
    "UPS",
    "USPS",
    "Venipak",
    "We Post",
    "Whistl",
    "Wizmo",
    "WMYC",
    "Xpedigo",
    "XPO Logistics",
    "Yamato (EN)",
    "Yamato (JA)",
    "YiFan Express",
    "YunExpress",
)

# Only in shops of that country does Shopify know these.
IN_COUNTRY: Mapping[str, tuple[str, ...]] = {
    "Australia": (
        "Aramex Australia",
        "TNT Australia",
        "Hunter Express",
        "Couriers Please",
        "Bonds",
        "Allied Express",
        "Direct Couriers",
        "Northline",
        "GO Logistics",
    ),
    "Austria": ("Österreichische Post",),
    "Bulgaria": ("Speedy",),
    "Canada": (
        "Intelcom",
        "BoxKnight",
        "Loomis",
    ),
    "China": ("WanbExpress",),
    "Czechia": ("Zásilkovna",),
    "Germany": (
        "Deutsche Post (DE)",
        "Deutsche Post (EN)",
        "DHL",
        "Swiship",
        "Hermes",
    ),
    "Spain": ("SEUR",),
    "France": ("Colis Privé",),
    "United Kingdom": (
        "Parcelforce",
        "Yodel",
        "DHL Parcel",
        "Tuffnells",
    ),
    "Greece": ("ACS Courier",),
    "Ireland": (
        "Fastway",
        "DPD Ireland",
    ),
    "India": (
        "DTDC",
        "India Post",
        "Delhivery",
        "Gati KWE",
        "Professional Couriers",
        "XpressBees",
        "Ecom Express",
        "Ekart",
        "Shadowfax",
        "Bluedart",
    ),
    "Italy": (
        "BRT",
        "GLS Italy",
    ),
    "Japan": (
        "エコ配",
        "西濃運輸",
        "西濃スーパーエキスプレス",
        "福山通運",
        "日本通運",
        "名鉄運輸",
        "第一貨物",
    ),
    "Netherlands": ("DHL Parcel",),
    "Norway": ("Bring",),
    "Poland": ("Inpost",),
    "Turkey": (
        "PTT",
        "Yurtiçi Kargo",
        "Aras Kargo",
        "Sürat Kargo",
    ),
    "United States": (
        "Alliance Air Freight",
        "Pilot Freight",
        "LSO",
        "Old Dominion",
        "Pandion",
        "R+L Carriers",
    ),
    "South Africa": (
        "Fastway",
        "Skynet",
    ),
}

NAMES = tuple(dict.fromkeys((*ANYWHERE, *(name for names in IN_COUNTRY.values() for name in names))))


def _countries(carrier: str) -> str:
    return ", ".join(country for country, names in IN_COUNTRY.items() if carrier in names)


CARRIERS = tuple(
    Carrier(code=name, name=name if name in ANYWHERE else f"{name} (shops in {_countries(name)})")
    for name in NAMES
)


def company_of(settings: Settings, carrier: str) -> tuple[str, str]:
    """A supplier's carrier as Shopify is to be told of it, and a warning if Shopify does not know it."""
    wanted = by_name(settings.carriers, carrier) or " ".join(carrier.split())
    known = next((name for name in NAMES if name == wanted), "") or next(
        (name for name in NAMES if same_name(name, wanted)), ""
    )
    if known or not wanted:
        return known, ""
    return wanted, f"carrier {wanted} is not known to Shopify; shown by name, with its link if there is one"
