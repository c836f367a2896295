"""``init``: a configuration file with every setting in it, explained by the platforms themselves."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Literal, cast, get_args, get_origin

import attrs
import typer

from .. import Match, Money, PackingRule, Policy, Secret, ShippingRule
from .._plugins import platform_names, platform_of
from ..errors import ConfigurationError
from .init_asks import Wanted, ask, is_nobodys, kept_at
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
#
# Any other rule says what a line must show, all of it.
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


def _platforms_like(kind: str) -> Callable[[str], list[str]]:
    """For the shell, while somebody types."""
    return lambda incomplete: [name for name in platform_names(kind) if name.startswith(incomplete)]


def init(
    store: Annotated[
        list[str] | None,
        typer.Option(help="Shop systems to be connected.", autocompletion=_platforms_like("store")),
    ] = None,
    supplier: Annotated[
        list[str] | None,
        typer.Option(help="Suppliers' systems to be connected.", autocompletion=_platforms_like("supplier")),
    ] = None,
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
    blank = _blank(text)
    needs = sorted(set(re.findall(r'^\w+ = "env:(\w+)"', text, re.MULTILINE)))
    if as_json:
        print_json(
            {
                "file": None if dry_run else str(config),
                "text": text if dry_run else None,
                "environment": needs,
                "fill_in": blank,
            }
        )
        return
    if dry_run:
        typer.echo(text, nl=False)
        return
    if needs:
        console().print(f"It reads these from the environment: {', '.join(needs)}", soft_wrap=True)
    if blank:
        console().print(f"Fill these in: {', '.join(blank)}", soft_wrap=True)
    console().print(f"{config} is written. Then try it: orderbridge probe", soft_wrap=True)


def _blank(text: str) -> list[str]:
    """What only the merchant can know: the settings that are empty, or an address that is nobody's."""
    table = cast("Mapping[str, Mapping[str, Mapping[str, str]]]", tomllib.loads(text))
    return [
        f"{name}.{field}"
        for kind in ("stores", "suppliers")
        for name, settings in table.get(kind, {}).items()
        for field, value in settings.items()
        if not value or (field == "base_url" and is_nobodys(value))
    ]


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
    """One account for each, under names that say what they are."""
    found: dict[str, Wanted] = {}
    for kind, platforms in (("store", stores), ("supplier", suppliers)):
        for platform in platforms:
            first = "shop" if kind == "store" and len(stores) == 1 else platform
            names = (first, *(f"{first}-{n}" for n in range(2, len(found) + 2)))
            name = next(each for each in names if each not in found)
            found[name] = Wanted(kind=kind, platform=platform, name=name)
    return list(found.values())


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
    rules = RULES.format(supplier=supplier) + _listed("rules", Match, {"supplier": supplier})
    parts += [
        rules,
        "# Rules for how orders are sent, the first that fits and finds a way:\n"
        + _listed("policy.shipping", ShippingRule, {}),
        "# What goes into some orders beside the goods; all that fit add up:\n"
        + _listed("packing", PackingRule, {"packing": "red gift box"}),
        COURIERS,
        BUYER,
    ]
    return "\n".join(parts)


def _listed(key: str, cls: type, known: Mapping[str, str]) -> str:
    """One of several tables under a key, with all that it may say, as a comment."""
    lines = [f"[[{key}]]", *_fields(cls, known=known).rstrip("\n").split("\n")]
    return "".join(f"# {line}\n" for line in lines if line)


def _account(wanted: Wanted) -> str:
    found = platform_of(wanted.kind, wanted.platform)
    table = f"{wanted.kind}s.{wanted.name}"
    head = f'# {found.title}\n[{table}]\nplatform = "{wanted.platform}"\n'
    head += '\n# Whose it is, where several merchants share this bridge.\n# owner = ""\n'
    if wanted.kind == "supplier":
        head += "\n# Other systems or people reserve on the same account.\n# shared = false\n"
    own = (
        f"# What of [policy] is otherwise for this account stands in a table of its own, [{table}.policy].\n"
    )
    return head + "\n" + _fields(found.settings, name=wanted.name, known=wanted.settings) + own


def _fields(cls: type, *, name: str = "", known: Mapping[str, str] | None = None) -> str:
    """Each field with its explanation; those with a default as a comment."""
    resolved = cast("type[attrs.AttrsInstance]", attrs.resolve_types(cls))
    explained = _explanations(cls)
    lines: list[str] = []
    for field in attrs.fields(resolved):
        words = " ".join(filter(None, (explained.get(field.name, ""), _choice(field.type))))
        lines += [f"# {line}" for line in wrap(words, 98)]
        if known and field.name in known:
            lines.append(f"{field.name} = {_toml(known[field.name])}")
        elif field.default is attrs.NOTHING:
            lines.append(f"{field.name} = {_example(field, name)}")
        elif field.type is Secret:
            # One of several ways to sign in: its default is none.
            lines.append(f"# {field.name} = {_example(field, name)}")
        elif field.default is None:
            lines.append(f"# {field.name} is not set; to set it: {field.name} = {_if_set(field.type)}")
        else:
            lines.append(f"# {field.name} = {_toml(_default(field))}")
        lines.append("")
    return "\n".join(lines)


def _if_set(kind: object) -> str:
    """An example of a setting that may be none."""
    examples = {Decimal: '"0.1"', Money: '"50.00 EUR"', int: "1"}
    return next((examples[each] for each in get_args(kind) if each in examples), '"..."')


def _choice(kind: object) -> str:
    """The values of a setting that takes only some."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"One of {', '.join(_toml(each) for each in kind)}."
    if get_origin(kind) is Literal:
        return f"One of {', '.join(map(_toml, get_args(kind)))}."
    return ""


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
