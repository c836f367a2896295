"""Which settings of an account are secrets, and which should be."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import cast
from urllib.parse import unquote_plus

import attrs

from .. import Secret
from .._http import Call
from ..adapters import AccountSettings
from ..auth import Auth, Token
from ._bench import START

__all__ = ["open_secrets", "secrets_in"]

# How the name ends of a setting that opens something.
_OPENS = re.compile(r"(^|_)(key|secret|token|password|passphrase)s?$")
_TOO_SHORT = 4  # to tell it from chance


def secrets_in(settings: AccountSettings) -> Iterator[str]:
    """All secrets of an account."""
    for name, each in _values(settings):
        if isinstance(each, Secret) and each:
            short = len(each.reveal()) < _TOO_SHORT
            assert not short, f"{name} could stand anywhere by chance: use a longer secret in settings()"
            yield each.reveal()


def open_secrets(settings: AccountSettings, auth: Auth) -> Iterator[tuple[str, str]]:
    """Settings of plain text that look like secrets, by name, and why they do."""
    token = Token(access=Secret("access-of-the-suite"), refresh=Secret("refresh-of-the-suite"))
    call = Call("POST", f"{settings.base_url}/any?thing=1", body=b"{}")
    signed = auth.sign(call, now=START, nonce="nonce", token=token if auth.needs_token else None)
    texts = (signed.url.removeprefix(settings.base_url), *signed.headers.values(), signed.body.decode())
    added = "\n".join(reading for text in texts for reading in _readings(text))
    for name, value in _values(settings):
        if not isinstance(value, str) or name == "base_url":
            continue
        if _OPENS.search(name):
            yield name, "its name is that of what opens an account"
        elif len(value) >= _TOO_SHORT and value in added:
            yield name, "calls are signed with it"


def _values(settings: AccountSettings) -> Iterator[tuple[str, object]]:
    """Each setting by name; a list gives each of its values."""
    for field in attrs.fields(type(settings)):
        value: object = getattr(settings, field.name)
        several = isinstance(value, (tuple, list))
        for each in cast("Sequence[object]", value) if several else (value,):
            yield field.name, each


def _readings(text: str) -> Iterator[str]:
    """What stands on a call, and what is only written in another way there."""
    yield text
    yield unquote_plus(text)
    for word in text.split():
        with suppress(ValueError):
            yield b64decode(word, validate=True).decode()
