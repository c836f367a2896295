"""The command line, behind the extra ``cli``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``orderbridge`` with the words of the command line."""
    try:
        from .app import app
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        sys.exit(f"orderbridge: the command line needs {missing.name}: pip install 'orderbridge[cli]'")
    app()
