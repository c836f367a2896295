"""The commands of ``orderbridge``, and how each may end.

Exit codes: 0 fine; 1 something failed, or is not as it should be; 2 the command or the configuration is
wrong; 3 some of the input was refused; 4 a person has to decide something.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import typer

from ..errors import BridgeError, ConfigurationError, LookOnly
from .bridge import adopt, backup, health, probe, pull, run
from .decode import decode
from .demo import demo
from .desk import link, reconcile, reservations, resolve, reviews
from .init import init
from .orders import orders, pay, place, show
from .output import say_wrong
from .sandbox import sandbox

__all__ = ["app"]

COMMANDS: tuple[Callable[..., None], ...] = (
    demo,
    init,
    probe,
    run,
    pull,
    orders,
    show,
    reservations,
    reconcile,
    place,
    pay,
    reviews,
    resolve,
    link,
    health,
    backup,
    adopt,
    decode,
    sandbox,
)


def _in_words(command: Callable[..., None]) -> Callable[..., None]:
    """Our own errors end in one line that says what to do, never in a traceback."""

    @wraps(command)
    def run(*args: object, **kwargs: object) -> None:
        try:
            command(*args, **kwargs)
        except ConfigurationError as error:
            say_wrong(str(error))
            raise typer.Exit(2) from None
        except LookOnly as error:
            say_wrong(f"{error} (on the command line: orderbridge adopt)")
            raise typer.Exit(1) from None
        except BridgeError as error:
            say_wrong(str(error))
            raise typer.Exit(1) from None

    return run


app = typer.Typer(
    name="orderbridge",
    help="Bridge web shops to the suppliers who ship for them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command()(_in_words(command))
