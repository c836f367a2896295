"""What people want done to an order and in its shop: ``hold``, ``note``, ``refund``, ``address`` and more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from .. import (
    Address,
    Bridge,
    Fulfillment,
    Money,
    Note,
    NoticeState,
    OrderView,
    Refund,
    RefundLine,
    Review,
    ReviewCode,
    Task,
    TaskState,
)
from .._config import read_address
from ..errors import ConfigurationError, Unsupported
from .cases import read_amount
from .opened import DryRun, Owner, opened
from .output import (
    CONFIG,
    AsJson,
    ConfigFile,
    accounts_like,
    ask_first,
    console,
    print_json,
    print_table,
    say_wrong,
    without_private,
)
from .output import amount as amount_of
from .purchases import read_units

__all__ = ["address", "cancel", "carriers", "forget", "hold", "note", "refund", "release"]

OrderId = Annotated[str, typer.Argument(help="The order's id, store/ref, or its number.")]
Key = Annotated[str, typer.Option(help="A name of yours for it; the same again is done once.")]
Reason = Annotated[str, typer.Option(help="Plain text for the shop's staff.")]

F = Fulfillment
# Of what is placed: nothing more is to be asked of its supplier.
_SETTLED = frozenset({F.SHIPPED, F.DELIVERED, F.COMPLETED, F.CANCELED, F.REJECTED, F.CANCEL_REQUESTED})


def known(bridge: Bridge, order: str, owner: str = "") -> OrderView:
    """The order that people mean by its id or its number."""
    view = bridge.order(order, owner=owner)
    if view is None:
        raise ConfigurationError(
            f"order: there is no {order!r}; give store/ref, as orderbridge orders shows, or its number"
        )
    return view


def _say(task: Task, what: str, questions: Iterable[Review], *, as_json: bool) -> None:
    """How far it is in the shop. Exit code 4: the shop refused, or nobody knows; a review asks."""
    if as_json:
        print_json(without_private(task))
    else:
        console().print(f"{task.order_id}: {what} {task.state.value}{_refunded(task)}", soft_wrap=True)
        for warning in task.warnings:
            console().print(warning, soft_wrap=True)
        _ask(each for each in questions if each.about == task.about)
    if task.state in (TaskState.REFUSED, TaskState.ASKED):
        raise typer.Exit(4)


def hold(
    order: OrderId,
    in_shop: Annotated[
        bool, typer.Option("--in-shop", help="Nobody in the shop is to ship it either.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Plain text for the shop's staff, with --in-shop.")] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Keep an order from being placed and paid. Exit code 4: the shop did not do its part."""
    if reason and not in_shop:
        raise ConfigurationError("reason: it is for the shop's staff; give --in-shop with it")
    then: list[str] = []
    with opened(config, dry_run=dry_run, as_json=as_json, then=then) as bridge:
        order_id = known(bridge, order, owner).record.order.id
        task, cannot = None, ""
        try:
            task = bridge.hold_in_shop(order_id, reason=reason, owner=owner) if in_shop else None
        except Unsupported as error:  # it is held here
            cannot = str(error)
        if task is None and (dry_run or not cannot):
            then += [cannot] if cannot else []
            bridge.hold(order_id, owner=owner)
        asked = _asked(bridge, order_id, owner)
    if task is not None:
        _say(task, "hold", asked, as_json=as_json)
    elif as_json:
        print_json({"order_id": order_id, "held": True, "shop_cannot": cannot or None})
    else:
        console().print(f"{order_id} is held here. The shop heard nothing of it.")
    if cannot:
        say_wrong(cannot)
        raise typer.Exit(4)


def release(
    order: OrderId,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Let a held order go on, here and in the shop. Exit code 4: the shop did not do its part."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        order_id = known(bridge, order, owner).record.order.id
        task = bridge.release(order_id, owner=owner)
        asked = _asked(bridge, order_id, owner)
    if task is not None:
        _say(task, "release", asked, as_json=as_json)
    elif as_json:
        print_json({"order_id": order_id, "held": False})
    else:
        console().print(f"{order_id} goes on.")


def note(
    order: OrderId,
    text: Annotated[str, typer.Argument(help="Plain text; name no shopper.")],
    key: Key,
    to_shopper: Annotated[
        bool, typer.Option("--to-shopper", help="For the shopper too, with a mail where the shop sends one.")
    ] = False,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Put a remark on the shop's order, once for its key. Exit code 4: a review is open about it."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        order_id = known(bridge, order, owner).record.order.id
        task = bridge.note(order_id, Note(key=key, text=text, to_shopper=to_shopper), owner=owner)
        asked = _asked(bridge, order_id, owner)
    _say(task, "note", asked, as_json=as_json)


def refund(
    order: OrderId,
    amount: Annotated[str, typer.Option(help='All of it, tax included, such as "12.50 EUR".')],
    key: Key,
    line: Annotated[
        list[str] | None,
        typer.Option(help="What it is for: LINE=UNITS; of several lines each LINE=UNITS@AMOUNT."),
    ] = None,
    shipping: Annotated[str, typer.Option(help='The part that is for shipping, such as "4.90 EUR".')] = "",
    reason: Reason = "",
    give_money: Annotated[
        bool, typer.Option("--give-money", help="The shop pays it back, the way it was paid.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="The shop only writes down that somebody has; so it is by default."),
    ] = False,
    restock: Annotated[bool, typer.Option("--restock", help="The units go back on sale.")] = False,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Give the shopper money back, or have the shop write down that somebody did; once for its key.

    Exit code 4: a review is open about it.
    """
    if give_money and record:
        raise ConfigurationError("refund: give --give-money or --record, not both")
    money = _money("amount", amount)
    freight = _money("shipping", shipping) if shipping else None
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        order_id = known(bridge, order, owner).record.order.id
        task = bridge.refund(
            order_id,
            Refund(
                key=key,
                amount=money,
                lines=_refund_lines(line or [], money, freight),
                shipping=freight,
                reason=reason,
                gives_money=give_money,
                restock=restock,
            ),
            owner=owner,
        )
        asked = _asked(bridge, order_id, owner)
    _say(task, "refund", asked, as_json=as_json)


def _refunded(task: Task) -> str:
    """Whether money moved, and how much, as the shop says."""
    done = task.refunded
    if done is None:
        return ""
    given = "given back by the shop" if done.gave_money else "written down in the shop; no money moved"
    return f": {amount_of(done.amount)} {given}"


def _money(name: str, text: str) -> Money:
    found = read_amount(text, name)
    if found is None:
        raise ConfigurationError(f'{name}: give an amount such as "12.50 EUR"')
    return found


def _refund_lines(texts: list[str], amount: Money, freight: Money | None) -> tuple[RefundLine, ...]:
    found: list[RefundLine] = []
    for text in texts:
        units, mark, each = text.partition("@")
        (part,) = read_units([units], "LINE=UNITS")
        if mark:
            money = _money("line", each if " " in each else f"{each} {amount.currency}")
        elif len(texts) == 1:
            money = amount if freight is None else amount - freight
        else:
            raise ConfigurationError(f"line: {text!r}: of several lines say what each is worth: {text}@12.50")
        found.append(RefundLine(line_ref=part.remote_id, units=part.quantity, amount=money))
    return tuple(found)


def cancel(
    order: OrderId,
    reason: Reason = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Cancel the shop's order; nothing more of it is ordered. It gives the shopper no money back.

    What suppliers have already is a review. Exit code 4: the shop refused, and the order stays held.
    """
    then: list[str] = []
    with opened(config, dry_run=dry_run, as_json=as_json, then=then) as bridge:
        view = known(bridge, order, owner)
        order_id = view.record.order.id
        gone = {each.notice.purchase_order_id for each in view.notices if each.state is NoticeState.ANNOUNCED}
        then += [
            f"What left of {each} stands in the shop, which cancels no such order: a person is asked "
            "(UNCLEAR)."
            for each in sorted(gone)
        ] or [
            f"Once it is canceled, a person is asked about {record.po.id}, which {record.po.supplier} has "
            "(CANCELED_AFTER_PLACING)."
            for record in view.purchases
            if record.placed_at is not None and record.fulfillment not in _SETTLED
        ]
        task = bridge.cancel(order_id, reason=reason, owner=owner)
        asked = _asked(bridge, order_id, owner)
    _say(task, "cancel", asked, as_json=as_json)


def address(
    order: OrderId,
    file: Annotated[
        Path | None, typer.Argument(help="TOML: name, line1, city, postal_code, country and so on.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="The shop's address is good again.")] = False,
    expected: Annotated[
        str, typer.Option(help="The order's digest as you saw it (show --json); by default as it is now.")
    ] = "",
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Send an order elsewhere than its shop says. What a supplier has already is a review.

    The whole address comes from a file, because what stands on a command line is seen by others.
    """
    if (file is None) != back:
        raise ConfigurationError("address: give a file with the whole address, or --back")
    wanted: Address | None = None if file is None else read_address(file)
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        record = known(bridge, order, owner).record
        after = bridge.change_address(
            record.order.id, wanted, expected=expected or record.digest, owner=owner
        )
        asked = _asked(bridge, record.order.id, owner)
    if as_json:
        print_json(without_private(after))
    else:
        where = "where its shop says" if wanted is None else "to the address in the file"
        console().print(f"{after.order.id} goes {where}.")
        _ask(each for each in asked if each.code is ReviewCode.ADDRESS_CHANGED)


def _ask(questions: Iterable[Review]) -> None:
    for review in questions:
        console().print(f"Review {review.id}: {review.evidence}", soft_wrap=True)


def _asked(bridge: Bridge, order_id: str, owner: str) -> list[Review]:
    """The open questions about an order."""
    found: list[Review] = []
    after = 0
    while page := bridge.reviews(after=after, owner=owner, limit=1000):
        found += [each for each in page if each.order_id == order_id]
        after = page[-1].id
    return found


def forget(
    order: OrderId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRun = False,
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Blank an order's shopper for good. Exit code 1: a call about it is under way; try again later."""
    with opened(config, dry_run=dry_run, as_json=as_json) as bridge:
        order_id = known(bridge, order, owner).record.order.id
        ask_first(f"Blank the shopper of {order_id} for good?", yes=yes or dry_run)
        done = bridge.forget(order_id, owner=owner)
    if as_json:
        print_json({"order_id": order_id, "forgotten": done})
    else:
        console().print(
            f"{order_id}: the shopper is forgotten."
            if done
            else f"{order_id}: a call about it is under way; try again later."
        )
    if not done:
        raise typer.Exit(1)


def carriers(
    store: Annotated[str, typer.Argument(help="The store's account.", autocompletion=accounts_like("store"))],
    owner: Owner = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the carriers that a shop knows: what its account's carriers setting may name."""
    with Bridge.from_toml(config) as bridge:
        found = bridge.carriers(store, owner=owner)
    if as_json:
        print_json(found)
    else:
        print_table(
            f"Carriers of {store}",
            ("Code", "Name", "Tracking page"),
            ((each.code, each.name, each.tracking_url) for each in found),
        )
