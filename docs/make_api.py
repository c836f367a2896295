"""Writes api.md from the public names and their docstrings; run it after changing either."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import cast

import attrs

import orderbridge
from orderbridge import AsyncBridge, adapters, auth, errors, testing
from orderbridge.testing import simulator

PAGE = Path(__file__).with_name("api.md")

INTRO = """\
<!-- Made by docs/make_api.py from the docstrings: change those, then run it. -->

# All names

What has no underscore is a promise; this is all of it. [Embedding](guide/embedding.md) and
[plug-ins](guide/plugins.md) say how it fits together.

`AsyncBridge` has the same methods as `Bridge`, to be awaited. A field without `=` must be given.
"""

MODULES = (
    ("For your application", orderbridge, "`import orderbridge as ob`"),
    ("For plug-ins", adapters, "`from orderbridge.adapters import ...`"),
    ("For plug-ins: proving who we are", auth, "`from orderbridge.auth import ...`"),
    (
        "For plug-ins: suites, and what they ask of a backend",
        testing,
        "`from orderbridge.testing import ...`",
    ),
    ("For plug-ins: a simulated world", simulator, "`from orderbridge.testing.simulator import ...`"),
    ("Errors", errors, "`from orderbridge.errors import ...`"),
)


def said(thing: object, types: Mapping[str, str] | None = None) -> list[str]:
    """A docstring as Markdown; what stands below ``Args:`` and the like becomes a list.

    Args:
        types: Of the fields; those that the docstring does not speak of are listed below it.
    """
    lines: list[str] = []
    left = dict(types or {})
    below = False
    for line in (inspect.getdoc(thing) or "").splitlines():
        if re.fullmatch(r"(Args|Raises|Returns):", line):
            below = True
            lines += ["" if line == "Args:" else f"*{line.rstrip(':')}*", ""]
        elif below and re.match(r" {4}\S", line):
            name, _, text = line.strip().partition(": ")
            kind = left.pop(name, "")
            lines.append(
                f"- `{f'{name}: {kind}' if kind else name}`: {text}" if text else f"- {line.strip()}"
            )
        elif below and line.strip():
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line)
    lines += ["", *(f"- `{name}: {kind}`" for name, kind in left.items())]
    return "\n".join(lines).replace("``", "`").splitlines()


def signature(name: str, function: object) -> str:
    """As one would write it; annotations as they stand in the source."""
    found = inspect.signature(cast("type", function))
    parts = [each for each in found.parameters.values() if each.name not in ("self", "cls")]
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(found.replace(parameters=parts)))
    return name + re.sub(r"<(\w+)\.(\w+): [^>]*>", r"\1.\2", text)


def default(field: attrs.Attribute[object]) -> str:
    """What a field is that is not given, as one would write it; nothing where it must be given."""
    value = field.default
    if value is attrs.NOTHING:
        return ""
    if isinstance(value, Enum):
        return f" = {type(value).__name__}.{value.name}"
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else f"{value}"
        if isinstance(value, timedelta)
        else repr(value)
    )
    return f" = {text}" if len(text) <= 30 and "<" not in text else " = ..."


def asked(suite: type, name: str) -> bool:
    """Does a suite leave this to who subclasses it? All else in it is tests."""
    abstract = cast("frozenset[str]", getattr(suite, "__abstractmethods__", frozenset()))
    return name in abstract or "override" in (inspect.getdoc(getattr(suite, name)) or "")


def methods(cls: type) -> Iterator[tuple[str, object]]:
    """What a class can be asked, its bases' included, without what everything has."""
    for name, value in sorted(inspect.getmembers_static(cls)):
        if cls.__name__.endswith("Suite") and not asked(cls, name):
            continue
        function = value.__func__ if isinstance(value, classmethod) else value
        mine = str(getattr(function, "__module__", "")).startswith("orderbridge")
        if not name.startswith("_") and (
            isinstance(value, property) or (inspect.isfunction(function) and mine)
        ):
            yield name, value


def of_class(name: str, cls: type) -> list[str]:
    if issubclass(cls, Enum):
        return [f"### {name}", "", *said(cls), "", ", ".join(f"`{each.name}`" for each in cls), ""]
    types: dict[str, str] = {}
    if attrs.has(cls):
        # As they stand in the source; ``each.type`` is another thing once somebody has had them resolved.
        written = {
            name: kind
            for base in reversed(cls.__mro__)
            for name, kind in vars(base).get("__annotations__", {}).items()
        }
        types = {
            each.name: f"{written[each.name]}{default(each)}"
            for each in attrs.fields(cls)
            if not each.name.startswith("_")
        }
    lines = [f"### {name}", "", *said(cls, types), ""]
    for called, value in methods(cls):
        if isinstance(value, property):
            lines += [f"**`.{called}`**", "", *said(value), ""] if value.__doc__ else []
        else:
            function = value.__func__ if isinstance(value, classmethod) else value
            lines += [f"**`.{signature(called, function)}`**", "", *said(function), ""]
    return lines


def of_value(value: object) -> list[str]:
    if isinstance(value, dict):
        return [f"- `{key}`: {text}" for key, text in cast("dict[str, str]", value).items()]
    plain = re.sub(r"(orderbridge|typing|collections)(\.\w+)*\.", "", str(value))
    return [f"`{plain}`"]


def of_module(title: str, module: ModuleType, how: str) -> list[str]:
    lines = [f"## {title}", "", how, ""]
    for name in cast("list[str]", module.__all__):
        thing = getattr(module, name)
        if thing is AsyncBridge or (
            module is not errors and getattr(thing, "__module__", "") == errors.__name__
        ):
            continue
        if module is not orderbridge and getattr(orderbridge, name, None) is thing:
            continue
        if inspect.isclass(thing):
            lines += of_class(name, thing)
        elif inspect.isfunction(thing):
            lines += [f"### {name}", "", f"**`{signature(name, thing)}`**", "", *said(thing), ""]
        else:
            lines += [f"### {name}", "", *of_value(thing), ""]
    return lines


def page() -> str:
    """The whole page."""
    lines = [INTRO, *(line for each in MODULES for line in of_module(*each))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
