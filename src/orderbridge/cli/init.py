"""``init``: a configuration file with every setting in it, explained by the platforms themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from enum import Enum
from inspect import cleandoc
from textwrap import wrap
from typing import Annotated, cast

import attrs
import typer

from .. import Policy, Secret
from .._plugins import platform_of
from ..errors import ConfigurationError
from .output import CONFIG, ConfigFile, console

__all__ = ["init"]

HEAD = """\
# What orderbridge connects. Times are UTC, durations are "30s", "15m", "4h", "2d".
# A secret is best kept elsewhere: "env:NAME", "file:PATH" or "keyring:NAME" says where.
# Lines that begin with # show what holds without them.

# Orders, reservations and all that was ever sent; relative to this file.
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
    config: ConfigFile = CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a configuration file to fill in. An existing one is left alone."""
    text = configuration(store or ["woocommerce"], supplier or ["rewix"])
    try:
        with config.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigurationError(f"{config}: is there already; --force overwrites it") from None
    except OSError as error:
        raise ConfigurationError(f"{config}: cannot be written: {error.strerror}") from None
    console().print(f"{config} is written. Fill it in, then try it: orderbridge probe", soft_wrap=True)


def configuration(stores: list[str], suppliers: list[str]) -> str:
    """The text of the file, for platforms by name."""
    parts = [HEAD]
    parts += [_account("store", platform, "shop" if len(stores) == 1 else platform) for platform in stores]
    parts += [_account("supplier", platform, platform) for platform in suppliers]
    parts.append(
        "# What the bridge may do by itself. As it stands it spends nothing.\n[policy]\n" + _fields(Policy)
    )
    parts += [RULES.format(supplier=suppliers[0]), COURIERS, BUYER]
    return "\n".join(parts)


def _account(kind: str, platform: str, name: str) -> str:
    found = platform_of(kind, platform)
    head = f'# {found.title}\n[{kind}s.{name}]\nplatform = "{platform}"\n'
    if kind == "supplier":
        head += "\n# Other systems or people reserve on the same account.\n# shared = false\n"
    return head + "\n" + _fields(found.settings, name=name)


def _fields(cls: type, *, name: str = "") -> str:
    """Each field with its explanation; those with a default as a comment."""
    resolved = cast("type[attrs.AttrsInstance]", attrs.resolve_types(cls))
    explained = _explanations(cls)
    lines: list[str] = []
    for field in attrs.fields(resolved):
        lines += [f"# {line}" for line in wrap(explained.get(field.name, ""), 98)]
        if field.default is attrs.NOTHING:
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
        return f'"env:{name}_{field.name}"'.upper().replace("ENV:", "env:").replace("-", "_")
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
        case _:
            return f'"{value}"'


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
