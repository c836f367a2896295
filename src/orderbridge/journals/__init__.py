"""Journals: where safety lives. ``sqlite`` and ``postgres`` are ours.

A plug-in brings another through the entry point group ``orderbridge.journals``, by giving ``Tx`` its
``Rows`` and passing ``orderbridge.testing.JournalSuite``.
"""

from .._journal import Journal, Rows, Tx

__all__ = ["Journal", "Rows", "Tx"]
