"""What is wanted of suppliers beside their orders: the commands ``case ...`` and ``resend``."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import Case, CaseKind, CaseState, Money
from ..errors import ConfigurationError
from .opened import DryRun, Looking, Owner, opened
from .output import CONFIG, AsJson, ConfigFile, console, print_json, print_table, when, without_private
from .purchases import PurchaseId, read_units, show_purchases

__all__ = ["list_", "move", "open_", "read_amount", "resend", "show_cases"]

Lines = Annotated[
    list[str] | None,
    typer.Option("--line", help="What of it, REMOTE_ID=QUANTITY, as often as needed; else all of it."),
]


def show_cases(cases: tuple[Case, ...]) -> None:
    """How far cases are, as a table."""
    print_table(
        "Cases",
        ("Case", "Kind", "State", "Amount", "What of it", "Reason", "Sent again by", "Last word", "Changed"),
        (
            (
                case.id,
                case.kind.value,
                case.state.value,
                case.amount,
                ", ".join(f"{line.quantity:f} of {line.remote_id}" for line in case.lines),
                case.reason,
                case.child,
                case.word,
                case.changed_at,
            )
            for case in cases
        ),
    )


def open_(
    purchase_order: PurchaseId,
    kind: Annotated[CaseKind, typer.Option(help="What is wanted.", case_sensitive=False)],
    line: Lines = None,
    amount: Annotated[str, typer.Option(help='What it should give back, such as "12.50 EUR".')] = "",
    reason: Annotated[str, typer.Option(help="Why; name no shopper.")] = "",
    evidence: Annotated[
        list[str] | None, typer.Option(help="Words, or the address of a picture, as often as needed.")
    ] = None,
    key: Annotated[str, typer.Option(help="Names the case in its purchase order; by default its kind.")] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write down what people want of a supplier. Nobody is asked by it; the same again is the same case."""
    money = read_amount(amount)
    then: list[str] = []
    with opened(config, dry_run=dry_run, as_json=as_json, then=then) as bridge:
        view = bridge.order(purchase_order.rsplit("/", 2)[0], owner=owner)
        if money is not None and view is not None and money.currency != view.record.order.currency:
            paid = view.record.order.currency
            then.append(
                f"It is in {money.currency}, and the shopper's order in {paid}: see that this is meant."
            )
        case = bridge.open_case(
            purchase_order,
            kind=kind,
            key=key or kind.value.lower(),
            lines=read_units(line),
            amount=money,
            reason=reason,
            evidence=evidence or (),
            owner=owner,
        )
    _say(case, as_json=as_json)
    if not as_json:
        for words in then:
            console().print(words, soft_wrap=True)


def read_amount(text: str, name: str = "amount") -> Money | None:
    """An amount as people type it; None if there is none."""
    if not text:
        return None
    try:
        return Money.parse(text)
    except ValueError as error:
        raise ConfigurationError(f'{name}: {text!r} came; give one such as "12.50 EUR"') from error


def _say(case: Case, *, as_json: bool) -> None:
    if as_json:
        print_json(case)
    else:
        console().print(f"{case.id}: {case.kind.value} {case.state.value}")


def move(
    case: Annotated[str, typer.Argument(help="Its id, as orderbridge case list shows.")],
    state: Annotated[CaseState, typer.Argument(help="How far it is.", case_sensitive=False)],
    word: Annotated[str, typer.Option(help="What the supplier said.")] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say how far a case is."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        moved = bridge.move_case(case, state, word=word, owner=owner)
    _say(moved, as_json=as_json)


def list_(
    purchase_order: Annotated[str, typer.Argument(help="Only of this one.")] = "",
    kind: Annotated[CaseKind | None, typer.Option(help="Only of this kind.", case_sensitive=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    after: Annotated[str, typer.Option(help="Go on after this case.")] = "",
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List cases: what is wanted of suppliers, and how far that is."""
    with Looking.from_toml(config) as bridge:
        found = bridge.cases(
            purchase_order=purchase_order, kind=kind, everything=everything, after=after, owner=owner
        )
    if as_json:
        print_json(found)
    elif found:
        show_cases(found)
    else:
        console().print("No case is open.")


def resend(
    purchase_order: PurchaseId,
    line: Lines = None,
    supplier: Annotated[str, typer.Option(help="Another account, which people move: own stock.")] = "",
    reason: Annotated[str, typer.Option(help="Why; name no shopper.")] = "",
    key: Annotated[str, typer.Option(help="Names it in its purchase order.")] = "resend",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a purchase order that sends goods once more; place orders it. It is never paid by itself."""
    then: list[str] = []
    with opened(config, dry_run=dry_run, as_json=as_json, then=then) as bridge:
        mine = bridge.cases(purchase_order=purchase_order, everything=True, owner=owner)
        then += [
            f"It was asked for already on {when(case.opened_at)} and is {case.child}: nothing more is sent. "
            f"Give --key another-{key} for once more."
            for case in mine
            if case.key == key and case.child
        ]
        record = bridge.resend(
            purchase_order, key=key, lines=read_units(line), supplier=supplier, reason=reason, owner=owner
        )
    if as_json:
        print_json(without_private(record))
        return
    show_purchases((record,))
    for words in then:
        console().print(words, soft_wrap=True)
