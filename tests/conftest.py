"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from brief import any_shop, bridged

__all__ = ["any_shop", "bridged", "shared"]

ROOT = Path(__file__).parents[1]

# Time never decides a test, and a landed change cannot fail CI by the luck of a draw.
settings.register_profile(
    "orderbridge",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("orderbridge")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each test with both faces has all its cases with one of them, and one case with the other: beyond the
    face there is no difference."""
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    seen: set[str] = set()
    for item in items:
        if getattr(getattr(item, "callspec", None), "params", {}).get("bridged") == "async":
            test = item.nodeid.partition("[")[0]
            (dropped if test in seen else kept).append(item)
            seen.add(test)
        else:
            kept.append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded payloads and contracts beside the project, where it exists."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no recorded payloads beside this checkout")
    return folder
