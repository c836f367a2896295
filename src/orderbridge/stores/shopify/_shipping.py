"""Telling a Shopify shop of a departure, and putting its tracking right.

The call that ships has no key, so a repeat would ship once more; without lines it ships everything. What we
are about to make is therefore written beside the order first, with the fulfillments that are there already;
whatever is there afterwards and is just this is ours, and what is nearly this is for a person.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

import attrs

from ..._model import Order, Package, ShipmentNotice
from ...adapters import (
    Announced,
    Flow,
    LookUp,
    Park,
    Past,
    Response,
    Unclear,
    Write,
    decode_bytes,
    same_number,
)
from ...errors import Malformed
from ._corrections import corrected
from ._dealing import deal, fits, may_ship, parts_of, rows_of
from ._departures import (
    UNMARKED,
    Part,
    Plan,
    Shop,
    in_words,
    less,
    location_of,
    numbers_of,
    put_plan,
    refs_of,
    request_of,
    shop_of,
    sum_of,
    units_in,
    units_of,
)
from ._documents_shipping import ACCEPT, SHIP
from ._graphql import change
from ._orders import ships_now
from ._parcels import Parcels, number_of, numbers_in, parcels_of, tracking_of
from ._settings import Settings
from ._wire import WireFulfillment, WireFulfillmentOrder, WireId, ref_of

# --- a departure ----------------------------------------------------------------------------------------


def announce(
    settings: Settings, order: Order, notice: ShipmentNotice, past: Past
) -> Flow[Write | Announced | Unclear]:
    """One fulfillment for each location and carrier, made one after the other."""
    shop = yield from shop_of(settings, order.ref)
    if shop is None:
        return Unclear(f"order {order.ref}: the shop has no such order any more")
    wanted = units_of(notice)
    if isinstance(wanted, str):
        return Unclear(f"order {order.ref}: {wanted}")
    parcels, warnings = parcels_of(settings, notice.packages)
    begun = shop.plan(notice.key) or _begin(shop, notice, wanted, parcels, past)
    plan = begun if isinstance(begun, Unclear) else _found(shop, begun, past)
    if isinstance(plan, Unclear):
        return plan
    if waiting := _to_accept(settings, shop, less(wanted, _made(plan))):
        return accept(settings, waiting)
    plan = _planned(settings, shop, plan, wanted, parcels, notice)
    if isinstance(plan, Unclear):
        return plan
    if shop.may_mark and shop.plan(notice.key) != plan:
        return put_plan(settings, shop, plan)
    for part in plan.parts:
        if not part.made:
            return _ship(settings, shop, plan, part, parcels)
    made = {part.made for part in plan.parts}
    there = [each for each in shop.left if each.id in made]
    # The supplier may have changed a number after a part of it was made.
    told = [Package(tracking_number=number) for part in plan.parts for number in part.numbers]
    if there and not all(_within(each, numbers_in(told)) for each in parcels):
        last = corrected(settings, shop, there, notice, told, past)
        if isinstance(last, Write):
            return last
    unmarked = () if shop.may_mark else (UNMARKED,)
    return Announced(
        refs=tuple(ref_of(part.made) for part in plan.parts),
        warnings=(*warnings, *_guessed(plan, parcels), *unmarked, *_gone(shop, plan)),
    )


def _begin(
    shop: Shop, notice: ShipmentNotice, wanted: Mapping[str, int], parcels: Sequence[Parcels], past: Past
) -> Plan | Unclear:
    """The first plan: what somebody else has typed in is made already."""
    there = _by_hand(shop, wanted, parcels, _told(past))
    if isinstance(there, Unclear):
        return there
    before = tuple(each.id for each in shop.departures)
    return Plan(notice=notice.key, parts=tuple(_as_part(each, parcels) for each in there), before=before)


# --- what is there already ------------------------------------------------------------------------------


def _by_hand(
    shop: Shop, wanted: Mapping[str, int], parcels: Sequence[Parcels], told: Container[str]
) -> tuple[WireFulfillment, ...] | Unclear:
    """Unmarked fulfillments that show our numbers: typed in by the staff, or ours where we keep no marks."""
    ours = [number for some in parcels for number in some.numbers]
    claimed = shop.claimed()
    there = tuple(
        each
        for each in shop.left
        if each.id not in claimed
        and (each.id in told or any(same_number(one, other) for one in numbers_of(each) for other in ours))
    )
    inside = sum_of(map(units_in, there))
    if inside == wanted or not there:
        return there
    within = all(count <= wanted.get(ref, 0) for ref, count in inside.items())
    if within and not shop.may_mark:
        return there
    return Unclear(
        f"order {shop.ref}: fulfillments {refs_of(there)} show numbers of this departure and hold "
        f"{in_words(inside)}; what left is {in_words(wanted)}"
    )


def _as_part(departure: WireFulfillment, parcels: Sequence[Parcels]) -> Part:
    ours = [number for each in parcels for number in each.numbers]
    return Part(
        location=location_of(departure),
        units=units_in(departure),
        # Others are the staff's, and stay when ours are put right.
        numbers=tuple(one for one in numbers_of(departure) if any(same_number(one, each) for each in ours)),
        made=departure.id,
        mail=True,  # perhaps; the shopper is not mailed again
    )


@attrs.frozen(kw_only=True)
class _Fulfilled:
    fulfillment: WireId | None = None


@attrs.frozen(kw_only=True)
class _Shipped:
    fulfillmentCreate: _Fulfilled


@attrs.frozen(kw_only=True)
class _Answer:
    data: _Shipped


def _found(shop: Shop, plan: Plan, past: Past) -> Plan | Unclear:
    """The plan with each part that is there now, or what might be one and might not."""
    claimed = shop.claimed()
    left = {each.id for each in shop.left}
    new = [each for each in shop.left if each.id not in plan.before and each.id not in claimed]
    parts: list[Part] = []
    for part in plan.parts:
        told = past.answers.get(_step(plan, part))
        if not part.made and told is not None:
            part = attrs.evolve(part, made=_made_by(told))
            there = [each for each in shop.departures if each.id == part.made]
            if there and there[0] in shop.left and units_in(there[0]) != part.units:
                return Unclear(
                    f"order {shop.ref}: fulfillment {ref_of(part.made)} was made with "
                    f"{in_words(units_in(there[0]))}, and {in_words(part.units)} was asked for"
                )
        elif part.made not in left:
            # Not made yet; or it came twice, and the staff have taken back the one that we knew.
            same = [each for each in new if part.is_there(each)]
            part = attrs.evolve(part, made=same[0].id) if same else part
        new = [each for each in new if each.id != part.made]
        parts.append(part)
    for part in parts:
        twice = [each for each in new if part.is_there(each)] if part.made in left else []
        if twice:
            return Unclear(
                f"order {shop.ref}: fulfillment {ref_of(part.made)} came twice, also as {refs_of(twice)}; "
                "take one back in the shop"
            )
        near = [each for each in new if part.may_be_there(each)] if not part.made else []
        if near:
            return Unclear(
                f"order {shop.ref}: fulfillments {refs_of(near)} came since and may be this departure, of "
                f"{in_words(part.units)} from location {part.location}, but not all of it fits"
            )
    return attrs.evolve(plan, parts=tuple(parts))


def _made_by(answer: Response) -> str:
    made = decode_bytes(_Answer, answer.body).data.fulfillmentCreate.fulfillment
    if made is None or not made.id:
        raise Malformed("$.data.fulfillmentCreate.fulfillment: none came", path="$.data.fulfillmentCreate")
    return made.id


def _told(past: Past) -> frozenset[str]:
    """The fulfillments that Shopify says our calls made."""
    return frozenset(_made_by(answer) for step, answer in past.answers.items() if step.startswith("ship-"))


def _guessed(plan: Plan, parcels: Sequence[Parcels]) -> tuple[str, ...]:
    """What the shop shows that nobody has said, because it takes one carrier for each fulfillment."""
    if len(parcels) < 2:
        return ()
    warnings: tuple[str, ...] = (
        "Shopify takes one carrier for each fulfillment: which units left with which is not known, and they "
        "were dealt in order",
    )
    for part in plan.parts:
        others = [each for each in parcels if each.carrier != part.carrier and _within(each, part.numbers)]
        if part.carrier and others:
            shown = ", ".join(number for each in others for number in each.numbers)
            warnings += (f"more carriers than units: {shown} is shown under {part.carrier}",)
    return warnings


def _gone(shop: Shop, plan: Plan) -> tuple[str, ...]:
    left, shown = {each.id for each in shop.left}, {each.id for each in shop.departures}
    gone = [ref_of(part.made) for part in plan.parts if part.made in shown - left]
    hidden = [ref_of(part.made) for part in plan.parts if part.made not in shown]
    warnings: tuple[str, ...] = ()
    if gone:
        warnings += (f"the shop has taken back fulfillment {', '.join(gone)} since",)
    if hidden:
        warnings += (f"the shop says that it made fulfillment {', '.join(hidden)}, and does not show it",)
    return warnings


# --- what is to be made ---------------------------------------------------------------------------------


def _planned(
    settings: Settings,
    shop: Shop,
    plan: Plan,
    wanted: Mapping[str, int],
    parcels: Sequence[Parcels],
    notice: ShipmentNotice,
) -> Plan | Unclear:
    """The plan as it can be carried out now; what is not made of it is laid out anew where work has moved."""
    made = tuple(part for part in plan.parts if part.made)
    open_parts = [part for part in plan.parts if not part.made]
    rest = less(wanted, sum_of(part.units for part in made))
    if not rest:
        return attrs.evolve(plan, parts=made)
    ours = [number for each in parcels for number in each.numbers]
    current = all(number in ours for part in open_parts for number in part.numbers)
    if current and sum_of(part.units for part in open_parts) == rest and fits(settings, shop, open_parts):
        return plan
    dealt = deal(settings, shop, rest)
    if isinstance(dealt, Unclear):
        return dealt
    shown = [number for part in made for number in part.numbers]
    still = [each for each in parcels if not _within(each, shown)]
    parts = parts_of(dealt, still or list(parcels)[-1:])
    mail = notice.notify and settings.shipped_mail and not any(part.mail for part in made)
    parts = [attrs.evolve(part, mail=mail and index == 0) for index, part in enumerate(parts)]
    return attrs.evolve(plan, parts=(*made, *parts))


def _within(parcels: Parcels, shown: Iterable[str]) -> bool:
    there = list(shown)
    return all(any(same_number(number, other) for other in there) for number in parcels.numbers)


def _made(plan: Plan) -> dict[str, int]:
    return sum_of(part.units for part in plan.parts if part.made)


# --- writes ---------------------------------------------------------------------------------------------


def _step(plan: Plan, part: Part) -> str:
    twins = [each for each in plan.parts if each.name == part.name]
    return f"ship-{part.name}-{twins.index(part)}"


def _ship(
    settings: Settings, shop: Shop, plan: Plan, part: Part, parcels: Sequence[Parcels]
) -> Write | Unclear:
    lines = _lines_at(settings, shop, part)
    # Never an empty list: Shopify takes it for everything that is left.
    if not lines or not part.units:
        return Unclear(f"order {shop.ref}: location {part.location} has not {in_words(part.units)} any more")
    fulfillment: dict[str, object] = {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": work, "fulfillmentOrderLineItems": rows} for work, rows in lines.items()
        ],
        "notifyCustomer": part.mail,
    }
    packages = [package for each in parcels for package in each.packages]
    ours = [each for each in packages if any(same_number(number_of(each), n) for n in part.numbers)]
    if tracking := tracking_of(part.carrier, ours):
        fulfillment["trackingInfo"] = tracking
    # Without a mark and without a number nothing would tell it from another one.
    known = shop.may_mark or bool(part.numbers)
    return change(
        settings, _step(plan, part), SHIP, {"fulfillment": fulfillment}, unknown=LookUp() if known else Park()
    )


def _lines_at(settings: Settings, shop: Shop, part: Part) -> dict[str, list[dict[str, object]]]:
    """The lines of fulfillment orders that make up a part; empty if they do not reach."""
    left = dict(part.units)
    lines: dict[str, list[dict[str, object]]] = {}
    # Of one line some may be requested of us and some not: what was requested and stayed there would be
    # ordered once more.
    for work in sorted(shop.works, key=lambda work: not ships_now(work, settings)):
        if not may_ship(work, settings) or location_of(work) != part.location:
            continue
        for row in rows_of(work):
            line = ref_of(row.lineItem.id)
            count = min(left.get(line, 0), row.remainingQuantity)
            if count:
                lines.setdefault(work.id, []).append({"id": row.id, "quantity": count})
                left[line] -= count
    return {} if any(left.values()) else lines


def _to_accept(settings: Settings, shop: Shop, wanted: Mapping[str, int]) -> WireFulfillmentOrder | None:
    """A request of us that we have not said yes to, and that this departure is from."""
    if not settings.service or not wanted:
        return None
    for work in requested(settings, shop):
        if any(ref_of(row.lineItem.id) in wanted for row in rows_of(work)):
            return work
    return None


def requested(settings: Settings, shop: Shop) -> tuple[WireFulfillmentOrder, ...]:
    """What the merchant has asked our service to ship, and waits for an answer."""
    asked = [work for work in shop.works if work.requestStatus == "SUBMITTED"]
    return tuple(work for work in asked if settings.service and ships_now(work, settings))


def accept(settings: Settings, work: WireFulfillmentOrder) -> Write:
    return change(settings, f"accept-{request_of(work)}", ACCEPT, {"id": work.id}, unknown=LookUp())
