"""Pages of the docs that are made from the code are what the code says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"
MAKERS = sorted(path.name for path in DOCS.glob("make_*.py"))


def maker(name: str) -> ModuleType:
    """The program that makes a page."""
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py"), DOCS / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow  # signatures are printed a little otherwise by each Python
@pytest.mark.parametrize("name", MAKERS)
def test_a_page_is_what_its_program_makes_of_the_code(name: str) -> None:
    """Run ``python docs/make_*.py`` after a change."""
    made = maker(name)
    assert made.PAGE.read_text(encoding="utf-8") == made.page()


def test_every_module_says_in_one_line_what_it_is_for() -> None:
    said = dict(maker("make_code.py").modules())
    assert {name for name, line in said.items() if not line.endswith((".", ":", "?"))} == set()
