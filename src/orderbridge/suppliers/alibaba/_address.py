"""The shopper's address in Alibaba.com's shapes: one for quotes, one for orders."""

from __future__ import annotations

import re
from unicodedata import normalize

from ..._model import Address
from ._countries import NAMES
from ._wire import WireAddress, said

# The numbers of the world's telephone zones that have one digit or two; all others have three.
_SHORT = re.compile(
    r"1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]",
    re.ASCII,
)


def missing(to: Address) -> list[str]:
    """What an order cannot do without and the shop's order lacks."""
    fields = {
        "name": to.name + to.company,
        "street": to.line1 + to.line2,
        "city": to.city,
        "country": to.country,
        # South Korea's customs take nothing without the shopper's own number.
        "tax_id (the customs number)": to.tax_id if country_of(to) == "KR" else "-",
    }
    return [name for name, value in fields.items() if not _plain(value)]


def country_of(to: Address) -> str:
    """Its two letters; some write UK."""
    return _code(to.country)


def for_quote(to: Address) -> dict[str, object]:
    """As a shipping quote takes it."""
    country = country_of(to)
    return _given(
        {
            "zip": _plain(to.postal_code),
            "country": {"code": country, "name": NAMES.get(country, country)},
            "province": _given({"code": _plain(to.region_code), "name": _plain(to.region or to.region_code)}),
            "city": {"name": _plain(to.city)},
            "address": _street(to),
        }
    )


def for_order(to: Address) -> dict[str, object]:
    """As an order takes it."""
    country = country_of(to)
    return _given(
        {
            "zip": _plain(to.postal_code),
            "country": NAMES.get(country, country),
            "country_code": country,
            "province": _plain(to.region or to.region_code),
            "province_code": _plain(to.region_code),
            "city": _plain(to.city),
            "address": _street(to),
            "alternate_address": _plain(to.line2) if _plain(to.line1) else "",
            "contact_person": _person(to),
            "telephone": telephone(to.phone),
        }
    )


def clearance(to: Address) -> dict[str, object]:
    """What the customs of South Korea ask about a private person; empty for every other country."""
    if country_of(to) != "KR":
        return {}
    return _given(
        {
            "clearance_type": "PERSONAL",
            "clearance_code": _plain(to.tax_id),
            "clearancer": _plain(to.name or to.company),
            "clearance_mobile_number": re.sub(r"\D", "", to.phone),
        }
    )


def telephone(text: str) -> dict[str, object]:
    """A number and, where it is written as an international one, its country's in front."""
    digits = re.sub(r"\D", "", text)
    if not re.match(r"[^\d+]*(\+|0\D*0)", text):
        return _given({"number": digits})
    # The zero in brackets is only dialed within the country.
    digits = re.sub(r"\D", "", text.replace("(0)", "")).removeprefix("00")
    found = _SHORT.match(digits)
    zone = found[0] if found else digits[:3]
    return _given({"country": f"+{zone}" if zone else "", "number": digits[len(zone) :]})


def same_place(to: Address, seen: WireAddress) -> bool:
    """Could both be one shopper's? Alibaba.com may cut names and streets, write them anew, or hide them.

    Taken for one, two shoppers' orders are a question; not taken for one, an order is made twice.
    """

    def is_like(ours: str, theirs: str) -> bool:
        one, other = _squeezed(ours), _squeezed(theirs)
        in_other_letters = one.isascii() != other.isascii()
        return "*" in theirs or in_other_letters or one.startswith(other) or other.startswith(one)

    where = is_like(country_of(to), _code(said(seen.country_code))) and is_like(
        to.postal_code, said(seen.zip)
    )
    who = is_like(_person(to), said(seen.contact_person)) or is_like(_street(to), said(seen.address))
    return where and who


def _person(to: Address) -> str:
    name, company = _plain(to.name), _plain(to.company)
    return f"{name}, {company}" if name and company else name or company


def _street(to: Address) -> str:
    return _plain(to.line1) or _plain(to.line2)


def _plain(value: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())


def _code(country: str) -> str:
    code = _plain(country).upper()
    return "GB" if code == "UK" else code


def _squeezed(value: str) -> str:
    # Taken apart, an accent is a sign of its own, which goes.
    return "".join(sign for sign in normalize("NFKD", value).casefold() if sign.isalnum())


def _given(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value}
