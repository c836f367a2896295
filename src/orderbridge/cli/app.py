"""The commands of ``orderbridge``, and how each may end.

Exit codes: 0 fine; 1 something failed, or is not as it should be; 2 the command or the configuration is
wrong; 3 some of the input was refused; 4 a person has to decide something.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated

import typer

from .. import __version__
from ..errors import BridgeError, ConfigurationError, LookOnly, Unsupported
from .bridge import adopt, backup, health, probe, pull, run
from .cases import list_, move, open_, resend
from .checkout import checkout, place
from .console import console_
from .decode import decode
from .demo import demo
from .desk import reconcile, reservations, resolve, reviews
from .init import init
from .links import LINKS, link
from .manifests import MANIFESTS
from .money import allow_money, events, payable, stop_money
from .orders import orders, show, tabs
from .output import say_wrong
from .products import products
from .purchases import cancel_purchase, documents, found, import_, observe, pay, ship
from .sandbox import sandbox
from .shop import address, cancel, carriers, forget, hold, note, refund, release

__all__ = ["app"]

COMMANDS: tuple[Callable[..., None], ...] = (
    demo,
    init,
    probe,
    run,
    pull,
    orders,
    tabs,
    show,
    reservations,
    reconcile,
    payable,
    checkout,
    place,
    pay,
    documents,
    found,
    observe,
    ship,
    import_,
    cancel_purchase,
    resend,
    hold,
    release,
    note,
    refund,
    cancel,
    address,
    forget,
    reviews,
    resolve,
    products,
    link,
    carriers,
    stop_money,
    allow_money,
    events,
    health,
    console_,
    backup,
    adopt,
    decode,
    sandbox,
)

CASES = (open_, move, list_)


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
        except Unsupported as error:  # people do it, there
            say_wrong(str(error))
            raise typer.Exit(4) from None
        except BridgeError as error:
            say_wrong(str(error))
            raise typer.Exit(1) from None

    return run


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"orderbridge {__version__}")
        raise typer.Exit


def _whole(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Bridge web shops to the suppliers who ship for them."""


app = typer.Typer(
    name="orderbridge",
    callback=_whole,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cases = typer.Typer(
    help="What is wanted of suppliers beside their orders: money back, goods back.", no_args_is_help=True
)
manifests = typer.Typer(help="What a courier takes together, and telling the shops.", no_args_is_help=True)
links = typer.Typer(help="All product links as a table, out and in.", no_args_is_help=True)
for group, commands in ((app, COMMANDS), (cases, CASES), (links, LINKS), (manifests, MANIFESTS)):
    for command in commands:
        group.command(command.__name__.strip("_").replace("_", "-"))(_in_words(command))
app.add_typer(cases, name="case")
app.add_typer(links, name="links")
app.add_typer(manifests, name="manifest")
