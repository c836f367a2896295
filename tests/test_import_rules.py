"""Who may import whom. The tables below are the rules; everything else reads the sources against them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import attrs
import pytest

SOURCES = Path(__file__).parents[1] / "src/orderbridge"

# The modules of the core, from the ground up. A module may import what stands below it, and what
# stands beside it on the same rung as long as no circle comes of it. A new module goes on the lowest
# rung that has all it needs below.
LADDER = (
    ("errors", "_money"),
    ("_model",),
    ("_states", "_events", "_reviews", "_standing"),
    (
        "_http",
        "_raised",
        "_wire",
        "auth",
        "_weight",
        "_wording",
        "_couriers",
        "_writes",
        "_store_adapter",
        "_supplier_adapter",
        "adapters",
        "_canonical",
    ),
    ("_records", "_intents", "_wishes", "_journal", "_journal_*"),
    ("_sourcing", "_policy", "_shipping_rules", "_fits"),
    ("_saga", "_world"),
    ("_engine", "_engine_*"),
    # the use cases, one saga or a few in each
    (
        "_address",
        "_announce",
        "_by_people",
        "_cart",
        "_cases",
        "_changes",
        "_checkout",
        "_checkout_*",
        "_commands",
        "_commands_*",
        "_daily_look",
        "_departures",
        "_far_ahead",
        "_follow",
        "_forget",
        "_guards",
        "_health",
        "_intake",
        "_intake_*",
        "_links",
        "_links_table",
        "_manifest_paper",
        "_manifest_report",
        "_manifests",
        "_orders",
        "_orders_*",
        "_owners",
        "_pay",
        "_place",
        "_plan",
        "_progress",
        "_pull",
        "_purchase_operation",
        "_put_right",
        "_quote",
        "_resend",
        "_revoke",
        "_run",
        "_shipments_table",
        "_source_anew",
        "_tasks",
        "_timeline",
        "_twins",
        "_views",
    ),
    ("_clockwork", "_pace", "_buckets", "_token_store", "_calls", "_drivers", "_drivers_*"),
    ("_bridge", "_bridge_*", "_config", "_plugins", "_settings", "_setup"),
    ("__init__",),
)

# The packages beside the core: what each may import of ours, itself always included.
PUBLIC = ("__init__", "adapters", "auth", "errors", "journals", "journals.*", "sandbox", "sandbox.*")
JOURNAL = ("_money", "_model", "_states", "_records", "_canonical", "_journal")
PACKAGES = {
    # Our own adapters use only what a stranger's plug-in could use.
    "stores": ("_model", "adapters", "auth", "errors"),
    "suppliers": ("_model", "adapters", "auth", "errors"),
    "journals": ("auth", "errors", "_clockwork", *JOURNAL),
    # A sandbox that imported its adapter would share the adapter's mistakes.
    "sandbox": ("_http",),
    # The suites for adapters and journals, and the simulator, which runs the engine.
    "testing": (*PUBLIC, "stores.*", "suppliers.*", "_*"),
    # What fits a bridge into others' frameworks uses what any application could.
    "ext": PUBLIC,
    "cli": (
        *PUBLIC,
        "ext.*",
        "_bridge",
        "_canonical",
        "_clockwork",
        "_config",
        "_drivers",
        "_http",
        "_journal",
        "_plugins",
        "_reviews",
        "_saga",
        "_settings",
        "_states",
        "_timeline",
        "_wording",
    ),
}

# What of our packages the core may open, and where.
OPENS = {
    "_bridge": ("journals", "journals.*"),
    "_config": ("journals", "journals.*"),
    "_plugins": ("journals", "journals.tokens"),
}

# Clocks and chance: where nothing else reads them, the simulator decides both.
CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "os.urandom")
CLOCKS_READ_IN = ("_clockwork", "_drivers", "cli", "cli.*", "sandbox.server")

# Modules of others that only some places may touch.
ONLY_IN = {
    "httpx": ("_calls", "_drivers", "_drivers_*"),
    "msgspec": ("_wire",),
    "cattrs": ("_canonical", "_settings"),
    "cryptography": ("stores.magento._hooks",),
    "graphql": ("sandbox.shopify.*",),
    "keyring": ("_settings",),
    "sqlite3": ("journals.*",),
    "procrastinate": ("ext.procrastinate",),
    "psycopg": ("journals.*",),
    "typer": ("cli", "cli.*"),
    "rich": ("cli", "cli.*"),
    "pytest": ("testing", "testing.*"),
    "hypothesis": ("testing", "testing.*"),
    "time": CLOCKS_READ_IN,
    "random": (*CLOCKS_READ_IN, "testing", "testing.*"),
    "secrets": CLOCKS_READ_IN,
    "uuid": CLOCKS_READ_IN,
    # Sockets.
    "socket": ("_drivers", "sandbox.server"),
    "ssl": ("_drivers_*",),
    "http.client": ("_drivers",),
    "http.server": ("cli.console", "sandbox.server"),
    "urllib.request": (),
    "subprocess": (),
    "pickle": (),
}


@attrs.frozen
class Module:
    """One source file: ``name`` is ``_engine`` or ``stores.woocommerce``; a package is its ``__init__``."""

    name: str
    tree: ast.Module
    is_package: bool

    @property
    def home(self) -> str:
        """The package of ours it lies in, or empty for the core."""
        return self.name.partition(".")[0] if "." in self.name or self.is_package else ""


def read(file: Path) -> Module:
    parts = file.relative_to(SOURCES).with_suffix("").parts
    is_package = parts[-1] == "__init__" and len(parts) > 1
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, ast.parse(file.read_text(encoding="utf-8")), is_package)


MODULES = {module.name: module for module in map(read, sorted(SOURCES.rglob("*.py")))}


def for_types_only(tree: ast.Module) -> set[ast.AST]:
    """All that stands below an ``if TYPE_CHECKING``."""
    guards = (node for node in ast.walk(tree) if isinstance(node, ast.If))
    return {
        inner
        for guard in guards
        if ast.unparse(guard.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(guard)
    }


def imports(module: Module, *, at_run_time: bool = False) -> Iterator[str]:
    """Absolute dotted names of what a file imports, also inside functions, and for type checkers only."""
    skip = for_types_only(module.tree) if at_run_time else set[ast.AST]()
    package = ["orderbridge", *module.name.split(".")]
    if not module.is_package:
        package.pop()
    for node in ast.walk(module.tree):
        if node in skip:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from . import x` may mean a module x or a name x of the package.
            yield from (
                f"{origin}.{alias.name}" if module_of(f"{origin}.{alias.name}") in MODULES else origin
                for alias in node.names
            )


def module_of(dotted: str) -> str:
    """``orderbridge.stores.x`` as ``stores.x``; ours alone as ``__init__``; of others, as it is."""
    top, _, rest = dotted.partition(".")
    return (rest or "__init__") if top == "orderbridge" else dotted


def ours(module: Module, *, at_run_time: bool = False) -> set[str]:
    names = imports(module, at_run_time=at_run_time)
    return {module_of(name) for name in names if name.partition(".")[0] == "orderbridge"} - {module.name}


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def rung(name: str) -> int | None:
    return next((i for i, names in enumerate(LADDER) if matches(name, names)), None)


def allowed(module: Module) -> tuple[str, ...]:
    """Patterns of what a module may import of ours."""
    height = rung(module.name)
    if height is not None:
        return (*(name for names in LADDER[: height + 1] for name in names), *OPENS.get(module.name, ()))
    return (*PACKAGES[module.home], module.home, f"{module.home}.*")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_place(name: str) -> None:
    assert rung(name) is not None or MODULES[name].home in PACKAGES, (
        f"{name}: new here? Put it on a rung of LADDER, or its package in PACKAGES, in {Path(__file__).name}"
    )


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_it_may(name: str) -> None:
    module = MODULES[name]
    if rung(name) is None and module.home not in PACKAGES:
        pytest.fail(f"{name} has no place yet")
    wrong = sorted(other for other in ours(module) if not matches(other, allowed(module)))
    assert not wrong, f"{name} imports {', '.join(wrong)}; see the tables in {Path(__file__).name}"


def test_imports_never_go_in_a_circle() -> None:
    """Where the program runs; a type may look back at what uses it."""
    graph = {name: ours(module, at_run_time=True) & MODULES.keys() for name, module in MODULES.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(
    "name", [name for name, module in MODULES.items() if module.home in ("stores", "suppliers")]
)
def test_an_adapter_uses_no_private_file_of_another_adapter(name: str) -> None:
    """``stores.woocommerce`` may have ``stores.woocommerce._wire``, which is nobody else's."""
    module = MODULES[name]
    for other in ours(module):
        file = other.removeprefix(f"{module.home}.")
        if file != other:
            own = name.removeprefix(f"{module.home}.").lstrip("_").partition(".")[0].partition("_")[0]
            assert file.lstrip("_").startswith(own), f"{name} imports {other}"


@cache
def imported_by_all() -> dict[str, frozenset[str]]:
    return {name: frozenset(imports(module)) for name, module in MODULES.items()}


@pytest.mark.parametrize("thing", ONLY_IN)
def test_some_things_are_touched_in_few_places_only(thing: str) -> None:
    users = {
        name
        for name, names in imported_by_all().items()
        for imported in names
        if imported == thing or imported.startswith(f"{thing}.")
    }
    wrong = sorted(name for name in users if not matches(name, ONLY_IN[thing]))
    assert not wrong, f"{thing} is for {', '.join(ONLY_IN[thing]) or 'nobody'}, not for {', '.join(wrong)}"


def calls(tree: ast.AST) -> Iterator[str]:
    """``a.b`` of each call ``….a.b(…)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            yield f"{last}.{node.func.attr}"


@cache
def called_by_all() -> dict[str, frozenset[str]]:
    return {name: frozenset(calls(module.tree)) for name, module in MODULES.items()}


@pytest.mark.parametrize("call", CLOCKS)
def test_clocks_and_chance_are_read_in_few_places_only(call: str) -> None:
    wrong = sorted(
        name for name, names in called_by_all().items() if call in names and not matches(name, CLOCKS_READ_IN)
    )
    assert not wrong, f"{call}() is for {', '.join(CLOCKS_READ_IN)}, not for {', '.join(wrong)}"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_turns_off_the_checks_of_tls(name: str) -> None:
    for node in ast.walk(MODULES[name].tree):
        if isinstance(node, ast.keyword) and node.arg in {"verify", "check_hostname", "verify_mode"}:
            assert not (isinstance(node.value, ast.Constant) and not node.value.value), (
                f"{name}:{node.value.lineno}"
            )
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"CERT_NONE", "_create_unverified_context"}, f"{name}:{node.lineno}"


# --- the rules really catch something ---------------------------------------------------------


def sample(name: str, source: str, *, is_package: bool = False) -> Module:
    return Module(name, ast.parse(source), is_package)


@pytest.mark.parametrize(
    ("name", "source", "imported"),
    [
        ("_engine", "from ._drivers import x", "_drivers"),
        ("stores.x", "from .._engine import x", "_engine"),
        ("stores.x", "from .. import Bridge", "__init__"),
        ("stores.x", "def f():\n    import orderbridge._engine", "_engine"),
        ("sandbox.x.front", "from ...adapters import Order", "adapters"),
        ("_model", "from . import _states", "_states"),
        ("journals.x", "if TYPE_CHECKING:\n    from .._engine import x", "_engine"),
    ],
)
def test_a_breach_is_seen_wherever_it_stands(name: str, source: str, imported: str) -> None:
    module = sample(name, source)
    assert imported in ours(module)
    assert not matches(imported, allowed(module))


def test_a_package_imports_from_itself() -> None:
    module = sample("sandbox.woocommerce", "from .front import x\nfrom ..._http import Call", is_package=True)
    assert ours(sample("sandbox.woocommerce", "from .front import x", is_package=True)) == {
        "sandbox.woocommerce.front"
    }
    assert matches("sandbox.woocommerce.front", allowed(module))


def test_a_clock_is_seen_under_any_of_its_names() -> None:
    tree = ast.parse("import datetime\ndatetime.datetime.now()\ndatetime.now(UTC)\nos.urandom(3)")
    assert list(calls(tree)).count("datetime.now") == 2
    assert "os.urandom" in calls(tree)
