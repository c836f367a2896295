"""``init``: a configuration file with every setting in it, explained by the platforms themselves."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from textwrap import wrap
from typing import Annotated, cast

import attrs
import typer

from .. import Policy, Secret
from .._plugins import platform_of
from ..errors import ConfigurationError
from .init_asks import Wanted, ask, kept_at
from .output import CONFIG, AsJson, ConfigFile, console, print_json

__all__ = ["init"]

HEAD = """\
# What orderbridge connects. Times are UTC, durations are "30s", "15m", "4h", "2d".
# A secret is best kept elsewhere: "env:NAME", "file:PATH" or "keyring:NAME" says where.
# Lines that begin with # show what holds without them.

# Orders, reservations and all that was ever sent; relative to this file, or "postgresql://user@host/database".
journal = "orderbridge.db"

# Orders placed before it are only observed; without it, those before the first pull.
# take_from = 2026-01-01T00:00:00Z
"""
RULES = """\
# Who ships what, where no product link says so; the first rule that fits counts.
# [[rules]]
# prefix = "OWN-"  # these SKUs are our own stock
# own = true
#
# [[rules]]
# supplier_ref = true  # what the shop itself keeps as the supplier's name of a product (PrestaShop)
# supplier = "{supplier}"
#
# [[rules]]
# prefix = "RX-"  # the rest of the SKU is the supplier's remote id
# supplier = "{supplier}"
"""
COURIERS = """\
# Tracking pages for numbers that come without a link, over the built-in ones; empty for none.
# [couriers]
# "Bob's Van" = "https://van.example/track/{number}"
"""
BUYER = """\
# Who pays, for suppliers that judge fraud by it (Alibaba): the person's own browser, never made up.
# [buyer]
# ip = "203.0.113.7"
# user_agent = "Mozilla/5.0 ..."
# accept_language = "en-US,en;q=0.9"
# screen = "1920*1080"
# member_since = 2024-05-01T00:00:00Z  # when the person registered with you
"""


def init(
    store: Annotated[list[str] | None, typer.Option(help="Shop systems to be connected.")] = None,
    supplier: Annotated[list[str] | None, typer.Option(help="Suppliers' systems to be connected.")] = None,
    asks: Annotated[
        bool | None,
        typer.Option(
            "--ask/--no-ask", help="Ask what to connect; by default on a terminal, if none is named."
        ),
    ] = None,
    config: ConfigFile = CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file and write none.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a configuration file: asked for on a terminal, else to be filled in. One that is there is left.

    Secrets stay elsewhere, such as in the environment, unless you choose to type one in: then only you may
    read the file.
    """
    _check_free(config, force=force or dry_run)
    if asks if asks is not None else not (store or supplier) and sys.stdin.isatty():
        wanted = ask()
    else:
        wanted = _named(store or ["woocommerce"], supplier or ["rewix"])
    text, secrets = written(wanted), _typed_in(wanted)
    if dry_run:
        for secret in secrets:
            text = text.replace(_toml(secret), '"***"')
    else:
        _write(config, text, force=force, secret=bool(secrets))
    needs = sorted(set(re.findall(r'^\w+ = "env:(\w+)"', text, re.MULTILINE)))
    if as_json:
        print_json(
            {
                "file": None if dry_run else str(config),
                "text": text if dry_run else None,
                "environment": needs,
            }
        )
        return
    if dry_run:
        typer.echo(text, nl=False)
        return
    if needs:
        console().print(f"It reads these from the environment: {', '.join(needs)}", soft_wrap=True)
    console().print(f"{config} is written. Fill it in, then try it: orderbridge probe", soft_wrap=True)


def _check_free(config: Path, *, force: bool) -> None:
    """Before anything is asked, rather than after it."""
    if config.exists() and not force:
        raise ConfigurationError(f"{config}: is there already; --force overwrites it")


def _write(config: Path, text: str, *, force: bool, secret: bool) -> None:
    """For its owner alone; also one that was there before, if a secret stands in it now."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
        with open(os.open(config, flags, 0o600), "w", encoding="utf-8") as file:
            if secret:
                config.chmod(0o600)
            file.write(text)
    except FileExistsError:
        raise ConfigurationError(f"{config}: is there already; --force overwrites it") from None
    except OSError as error:
        raise ConfigurationError(f"{config}: cannot be written: {error.strerror}") from None


def _typed_in(wanted: Iterable[Wanted]) -> list[str]:
    """The secrets that stand in the file itself."""
    found: list[str] = []
    for account in wanted:
        resolved = attrs.resolve_types(
            cast("type[attrs.AttrsInstance]", platform_of(account.kind, account.platform).settings)
        )
        for field in attrs.fields(resolved):
            value = account.settings.get(field.name, "")
            if field.type is Secret and value and not value.startswith(("env:", "file:", "keyring:")):
                found.append(value)
    return found


def _named(stores: list[str], suppliers: list[str]) -> list[Wanted]:
    """One account for each platform, under names that say what they are."""
    shop = "shop" if len(stores) == 1 else ""
    return [
        *(Wanted(kind="store", platform=platform, name=shop or platform) for platform in stores),
        *(Wanted(kind="supplier", platform=platform, name=platform) for platform in suppliers),
    ]


def configuration(stores: list[str], suppliers: list[str]) -> str:
    """The text of the file, for platforms by name."""
    return written(_named(stores, suppliers))


def written(wanted: Iterable[Wanted]) -> str:
    """The text of the file, with what is known by now filled in."""
    accounts = list(wanted)
    parts = [HEAD, *map(_account, accounts)]
    parts.append(
        "# What the bridge may do by itself. As it stands it spends nothing.\n[policy]\n" + _fields(Policy)
    )
    supplier = next((account.name for account in accounts if account.kind == "supplier"), "rewix")
    parts += [RULES.format(supplier=supplier), COURIERS, BUYER]
    return "\n".join(parts)


def _account(wanted: Wanted) -> str:
    found = platform_of(wanted.kind, wanted.platform)
    head = f'# {found.title}\n[{wanted.kind}s.{wanted.name}]\nplatform = "{wanted.platform}"\n'
    if wanted.kind == "supplier":
        head += "\n# Other systems or people reserve on the same account.\n# shared = false\n"
    return head + "\n" + _fields(found.settings, name=wanted.name, known=wanted.settings)


def _fields(cls: type, *, name: str = "", known: Mapping[str, str] | None = None) -> str:
    """Each field with its explanation; those with a default as a comment."""
    resolved = cast("type[attrs.AttrsInstance]", attrs.resolve_types(cls))
    explained = _explanations(cls)
    lines: list[str] = []
    for field in attrs.fields(resolved):
        lines += [f"# {line}" for line in wrap(explained.get(field.name, ""), 98)]
        if known and field.name in known:
            lines.append(f"{field.name} = {_toml(known[field.name])}")
        elif field.default is attrs.NOTHING:
            lines.append(f"{field.name} = {_example(field, name)}")
        elif field.type is Secret:
            # One of several ways to sign in: its default is none.
            lines.append(f"# {field.name} = {_example(field, name)}")
        elif field.default is None:
            lines.append(f"# {field.name}: not set")
        else:
            lines.append(f"# {field.name} = {_toml(_default(field))}")
        lines.append("")
    return "\n".join(lines)


def _explanations(cls: type) -> Mapping[str, str]:
    """What the class says of its arguments, and its bases of theirs."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__[:-1]):
        _, _, args = cleandoc(base.__doc__ or "").partition("Args:\n")
        for name, words in re.findall(r"^    (\w+): (.*?)(?=^    \w+: |^\S|\Z)", args, re.M | re.S):
            found[name] = " ".join(words.replace("``", "`").split())
    return found


def _example(field: attrs.Attribute[object], name: str) -> str:
    if field.name == "base_url":
        return f'"https://{name}.example"'
    if field.type is Secret:
        return _toml(kept_at(name, field.name))
    return '""'


def _default(field: attrs.Attribute[object]) -> object:
    factory = cast("Callable[[], object] | None", getattr(field.default, "factory", None))
    return field.default if factory is None else factory()


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return f'"{value.value}"'
        case timedelta():
            return f'"{_duration(value)}"'
        case tuple() | frozenset():
            return f"[{', '.join(_toml(item) for item in cast('Iterable[object]', value))}]"
        case Mapping():
            return "{}"
        case int():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)  # the same signs are escaped in both
        case _:
            return f'"{value}"'


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
