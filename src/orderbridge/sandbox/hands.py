"""Hands for a simulated platform that is served: what its people do, over HTTP."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import unquote, urlsplit

import attrs

from .._http import Call, Headers, Response
from .faults import Backend

__all__ = ["Hands"]

Json: TypeAlias = "str | int | Decimal | bool | list[Json] | dict[str, Json] | None"

# What the platforms' own parts ask of each other, though anybody could.
_OWN = frozenset(
    (
        "changed",
        "did",
        "find",
        "keep_key",
        "local",
        "money_text",
        "new_line",
        "next_id",
        "next_trade_id",
        "rows_of",
    )
)
_DEEP = 8  # levels of an answer; what lies deeper is only named
_Verb: TypeAlias = Callable[..., object]


class Hands:
    """A backend with its desk's public methods at ``POST /_desk/<method>``, arguments as a JSON object.

    ``GET /_desk`` lists those that a person can ask for, one a line with what it takes, and leaves out what
    the platform's own parts ask of each other. ``GET /_desk/<name>`` reads a public attribute such as
    ``orders``. Where a method takes ``now``, it is the server's time unless it is sent. Arguments are checked
    against the method's annotations: amounts may be strings, times are ISO 8601, durations are seconds, enums
    go by name or value, attrs classes are objects. Nobody has to sign in, so serve it on loopback only.

    Args:
        backend: Takes all other calls.

        desk: Whose methods; the backend's own by default.
    """

    def __init__(self, backend: Backend, desk: object | None = None) -> None:
        self._backend = backend
        self._desk = backend if desk is None else desk

    def handle(self, call: Call, now: datetime) -> Response:
        """Do what the desk is asked, or let the backend answer."""
        name = self._asked(call)
        if name is None:
            return self._backend.handle(call, now)
        if call.method == "GET":
            return self._read(name) if name else _answer(self._listed())
        if call.method != "POST":
            return _wrong(405, "POST a verb, or GET what there is")
        verb = self._verbs().get(name)
        if verb is None:
            return _wrong(404, f"the desk has no verb {name!r}; GET /_desk lists them")
        try:
            arguments = _arguments(verb, call.body, now)
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            return _wrong(400, str(error))
        try:
            result = verb(**arguments)
        except Exception as error:  # whatever the desk objects to is the answer, not a dead connection
            return _wrong(409, f"{type(error).__name__}: {error}")
        return _answer(_shown(result))

    @staticmethod
    def _asked(call: Call) -> str | None:
        """The name behind ``/_desk``, empty for the desk itself; None if it is not the desk's."""
        first, _, rest = urlsplit(call.url).path.removeprefix("/").partition("/")
        return unquote(rest).removesuffix("/") if first == "_desk" else None

    def _verbs(self) -> dict[str, _Verb]:
        return {name: getattr(self._desk, name) for name, verb in self._public() if verb}

    def _public(self) -> list[tuple[str, bool]]:
        """What is open to everybody: each name, and whether it is a verb. Slots have no ``vars``."""
        names = [name for name in dir(self._desk) if not name.startswith("_") and name != "handle"]
        return [(name, inspect.isroutine(inspect.getattr_static(self._desk, name))) for name in names]

    def _listed(self) -> Json:
        verbs: dict[str, Json] = {
            name: f"({', '.join(_takes(verb))}) {_does(verb)}"
            for name, verb in self._verbs().items()
            if name not in _OWN and _is_for_people(verb)
        }
        return {"verbs": verbs, "reads": ", ".join(self._readable())}

    def _readable(self) -> list[str]:
        return [name for name, verb in self._public() if not verb]

    def _read(self, name: str) -> Response:
        if name not in self._readable():
            return _wrong(404, f"the desk has no {name!r} to read; GET /_desk lists what there is")
        return _answer(_shown(getattr(self._desk, name)))


def _answer(body: Json, status: int = 200) -> Response:
    headers = Headers({"Content-Type": "application/json"})
    # On lines of its own: a terminal shows it, and goes on below it.
    indent = 2 if isinstance(body, dict) else None
    return Response(status, headers=headers, body=f"{json.dumps(body, indent=indent)}\n".encode())


def _wrong(status: int, reason: str) -> Response:
    return _answer({"error": reason}, status)


def _does(verb: _Verb) -> str:
    return (inspect.getdoc(verb) or "").partition("\n\n")[0].replace("\n", " ")


def _takes(verb: _Verb) -> list[str]:
    """Its arguments with their types; what may be left out stands in brackets."""
    found: list[str] = []
    for name, parameter in inspect.signature(verb).parameters.items():
        if name == "now":
            continue
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            found += ["[any others]"] if parameter.kind is parameter.VAR_KEYWORD else []
            continue
        text = f"{name}: {parameter.annotation}"
        found.append(text if parameter.default is parameter.empty else f"[{text}]")
    return found


def _is_for_people(verb: _Verb) -> bool:
    """Can all that it needs be said in JSON? What changes in the platform's own hands cannot.

    What needs nothing but the time, in its place, is done by the platform as time goes.
    """
    needed = [p for p in inspect.signature(verb).parameters.values() if p.default is p.empty]
    if [p.name for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD] == ["now"]:
        return False
    try:
        hints: Mapping[str, object] = get_type_hints(verb)
    except (NameError, TypeError):  # of a type that only type checkers know
        return False
    return not any(_is_kept(hints.get(p.name, object)) for p in needed)


def _is_kept(hint: object) -> bool:
    """Is it a thing that the platform keeps and changes, such as an order or a row?"""
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        return all(_is_kept(each) for each in get_args(hint))
    if kind is dict:
        return True
    if isinstance(kind, type) and attrs.has(kind):
        return kind.__hash__ in (None, object.__hash__)  # a frozen one is what it says, and has a hash of it
    return any(_is_kept(each) for each in get_args(hint) if not isinstance(each, str))


def _arguments(verb: _Verb, body: bytes, now: datetime) -> dict[str, object]:
    """What to call the verb with, each as its annotation wants it."""
    sent: Json = json.loads(body or b"{}", parse_float=Decimal)
    if not isinstance(sent, dict):
        raise ValueError("the arguments are a JSON object")
    try:
        hints: Mapping[str, object] = get_type_hints(verb)
    except NameError:  # a name that only type checkers import: taken as it comes
        hints = {}
    signature = inspect.signature(verb)
    others = next((p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)
    told: dict[str, object] = {}
    for name, value in sent.items():
        parameter = signature.parameters.get(name, others)
        if parameter is None or parameter.kind is parameter.VAR_POSITIONAL:
            raise ValueError(f"it takes no {name!r}: {signature}")
        try:
            told[name] = _built(hints.get(parameter.name, object), value)
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise ValueError(f"{name}: {error}") from None
    if "now" in signature.parameters:
        told.setdefault("now", now)
    signature.bind(**told)  # a missing argument is said by name
    return told


def _built(hint: object, value: Json) -> object:
    """The value as its annotation wants it."""
    kind, inner = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        return _built_one_of(inner, value)
    if kind is Literal:
        if value not in inner:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, inner))}")
        return value
    pairs = isinstance(kind, type) and issubclass(kind, Mapping)
    if pairs and isinstance(value, dict):
        return {key: _built(inner[1], each) for key, each in value.items()}
    if kind is not None and not pairs and isinstance(value, list):
        return [_built(inner[0], each) for each in value]
    if kind is not None:
        raise ValueError(f"{value!r} is not {hint}")
    return _built_plain(cast("type[object]", hint), value) if isinstance(hint, type) else value


def _built_one_of(hints: Collection[object], value: Json) -> object:
    if value is None and type(None) in hints:
        return None
    for hint in hints:
        if hint is not type(None):
            try:
                return _built(hint, value)
            except (ValueError, TypeError, LookupError, ArithmeticError):
                continue
    raise ValueError(f"{value!r} is none of {', '.join(map(str, hints))}")


def _built_plain(hint: type[object], value: Json) -> object:
    if issubclass(hint, Enum):
        named = cast("Mapping[str, object]", hint.__members__)
        return named[value] if isinstance(value, str) and value in named else hint(value)
    if hint is datetime and isinstance(value, str):
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(f"{value!r} has no offset from UTC")
        return at
    if hint is timedelta and isinstance(value, (int, Decimal)):
        return timedelta(seconds=float(value))
    if hint is Decimal and isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return Decimal(value)
    if attrs.has(hint) and isinstance(value, dict):
        hints = get_type_hints(hint)
        return hint(**{name: _built(hints.get(name, object), each) for name, each in value.items()})
    if hint is object or (isinstance(value, hint) and (hint is bool or not isinstance(value, bool))):
        return value
    raise ValueError(f"{value!r} is no {hint.__name__}")


def _shown(value: object, depth: int = 0) -> Json:
    """As JSON: amounts as strings, times in ISO 8601, durations in seconds."""
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return _shown(value.value)
        case int() | Decimal():
            return value if isinstance(value, int) else str(value)
        case datetime():
            return value.isoformat()
        case timedelta():
            return int(value.total_seconds())
        case bytes():
            return value.decode(errors="replace")
        case _ if depth == _DEEP:
            return type(value).__name__
        case Mapping():
            pairs = cast("Mapping[object, object]", value)
            return {str(key): _shown(each, depth + 1) for key, each in pairs.items()}
        case Collection():
            return [_shown(each, depth + 1) for each in cast("Collection[object]", value)]
        case _ if attrs.has(type(value)):
            fields = attrs.fields(cast("type[attrs.AttrsInstance]", type(value)))
            names = [field.name for field in fields if not field.name.startswith("_")]
            return {name: _shown(getattr(value, name), depth + 1) for name in names}
        case _:
            return type(value).__name__
