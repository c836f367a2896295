"""What has no underscore is a promise: it is listed, sorted, there, and costs little to import."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from inspect import ismodule
from types import FunctionType

import pytest

PUBLIC = (
    "orderbridge",
    "orderbridge.adapters",
    "orderbridge.auth",
    "orderbridge.errors",
    "orderbridge.sandbox",
    "orderbridge.testing",
)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_names_are_listed_in_order_and_all_there(name: str) -> None:
    module = import_module(name)
    listed = list(module.__all__)
    # Constants first, as the linter sorts them.
    assert listed == sorted(listed, key=lambda name: (not name.isupper(), name))
    assert len(set(listed)) == len(listed)
    for public in listed:
        assert not public.startswith("_")
        assert getattr(module, public) is not None


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_public_module_defines_is_listed_or_private(name: str) -> None:
    module = import_module(name)
    defined = {
        public
        for public, value in vars(module).items()
        if isinstance(value, (type, FunctionType)) and value.__module__ == name and not public.startswith("_")
    }
    assert defined <= set(module.__all__)


def test_the_package_itself_shows_nothing_but_what_it_lists() -> None:
    """``dir(orderbridge)`` is what an embedder sees first."""
    module = import_module("orderbridge")
    shown = {name for name, value in vars(module).items() if not name.startswith("_") and not ismodule(value)}
    assert shown == set(module.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_says_what_it_is(name: str) -> None:
    module = import_module(name)
    assert module.__doc__
    for public in module.__all__:
        value = getattr(module, public)
        # Aliases such as Verdict have nowhere to keep a docstring.
        if isinstance(value, (type, FunctionType)):
            assert value.__doc__, f"{name}.{public}"


def test_each_error_is_in_the_tree_that_stands_above_them() -> None:
    errors = import_module("orderbridge.errors")
    drawn = errors.__doc__ or ""
    for name in set(errors.__all__) - {"Repeat"}:
        assert name in drawn


# Neither the command line, nor consoles, databases or event loops, nor any platform, until it is used.
# Not in the list is what httpx itself loads.
NOT_LOADED = (
    "_sqlite3",
    "anyio",
    "asyncio",
    "cattrs",
    "hypothesis",
    "keyring",
    "orderbridge._config",
    "orderbridge._drivers_async",
    "orderbridge.cli",
    "orderbridge.journals",
    "orderbridge.sandbox",
    "orderbridge.stores",
    "orderbridge.suppliers",
    "orderbridge.testing",
    "psycopg",
    "pytest",
    "sqlite3",
    "tomllib",
    "typer",
    "zoneinfo",
)


def loaded(statement: str) -> set[str]:
    """Modules of a fresh interpreter after a statement."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{statement}; import sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return set(ran.stdout.split())


def test_importing_loads_nothing_that_is_not_used_yet() -> None:
    ours = loaded("import orderbridge") - loaded("import httpx")
    assert "orderbridge._bridge" in ours
    unwanted = {
        module for module in ours for name in NOT_LOADED if module == name or module.startswith(f"{name}.")
    }
    assert unwanted == set()


def test_a_bridge_loads_only_the_platforms_it_names() -> None:
    settings = '{"base_url": "https://x.example", "consumer_key": "k", "consumer_secret": "s"}'
    modules = loaded(
        "import orderbridge as ob; "
        f"ob.Bridge(stores=[ob.store('s', platform='woocommerce', settings={settings})], journal='x.db')"
    )
    assert "orderbridge.stores.woocommerce" in modules
    assert not [
        name for name in modules if name.startswith(("orderbridge.suppliers.", "orderbridge.sandbox"))
    ]
    assert not [name for name in modules if name.partition(".")[0] in ("typer", "keyring", "psycopg")]


def test_the_version_is_that_of_the_package() -> None:
    metadata = import_module("importlib.metadata")
    assert import_module("orderbridge").__version__ == metadata.version("orderbridge")
