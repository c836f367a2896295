"""What ``init`` asks on a terminal: which platforms, under which names, and where secrets are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import attrs
import typer

from .. import Secret
from .._plugins import platform_names, platform_of
from ..adapters import AccountSettings
from ..errors import ConfigurationError

__all__ = ["HERE", "Wanted", "ask", "is_nobodys", "kept_at"]

HERE = "here"
_PLACE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:.+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOBODYS = re.compile(r"\.(example|invalid|example\.(com|net|org))$")  # RFC 2606


@attrs.frozen(kw_only=True)
class Wanted:
    """An account to be connected.

    Args:
        settings: What is known of it by now; the rest is shown as an example. A secret that somebody typed in
            stands in no repr.
    """

    kind: str
    platform: str
    name: str
    settings: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)


def kept_at(account: str, field: str) -> str:
    """Where a secret is looked for if nobody says otherwise."""
    return f"env:{account}_{field}".upper().replace("ENV:", "env:", 1).replace("-", "_")


def ask() -> list[Wanted]:
    """Ask for all accounts, at least one store and one supplier."""
    found: list[Wanted] = []
    for kind, what in (("store", "A shop system"), ("supplier", "A supplier's system")):
        known = ", ".join(sorted(platform_names(kind)))
        while True:
            some = any(wanted.kind == kind for wanted in found)
            words = f"Another ({known}; nothing if that is all)" if some else f"{what} to connect ({known})"
            platform = _answer(words) if some else _needed(words)
            if not platform:
                break
            try:
                platform_of(kind, platform)
            except ConfigurationError as error:
                typer.echo(str(error), err=True)
                continue
            found.append(_account(kind, platform, {wanted.name for wanted in found}))
    return found


def is_nobodys(address: str) -> bool:
    """Is it one that stands in examples?"""
    return bool(_NOBODYS.search(f".{urlsplit(address).hostname or ''}"))


def _answer(words: str, *, hidden: bool = False) -> str:
    found = typer.prompt(words, default="", show_default=False, hide_input=hidden, err=True)
    return cast("str", found).strip()


def _needed(words: str, *, hidden: bool = False) -> str:
    """Asked until there is an answer."""
    while not (found := _answer(words, hidden=hidden)):
        typer.echo("There must be one; Ctrl-C ends without a file.", err=True)
    return found


def _account(kind: str, platform: str, taken: set[str]) -> Wanted:
    first = "shop" if kind == "store" and "shop" not in taken else platform
    while True:
        name = cast("str", typer.prompt("Its name here, which stays for ever", default=first, err=True))
        if _NAME.fullmatch(name) and name not in taken:
            break
        typer.echo("Give letters, digits, - and _; each name once.", err=True)
    settings: dict[str, str] = {}
    resolved = attrs.resolve_types(cast("type[attrs.AttrsInstance]", platform_of(kind, platform).settings))
    for field in attrs.fields(resolved):
        if field.type is Secret:
            settings[field.name] = _secret(name, field.name, needed=field.default is attrs.NOTHING)
        elif field.default is attrs.NOTHING:
            asks = _address if field.name == "base_url" else _setting
            settings[field.name] = asks(field.name)
    return Wanted(
        kind=kind,
        platform=platform,
        name=name,
        settings={field: value for field, value in settings.items() if value},
    )


def _setting(field: str) -> str:
    return _needed(f"Its {field.replace('_', ' ')}")


def _address(field: str) -> str:
    """One that can be somebody's: what stands in examples is nobody's."""
    while True:
        text = _needed("Its address, https://...")
        try:
            AccountSettings(base_url=text)
        except ConfigurationError as error:
            typer.echo(str(error), err=True)
            continue
        if not is_nobodys(text):
            return text
        typer.echo(
            f"{field}: {urlsplit(text).hostname} stands in examples and is nobody's; give the real one.",
            err=True,
        )


def _secret(account: str, field: str, *, needed: bool) -> str:
    """Where it is kept, or itself, typed in unseen. Of several ways to sign in one is enough."""
    words = f"Where its {field} is kept: env:NAME, file:PATH, keyring:NAME, or '{HERE}' to type it in"
    while True:
        place = cast(
            "str",
            typer.prompt(
                words if needed else f"{words}; - if it has none",
                default=kept_at(account, field) if needed else "-",
                err=True,
            ),
        ).strip()
        if place == "-" and not needed:
            return ""
        if place == HERE:
            return _needed(f"Its {field}, which is not shown", hidden=True)
        if _PLACE.fullmatch(place):
            return place
        # It may be the secret itself: it is not repeated.
        typer.echo(
            "That is no place such as env:NAME, of letters, digits and _. For the secret itself answer "
            f"'{HERE}' first: then it is asked for.",
            err=True,
        )
