"""The tree of errors is the one drawn at the top of ``errors.py``, and each says what may be done next."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import UTC, datetime

import pytest

from orderbridge import errors
from orderbridge.errors import BridgeError, ConfigurationError, Malformed, RateLimited, Rejected, Repeat

# "│   ├── NotSent            repeat: YES        nothing left this machine"
DRAWN = re.compile(
    r"^(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)(\((?P<base>\w+)\))?( +repeat: (?P<repeat>[A-Z_]+))?"
)


def drawing() -> dict[str, tuple[str, Repeat | None]]:
    """Name of each error drawn: its parent's name and its ``repeat``."""
    assert errors.__doc__
    tree: dict[str, tuple[str, Repeat | None]] = {}
    path: list[str] = []
    for row in errors.__doc__.split("\n\n")[1].splitlines():
        found = DRAWN.match(row)
        assert found, row
        depth, name = len(found["branch"]) // 4, found["name"]
        del path[depth:]
        parent = path[-1] if path else found["base"] or "Exception"
        # What is not said is said above.
        repeat = Repeat[found["repeat"]] if found["repeat"] else tree.get(parent, ("", None))[1]
        tree[name] = parent, repeat
        path.append(name)
    return tree


TREE = drawing()
CLASSES = {name: getattr(errors, name) for name in errors.__all__ if name != "Repeat"}


def test_the_drawing_shows_every_error_and_no_other() -> None:
    assert set(TREE) == set(CLASSES)
    assert len(TREE) > 20


@pytest.mark.parametrize("name", TREE)
def test_each_error_stands_where_it_is_drawn(name: str) -> None:
    assert [base.__name__ for base in CLASSES[name].__bases__] == [TREE[name][0]]


@pytest.mark.parametrize("name", [name for name in TREE if name not in {"BridgeError", "ConfigurationError"}])
def test_each_error_says_whether_the_same_may_be_tried_again(name: str) -> None:
    drawn = TREE[name][1]
    if drawn is None:  # TransportError and AnswerError are never raised themselves
        assert name in {"TransportError", "AnswerError"}
        drawn = Repeat.NO
    assert CLASSES[name].repeat is drawn
    assert CLASSES[name]("x").repeat is drawn


def test_what_nobody_has_thought_about_is_not_repeated() -> None:
    assert BridgeError.repeat is Repeat.NO


def test_a_wrong_setting_is_not_hidden_by_except_bridge_error() -> None:
    assert not issubclass(ConfigurationError, BridgeError)
    assert issubclass(ConfigurationError, ValueError)
    assert not hasattr(ConfigurationError, "repeat")


def test_names_are_sorted_so_that_two_branches_merge() -> None:
    assert errors.__all__ == sorted(errors.__all__)


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "ConfigurationError"])
def test_each_error_says_what_happened_and_survives_a_process_border(name: str) -> None:
    """Task queues pickle errors on their way back."""
    error = CLASSES[name]("the shop said no")
    for again in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(again) is type(error)
        assert str(again) == "the shop said no"
        assert again.__dict__ == error.__dict__
    assert str(CLASSES[name]()) == name


def test_an_error_says_where_it_happened() -> None:
    error = Rejected(
        "no", status=422, code="E1", account="shop", operation="place", reference="R1", request="POST /x"
    )
    assert str(error) == "no (account shop, operation place, reference R1, request POST /x)"
    assert (error.status, error.code) == (422, "E1")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.status, again.code) == (str(error), 422, "E1")


def test_where_it_happened_can_be_added_on_the_way_up() -> None:
    """The driver knows the account, the decoder that raised does not."""
    error = Malformed("$.id: wrong", path="$.id")
    error.account = "shop"
    assert str(error) == "$.id: wrong (account shop)"
    assert error.path == "$.id"


def test_too_many_requests_says_until_when() -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    assert RateLimited("slow down", until=until).until == until
    assert RateLimited().status == 429
    assert RateLimited().until is None
