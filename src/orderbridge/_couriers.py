"""Couriers by name, and the page on which each shows where a parcel is.

One table for all stores: what a supplier calls a courier, and the link that a shopper gets where the supplier
gave a number and no link. Names are compared whole, never guessed from their beginning: *Correos Express* is
another company than *Correos*, and a link to the wrong one is worse than none.

Links change. The merchant's own words win: ``[couriers]`` in the configuration, ``couriers=`` in code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

import attrs

from ._model import Package, ShipmentNotice
from ._wording import plain_name, web_link
from .errors import ConfigurationError

__all__ = ["COURIERS", "Courier", "Couriers"]


@attrs.frozen(kw_only=True)
class Courier:
    """A courier that everybody knows.

    Args:
        name: As people write it.

        link: Its page about one parcel, with ``{number}`` where the number goes.

        source: Where the form of the link is from.

        aliases: Other names of the same courier; letter case, blanks and signs count for nothing.
    """

    name: str
    link: str
    source: str
    aliases: tuple[str, ...] = ()


_WOO = "the list in WooCommerce 10.2"
_OWN = "the courier's own page, as many public shop modules link to it (looked up in November 2026)"
_17 = "17TRACK, as the courier's own page takes no number (looked up in November 2026)"

COURIERS: tuple[Courier, ...] = (
    Courier(
        name="4PX",
        link="https://track.4px.com/#/result/0/{number}",
        source=_OWN,
        aliases=("4PX Express", "4PX Worldwide Express", "递四方"),
    ),
    Courier(
        name="Australia Post",
        link="https://auspost.com.au/mypost/track/details/{number}",
        source=_WOO,
        aliases=("AusPost",),
    ),
    Courier(
        name="bpost",
        link="https://track.bpost.cloud/btr/web/#/search?itemCode={number}",
        source=_OWN,
        aliases=("bpost International", "Belgian Post"),
    ),
    Courier(
        name="BRT",
        link="https://vas.brt.it/vas/sped_det_show.hsm?referer=sped_numspe_par.htm&Nspediz={number}",
        source=_OWN,
        aliases=(
            "Bartolini",
            "BRT Bartolini",
            "Bartolini (BRT)",
            "Corriere Espresso BRT",
            "BRT Corriere Espresso",
        ),
    ),
    Courier(
        name="Cainiao",
        link="https://global.cainiao.com/detail.htm?mailNoList={number}",
        source=_OWN,
        aliases=("Cainiao Global", "AliExpress Standard Shipping", "菜鸟"),
    ),
    Courier(
        name="Canada Post",
        link="https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={number}",
        source=_WOO,
        aliases=("Postes Canada",),
    ),
    Courier(
        name="China Post",
        link="https://t.17track.net/en#nums={number}",
        source=_17,
        aliases=("China Post Registered Air Mail", "ePacket", "中国邮政"),
    ),
    Courier(
        name="Chronopost",
        link="https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={number}",
        source=_OWN,
        aliases=("Chronopost International",),
    ),
    Courier(
        name="Correos",
        link="https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={number}",
        source=_OWN,
        aliases=("Correos de España", "Correos España"),
    ),
    Courier(
        name="DHL",
        link="https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
        source=_OWN,
        aliases=("DHL Express", "DHL eCommerce", "DHL Parcel", "DHL Paket", "DHL Worldwide Express"),
    ),
    Courier(
        name="DPD",
        link="https://tracking.dpd.de/status/en_US/parcel/{number}",
        source=_OWN,
        aliases=("DPD Classic", "DPD Germany", "DPD Group", "Dynamic Parcel Distribution"),
    ),
    Courier(
        name="DPD Poland",
        link="https://tracktrace.dpd.com.pl/parcelDetails?p1={number}",
        source="the list in Advanced Shipment Tracking for WooCommerce",
        aliases=("DPD Polska", "DPD PL"),
    ),
    Courier(
        name="DPD UK",
        link="https://track.dpd.co.uk/parcels/{number}",
        source=_OWN,
        aliases=("DPD Local", "DPD United Kingdom"),
    ),
    Courier(
        name="EMS",
        link="https://t.17track.net/en#nums={number}",
        source=_17,
        aliases=("China EMS", "EMS China", "China Post EMS", "Express Mail Service"),
    ),
    Courier(
        name="Evri",
        link="https://www.evri.com/track/parcel/{number}",
        source=_OWN,
        aliases=("Evri (Hermes)", "Hermes UK", "myHermes UK"),
    ),
    Courier(
        name="FedEx",
        link="https://www.fedex.com/fedextrack/?trknbr={number}",
        source=_OWN,
        aliases=("Federal Express", "FedEx Express", "FedEx Ground", "FedEx International"),
    ),
    Courier(
        name="GLS",
        link="https://gls-group.eu/EU/en/parcel-tracking?match={number}",
        source=_OWN,
        aliases=("General Logistics Systems", "GLS Group", "GLS Europe"),
    ),
    Courier(
        name="GLS Italy",
        link="https://www.gls-italy.com/?option=com_gls&view=track_e_trace&mode=search&numero_spedizione={number}",
        source=_OWN,
        aliases=("GLS Italia", "GLS IT"),
    ),
    Courier(
        name="InPost",
        link="https://inpost.pl/sledzenie-przesylek?number={number}",
        source=_OWN,
        aliases=("InPost Paczkomaty", "Paczkomaty InPost", "InPost Poland", "InPost Polska"),
    ),
    Courier(
        name="La Poste",
        link="https://www.laposte.fr/outils/suivre-vos-envois?code={number}",
        source=_WOO,
        aliases=("Colissimo", "La Poste Colissimo", "Colissimo La Poste", "Lettre Suivie"),
    ),
    Courier(
        name="Österreichische Post",
        link="https://www.post.at/sv/sendungsdetails?snr={number}",
        source=_OWN,
        aliases=("Austrian Post", "Post AT", "Oesterreichische Post"),
    ),
    Courier(
        name="Poste Italiane",
        link="https://www.poste.it/cerca/index.html#/risultati-spedizioni/{number}",
        source=_OWN,
        aliases=("Poste", "Crono Poste", "Poste Delivery", "Poste Delivery Business"),
    ),
    Courier(
        name="PostNL",
        link="https://postnl.nl/tracktrace/?B={number}",
        source=_OWN,
        aliases=("PostNL Netherlands",),
    ),
    Courier(
        name="Royal Mail",
        link="https://www.royalmail.com/track-your-item#/tracking-results/{number}",
        source=_WOO,
        aliases=("Royal Mail Tracked", "Royal Mail Tracked 24", "Royal Mail Tracked 48"),
    ),
    Courier(
        name="SDA",
        link=(
            "https://www.sda.it/wps/portal/Servizi_online/dettaglio-spedizione"
            "?locale=it&tracing.letteraVettura={number}"
        ),
        source=_OWN,
        aliases=("SDA Express Courier", "SDA Express"),
    ),
    Courier(
        name="Swiss Post",
        link="https://service.post.ch/ekp-web/ui/entry/search/{number}",
        source=_OWN,
        aliases=("Schweizerische Post", "Die Schweizerische Post", "La Poste Suisse", "PostPac"),
    ),
    Courier(
        name="TNT",
        link="https://www.tnt.com/express/en_gc/site/shipping-tools/tracking.html?searchType=con&cons={number}",
        source=_OWN,
        aliases=("TNT Express", "TNT Italy", "TNT Global Express"),
    ),
    Courier(
        name="UPS",
        link="https://www.ups.com/track?tracknum={number}",
        source=_WOO,
        aliases=("United Parcel Service", "UPS Standard", "UPS Express", "UPS Express Saver", "UPS Ground"),
    ),
    Courier(
        name="USPS",
        link="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
        source=_WOO,
        aliases=(
            "United States Postal Service",
            "US Postal Service",
            "USPS Priority Mail",
            "USPS First Class",
        ),
    ),
    Courier(
        name="Yanwen",
        link="https://track.yw56.com.cn/en/querydel?nums={number}",
        source=_OWN,
        aliases=("Yanwen Express", "Yanwen Logistics", "燕文"),
    ),
    Courier(
        name="YunExpress",
        link="https://www.yuntrack.com/parcelTracking?id={number}",
        source=_OWN,
        aliases=("YunTrack", "YunTu", "云途物流"),
    ),
)

_NUMBER = "{number}"
# Printable ASCII without what a link holds only percent-encoded, or what ends it in HTML; the number after
# the host, which no supplier's word may change.
_SIGN = r"[!#-&(-;=?-\[\]_a-z~]"
_LINK = re.compile(rf"https?://[A-Za-z0-9.:-]+[/?#]{_SIGN}*(?:{{number}}{_SIGN}*)+")


class Couriers:
    """Couriers as one bridge knows them: the table above, and the merchant's own words over it.

    Args:
        own: Name of a courier, and its link with ``{number}`` in the number's place; empty for none. A name
            of the table counts for its aliases too, any other name for itself alone.

    Raises:
        ConfigurationError: a link is none.
    """

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        self._links: dict[str, str] = {}
        self._known_as: dict[str, str] = {}
        for courier in COURIERS:
            for name in (courier.name, *courier.aliases):
                self._links[plain_name(name)] = courier.link
                self._known_as[plain_name(name)] = plain_name(courier.name)
        # Names of couriers first: one of their aliases may have a link of its own beside theirs.
        for name, link in sorted((own or {}).items(), key=lambda item: not self._is_main(item[0])):
            _check(name, link)
            known = [alias for alias, main in self._known_as.items() if main == plain_name(name)]
            self._links.update(dict.fromkeys(known or [plain_name(name)], link.strip()))

    def _is_main(self, name: str) -> bool:
        return self._known_as.get(plain_name(name)) == plain_name(name)

    def link(self, name: str, number: str) -> str:
        """The page about one parcel; empty if the courier is not known or there is no number."""
        # People and carriers put blanks into numbers so that they can be read.
        bare = "".join(number.split())
        if not bare:
            return ""
        return self._links.get(plain_name(name), "").replace(_NUMBER, quote(bare, safe="", errors="replace"))

    def same(self, one: str, other: str) -> bool:
        """Are these two names of one courier?"""
        return self._main(one) == self._main(other)

    def _main(self, name: str) -> str:
        return self._known_as.get(plain_name(name), plain_name(name))

    def linked(self, package: Package) -> Package:
        """The package with a link: the supplier's own if it gave one, else its courier's if that is known."""
        link = web_link(package) or self.link(package.carrier, package.tracking_number)
        return attrs.evolve(package, tracking_url=link) if link else package

    def in_notice(self, notice: ShipmentNotice) -> ShipmentNotice:
        """The notice with its packages linked, as a shop is told of it."""
        return attrs.evolve(notice, packages=tuple(map(self.linked, notice.packages)))


def _check(name: str, link: str) -> None:
    if not plain_name(name):
        raise ConfigurationError(f"couriers: {name!r} is no name of a courier")
    if link.strip() and not _LINK.fullmatch(link.strip()):
        raise ConfigurationError(
            f"couriers: {name}: {link!r} came; give a web address with {_NUMBER} in the number's place, such "
            f"as https://courier.example/track/{_NUMBER}, or nothing for no link"
        )
