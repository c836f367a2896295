"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Time never decides a test, and a landed change cannot fail CI by the luck of a draw.
settings.register_profile(
    "orderbridge",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("orderbridge")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded payloads and contracts beside the project, where it exists."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no recorded payloads beside this checkout")
    return folder
