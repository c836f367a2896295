"""The examples in the README and the docs work: Python blocks run, TOML and JSON blocks parse."""

from __future__ import annotations

import json
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from types import ModuleType

import attrs
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if page.is_file()]
FENCE = re.compile(
    r"(?:^ *<!-- not run:(?P<reason>[^\n]*?)-->\n+)?"
    r"^(?P<indent> *)(?P<ticks>```+) *(?P<language>[\w+-]*)[^\n]*\n"
    r"(?P<text>.*?)"
    r"^(?P=indent)(?P=ticks) *$",
    re.MULTILINE | re.DOTALL,
)


@attrs.frozen
class Block:
    """A fenced block of a page; ``reason`` says why it is only compiled."""

    language: str
    text: str
    line: int
    reason: str | None = None


def blocks(page: str, *languages: str) -> list[Block]:
    return [
        Block(
            language=found["language"],
            text=textwrap.dedent(found["text"]),
            line=page.count("\n", 0, found.start("text")) + 1,
            reason=None if found["reason"] is None else found["reason"].strip(),
        )
        for found in FENCE.finditer(page)
        if found["language"] in languages
    ]


def title(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of a page share one namespace, as in a reader's session, and an empty folder."""
    monkeypatch.chdir(tmp_path)
    # A real module, because attrs and msgspec look up the types of a class in the module it was made in.
    session = ModuleType("a_page_of_the_docs")
    monkeypatch.setitem(sys.modules, session.__name__, session)
    for block in blocks(page.read_text(encoding="utf-8"), "python", "py"):
        # Blank lines before it, so that an error names the line of the page.
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec", dont_inherit=True)
        if block.reason is None:
            exec(code, session.__dict__)
        else:
            assert block.reason, f"{title(page)}:{block.line}: say why it is not run"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_the_toml_and_json_of_a_page_can_be_read(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in blocks(text, "toml"):
        tomllib.loads(block.text)
    for block in blocks(text, "json"):
        json.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_mark_for_not_run_stands_right_before_the_python_it_is_about(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    marked = [block for block in blocks(text, "python", "py") if block.reason is not None]
    assert text.count("<!-- not run") == len(marked)


PAGE = '''\
# A page

```python title="a.py"
x = 1
```

Words, and `code`.

<!-- not run: needs a shop -->
```python
x = 2
```

=== "A tab"

    ```python
    assert x == 1
    if x:
        y = """
    ```
    """
    ```

````toml
a = "```"
````

```
no language
```
'''


def test_blocks_are_found_with_their_lines_marks_and_indents() -> None:
    first, marked, tab = blocks(PAGE, "python")
    assert (first.text, first.line, first.reason) == ("x = 1\n", 4, None)
    assert (marked.text, marked.line, marked.reason) == ("x = 2\n", 11, "needs a shop")
    assert tab.text.startswith("assert x == 1\nif x:\n    y")
    assert [block.text for block in blocks(PAGE, "toml")] == ['a = "```"\n']
    assert not blocks(PAGE, "json")
