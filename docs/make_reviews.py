"""Writes reviews.md from the tables in ``orderbridge._reviews``; run it after changing a table."""

from __future__ import annotations

from pathlib import Path

from orderbridge import ReviewCode
from orderbridge._reviews import DECISIONS, REVIEWS

PAGE = Path(__file__).with_name("reviews.md")

INTRO = """\
<!-- Made by docs/make_reviews.py from src/orderbridge/_reviews.py: change the tables there, then run it. -->

# Reviews

A review is a question that only a person may answer. Nothing else waits for it: the other orders, and the
other lines of the same order, go on. `orderbridge reviews` lists them, `orderbridge resolve ID DECISION`
answers one. Answering is written down in one piece, and safe to repeat: the first answer stays. Many close by
themselves when the cause goes away.

Codes are never renamed or removed. What a review's evidence says never holds an address or a name.
"""
DECISIONS_TEXT = """\
## Decisions

A review says itself which of them it takes; which those are depends on what it is about.
"""
CODES_TEXT = """\
## Codes
"""


def section(code: ReviewCode) -> str:
    """One code, for whoever looks it up."""
    text = REVIEWS[code]
    decisions = ", ".join(f"`{word}`" for word in text.decisions)
    return "\n".join(
        (
            f"### {text.title} {{ #{code.value.lower()} }}",
            "",
            f"`{code.value}`. {text.means}",
            "",
            f"- **Evidence:** {text.evidence}",
            f"- **What to do:** {text.hint}",
            f"- **Decisions:** {decisions}",
            "",
        )
    )


def page() -> str:
    """The whole page."""
    rows = ["| decision | what it does |", "| --- | --- |"]
    rows += [f"| `{word}` | {what} |" for word, what in DECISIONS.items()]
    table = "\n".join(rows) + "\n"
    return "\n".join([INTRO, DECISIONS_TEXT, table, CODES_TEXT, *(section(code) for code in ReviewCode)])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
