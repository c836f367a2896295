"""The commands of ``orderbridge``, and how each may end.

Exit codes: 0 fine; 1 something failed, or what was looked for is not so; 2 the command or the
configuration is wrong; 3 some of the input was refused; 4 a person has to decide something.
"""

from __future__ import annotations

import click
import typer
from typer.core import TyperGroup

from ..errors import BridgeError, ConfigurationError
from .decode import decode
from .demo import demo
from .output import say_wrong
from .sandbox import sandbox

__all__ = ["app"]


class _Group(TyperGroup):
    """Our own errors end in one line that says what to do, never in a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            say_wrong(str(error))
            raise typer.Exit(2) from None
        except BridgeError as error:
            say_wrong(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    name="orderbridge",
    cls=_Group,
    help="Bridge web shops to the suppliers who ship for them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo)
app.command()(decode)
app.command()(sandbox)
