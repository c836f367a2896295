"""Put right: a growing order that differs is brought to what our orders want, as a person was shown.

By itself the bridge never touches units that nobody here wants. A person who has seen them may say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from ._cart import Difference, SetAsShown, read_cart
from ._engine import perform
from ._pull import recognize
from ._saga import Saga, look
from ._views import known_supplier, reconcile
from ._world import World
from .adapters import Reserves
from .errors import ConfigurationError, OutOfDate, Unsupported

__all__ = ["put_right"]


def put_right(
    world: World, shown: Sequence[Difference], identified: set[str]
) -> Saga[tuple[Difference, ...]]:
    """Set these remote ids to what our orders want; what differs at the supplier after that.

    Raises:
        OutOfDate: something of it is not as it was shown, or somebody else works on it; nothing was set.

        ConfigurationError: they are of several suppliers, the policy reserves nothing there, or the account
            is shared and others may hold them.
    """
    names = sorted({each.supplier for each in shown})
    if not names:
        return ()
    if len(names) > 1:
        raise ConfigurationError(f"differences: give those of one supplier, not of {' and '.join(names)}")
    supplier = known_supplier(world, names[0])
    if not isinstance(supplier.adapter, Reserves):
        raise Unsupported(f"{supplier.name} has no growing order", account=supplier.name)
    if not world.policy_of("", supplier.name).reserve:
        raise ConfigurationError(f"policy: nothing is reserved at {supplier.name}, so nothing is set there")
    others = [each.remote_id for each in shown if each.cause in ("foreign", "too many")]
    if supplier.shared and others:
        raise ConfigurationError(
            f"{supplier.name} is shared: {', '.join(others)} may be held for others; release it there"
        )
    # What a purchase order is moving out just now is left to it.
    settled = {each.remote_id: each for each in shown if each.cause != "being placed"}
    if settled:
        yield from recognize(world, supplier, identified)
        cart = yield from look(lambda tx: read_cart(tx, supplier.name))
        setting = SetAsShown(supplier, supplier.adapter, cart, settled)
        yield from perform(setting, world)
        if setting.refusal:
            raise OutOfDate(f"{setting.refusal}; reconcile again", account=supplier.name)
    return (yield from reconcile(world, supplier.name))
