"""What a plug-in raises: the model's no as a ``Malformed``, and for all else where it was raised.

Never the words of an exception that is not ours: they may quote a shopper or a secret.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from traceback import walk_tb
from types import FrameType

from .errors import Malformed

__all__ = ["log_raised", "raised_at", "understood"]

_MODEL = ("orderbridge._model", "orderbridge._money")  # whose words quote no shopper
_log = logging.getLogger("orderbridge")


@contextmanager
def understood() -> Generator[None]:
    """Around what makes an ``Order`` from an answer: a value that none can have is ``Malformed``.

    The model raises ValueError, for a currency "EURO" or a time without a zone. Out of a flow, that counts as
    a bug and stops all that the flow was about; an ``except Malformed`` around this sets one order aside.

    Raises:
        Malformed: with the model's words; of another's error only with its kind and place.
    """
    try:
        yield
    except (ValueError, ArithmeticError) as error:
        frames = _frames(error)
        ours = bool(frames) and _module(frames[-1][0]) in _MODEL
        raise Malformed(str(error) if ours else raised_at(error), path="$") from None


def raised_at(error: BaseException) -> str:
    """Kind and place of an exception: ``KeyError at orderbridge_crates:41 in _order``.

    The place is the innermost one in the plug-in's own package, or in ours if no plug-in had a part in it.
    """
    frames = _frames(error)
    package = next((_package(frame) for frame, _ in frames if not _is_core(_module(frame))), "")
    own = [each for each in frames if package in ("", _package(each[0]))]
    kind = type(error).__name__
    if not own:
        return kind
    frame, line = own[-1]
    return f"{kind} at {_module(frame)}:{line} in {frame.f_code.co_name}"


def log_raised(error: BaseException, where: str) -> None:
    """The way that an exception took, without its words and without any values, on logger ``orderbridge``."""
    way = [f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}" for frame, line in _frames(error)]
    _log.error("%s\n%s", f"{type(error).__name__} in {where}, raised by way of", "\n".join(way))


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Outermost first, without what attrs and dataclasses have written themselves."""
    return [each for each in walk_tb(error.__traceback__) if not each[0].f_code.co_filename.startswith("<")]


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))


def _package(frame: FrameType) -> str:
    """``orderbridge_crates`` of its modules; of our own adapters ``orderbridge.stores`` or ``.suppliers``."""
    parts = _module(frame).split(".")
    return ".".join(parts[: 2 if parts[0] == "orderbridge" else 1])


def _is_core(module: str) -> bool:
    return module.startswith("orderbridge.") and module.split(".")[1] not in ("stores", "suppliers")
