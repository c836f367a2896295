"""The accounts: who they are, how far their orders were read, and what they answered."""

from __future__ import annotations

from datetime import datetime

from ._canonical import stamp, unstamp
from ._journal_rows import Part, text_in, time_in, when

__all__ = ["Accounts"]


class Accounts(Part):
    """Stores and suppliers under the names that the application gave them."""

    def account_identity(self, name: str) -> str | None:
        """The identity an account had when it was first seen."""
        found = self._rows.run("get_account", name=name)
        return text_in(found[0], "identity") if found else None

    def account_owner(self, name: str) -> str:
        """Whose an account was when it was last asked who it is."""
        found = self._rows.run("get_account", name=name)
        return text_in(found[0], "owner") if found else ""

    def account_with(self, *, kind: str, identity: str) -> str | None:
        """The name under which this journal knows a shop or a supplier account, whole or a part of it."""
        whole, _, wanted = identity.partition("#")
        for row in self._rows.run("accounts_with", kind=kind, whole=whole):
            parts = text_in(row, "identity").partition("#")[2]
            # Nothing after the mark is all of it; several parts stand with commas between them.
            if not wanted or not parts or not {*wanted.split(",")}.isdisjoint(parts.split(",")):
                return text_in(row, "name")
        return None

    def accounts(self, kind: str) -> tuple[str, ...]:
        """The names of the stores (``"store"``) or suppliers that were ever used."""
        return tuple(text_in(row, "name") for row in self._rows.run("list_accounts", kind=kind))

    def put_account(
        self,
        name: str,
        *,
        kind: str,
        platform: str,
        owner: str,
        identity: str,
        take_from: datetime | None,
        at: datetime,
    ) -> None:
        self._rows.run(
            "put_account",
            name=name,
            kind=kind,
            platform=platform,
            owner=owner,
            identity=identity,
            take_from=when(take_from),
            first_seen=stamp(at),
        )

    def take_from(self, name: str) -> datetime | None:
        found = self._rows.run("get_account", name=name)
        return time_in(found[0], "take_from") if found else None

    def begun_ahead(self, now: datetime) -> tuple[str, ...]:
        """Stores whose orders count from a time to come on: a clock that was ahead saw them first."""
        return tuple(text_in(row, "name") for row in self._rows.run("begun_ahead", now=stamp(now)))

    def begin_anew(self, store: str, *, take_from: datetime, at: datetime) -> None:
        """As if the store were seen for the first time."""
        self._rows.run("begin_anew", name=store, take_from=stamp(take_from), first_seen=stamp(at))
        self._rows.run("drop_cursor", store=store)

    def cursor(self, store: str) -> tuple[str, datetime] | None:
        found = self._rows.run("get_cursor", store=store)
        return (text_in(found[0], "cursor"), unstamp(text_in(found[0], "at"))) if found else None

    def put_cursor(self, store: str, cursor: str, at: datetime) -> None:
        self._rows.run("put_cursor", store=store, cursor=cursor, at=stamp(at))

    def put_refused_login(self, account: str, why: str, at: datetime) -> None:
        """The account refused to let us in."""
        self._rows.run("put_refused_login", account=account, at=stamp(at), why=why)

    def drop_refused_login(self, account: str) -> None:
        """It lets us in again."""
        self._rows.run("drop_refused_login", account=account)

    def refused_logins(self, *, since: datetime | None = None) -> dict[str, tuple[datetime, str]]:
        """The accounts that refused to let us in, since then: when last, and why."""
        return {
            text_in(row, "account"): (unstamp(text_in(row, "at")), text_in(row, "why"))
            for row in self._rows.run("refused_logins", since=when(since) or "")
        }

    def take_inbox(self, account: str, dedupe: str, at: datetime) -> bool:
        """True the first time, False for a message that was taken before."""
        return bool(self._rows.run("take_inbox", account=account, dedupe=dedupe, at=stamp(at)))

    def trim_inbox(self, before: datetime) -> None:
        self._rows.run("trim_inbox", before=stamp(before))

    def cached(self, account: str, sha256: str, now: datetime) -> str | None:
        found = self._rows.run("get_cache", account=account, sha256=sha256, now=stamp(now))
        return text_in(found[0], "answer") if found else None

    def put_cache(self, account: str, sha256: str, answer: str, expires_at: datetime) -> None:
        self._rows.run(
            "put_cache", account=account, sha256=sha256, answer=answer, expires_at=stamp(expires_at)
        )
