"""A simulated world: the real engine and adapters, simulated platforms, and everything that goes wrong.

One thread and one true clock. Each process has a wall clock that is wrong in its own way and a
steady clock of its own. Faults, kills and slowness come from a seed, or stand where the test puts
them; what must hold is looked up at both platforms, behind the wire, in ``_checks``.

    outcome = simulate(7)
    assert not outcome.problems, outcome.story
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from random import Random

from ..sandbox.faults import Fault
from ._world import Outcome, SimulatedWorld, Weather
from .scenes import Scene, StoreSide, SupplierSide, a_rewix, a_scene, a_woocommerce

__all__ = [
    "Outcome",
    "Scene",
    "StoreSide",
    "SupplierSide",
    "a_rewix",
    "a_scene",
    "a_woocommerce",
    "simulate",
]


def simulate(
    seed: int,
    *,
    orders: int = 10,
    faults: float = 0.05,
    kills: float = 0.005,
    stalls: float = 0.003,
    processes: int = 2,
    fault_at: Mapping[int, Fault] | None = None,
    kill_at: Collection[int] = (),
    scene: Callable[[Random], Scene] | None = None,
) -> Outcome:
    """Let a world run until all is settled, and see what is wrong with it.

    Args:
        seed: Everything that is left to chance comes from it.

        orders: What shoppers buy in the first hours.

        faults: The share of calls that go wrong.

        kills: The share of moments between two effects at which the process dies.

        stalls: The share of them at which it sleeps for a while, up to 20 minutes.

        processes: Working on one journal at once.

        fault_at: Faults of calls by their number, beside those by chance.

        kill_at: Numbers of moments at which the process dies, beside those by chance.

        scene: Makes the two platforms; WooCommerce and Rewix in all their variants by default.
    """
    world = SimulatedWorld(
        seed,
        scene=(scene or a_scene)(Random(f"scene {seed}")),
        weather=Weather(
            Random(f"weather {seed}"),
            faults=faults,
            kills=kills,
            stalls=stalls,
            fault_at=fault_at or {},
            kill_at=kill_at,
        ),
    )
    world.open_shop(orders)
    for number in range(processes):
        world.start(f"process {number + 1}")
    return world.run()
