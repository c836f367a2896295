"""The little HTML that the console is made of; what is not markup is escaped where it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

__all__ = ["Html", "document", "lines", "link", "outside", "shown", "table", "wrong"]

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 72em; padding: 1em; }
nav a { margin-right: 1.2em; } h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 1.6em; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top; }
.wrong { color: #a00; } button { margin: 0 .4em .4em 0; }
""".strip()


class Html(str):
    """Text that is markup already; all other text is escaped where it is shown."""

    __slots__ = ()


def document(title: str, ways: Iterable[Html], parts: Iterable[Html]) -> bytes:
    """A whole page."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style><nav>{''.join(ways)}</nav><h1>{escape(title)}</h1>{''.join(parts)}</html>"
    ).encode()


def link(words: object, where: str) -> Html:
    """To a page of ours."""
    return Html(f'<a href="{escape(where)}">{shown(words)}</a>')


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """Nothing at all if there are no rows."""
    body = "".join(f"<tr>{''.join(f'<td>{shown(cell)}' for cell in row)}" for row in rows)
    if not body:
        return Html()
    top = f"<h2>{escape(title)}</h2>" if title else ""
    return Html(f"{top}<table><tr>{''.join(f'<th>{escape(head)}' for head in heads)}{body}</table>")


def shown(value: object) -> str:
    if isinstance(value, Html):
        return value
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "" if value is None else escape(str(value))


def lines(values: Iterable[object]) -> Html:
    return Html("<br>".join(shown(value) for value in values))


def outside(url: str, words: str) -> Html:
    """A supplier's page, if it has one and that is a web address."""
    if not url.startswith(("https://", "http://")):
        return Html(escape(words))
    return Html(f'<a href="{escape(url)}" rel="noreferrer noopener">{escape(words or "its page")}</a>')


def wrong(words: str) -> Html:
    return Html(f"<p class=wrong>{escape(words)}</p>")
