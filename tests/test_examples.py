"""The examples of plug-ins work: their own tests pass, and a real bridge sells, orders and pays by them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import orderbridge as ob
from orderbridge.sandbox import Line, LoopbackServer, WooCommerceShop

pytestmark = pytest.mark.slow  # minutes of work: once, on the interpreter at hand

EXAMPLES = Path(__file__).parents[1] / "examples"
GROUPS = {"parcelhub": "orderbridge.suppliers", "marketstall": "orderbridge.stores"}
EMAIL, PASSWORD = "shop@example.test", "the password of the shop"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The examples as if they were installed, where they are not; the environment for other processes."""
    path: list[str] = []
    for name, group in GROUPS.items():
        if entry_points(group=group, name=name):
            continue
        example = EXAMPLES / f"orderbridge-{name}"
        project = tomllib.loads((example / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        told = tmp_path / f"orderbridge_{name}-0.1.0.dist-info"
        told.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n"
        told.joinpath("METADATA").write_text(metadata)
        groups = project["entry-points"].items()
        told.joinpath("entry_points.txt").write_text(
            "".join(
                f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in names.items()) for group, names in groups
            )
        )
        path += [str(tmp_path), str(example / "src")]
    for folder in path:
        monkeypatch.syspath_prepend(folder)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*path, *sys.path])}


@pytest.mark.parametrize("name", GROUPS)
def test_the_examples_own_tests_pass(installed: Mapping[str, str], tmp_path: Path, name: str) -> None:
    """In a process of its own, as its author would run them, and found through its entry point."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "pythonpath=", "-o", f"cache_dir={tmp_path}", "tests"],
        cwd=EXAMPLES / f"orderbridge-{name}",
        env={name: value for name, value in installed.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_store_takes_six_files() -> None:
    """What the guide promises to those who begin with a copy of this folder."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."],
        cwd=EXAMPLES / "orderbridge-marketstall",
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0 or not told.stdout:
        pytest.skip("not in a git tree")
    assert sorted(told.stdout.split()) == [
        "README.md",
        "pyproject.toml",
        "src/orderbridge_marketstall/__init__.py",
        "src/orderbridge_marketstall/py.typed",
        "src/orderbridge_marketstall/sandbox.py",
        "tests/test_marketstall.py",
    ]


def test_an_order_is_placed_paid_shipped_in_two_packages_and_announced(
    installed: Mapping[str, str],
) -> None:
    from orderbridge_parcelhub.sandbox import ParcelHub

    shop = WooCommerceShop(https=False, fulfillments=True)
    hub = ParcelHub(email=EMAIL, password=PASSWORD, prices={"MUG": "7.90", "LAMP": "10.10"})
    basket = [{"sku": "HUB-MUG", "price": "15.00", "quantity": 2}, {"sku": "HUB-LAMP", "price": "20.00"}]
    order_id = shop.place_order(basket, now=datetime.now(UTC))
    with (
        LoopbackServer(Line(shop)) as woo,
        LoopbackServer(Line(hub)) as parcelhub,
        ob.Bridge(
            stores=[
                ob.store(
                    "shop",
                    platform="woocommerce",
                    settings={
                        "base_url": woo.url,
                        "consumer_key": shop.consumer_key,
                        "consumer_secret": shop.consumer_secret,
                    },
                )
            ],
            suppliers=[
                ob.supplier(
                    "hub",
                    platform="parcelhub",
                    settings={"base_url": parcelhub.url, "email": EMAIL, "password": PASSWORD},
                )
            ],
            rules=[ob.SkuPrefix(prefix="HUB-", supplier="hub")],
            policy=ob.Policy(
                place=ob.Who.AUTOMATIC,
                pay=ob.Who.AUTOMATIC,
                limit_per_order=(ob.Money.of("50.00", "EUR"),),
                follow_every=timedelta(milliseconds=50),
            ),
            take_from=datetime.now(UTC) - timedelta(days=1),
            journal=":memory:",
        ) as bridge,
    ):
        bridge.run_once()
        [order] = hub.orders.values()
        assert order.lines == {"MUG": 2, "LAMP": 1}
        assert order.paid == [Decimal("25.90")]

        hub.revoke()  # the token in use, so that the next read has to log in again
        shipment = hub.print_labels(order.id, "PKG1", "PKG2", now=datetime.now(UTC))
        hub.hand_over(order.id, shipment, now=datetime.now(UTC))
        for _ in range(200):
            bridge.run_once()
            if shop.order(order_id)["status"] == "completed":
                break
            time.sleep(0.05)

        assert [effect.what for effect in hub.ledger] == ["draft", "lines", "confirm", "pay"]
        assert hub.logins == 2
        shown = shop.shipments(order_id)
        assert sorted(number for each in shown for number in each.numbers) == ["PKG1", "PKG2"]
        assert shop.order(order_id)["status"] == "completed"
        kinds = [event.kind for event in bridge.history(f"shop/{order_id}")]
        assert [kinds.count(kind) for kind in ("Placed", "Paid", "Departed", "Announced")] == [1, 1, 1, 1]
        assert bridge.reviews() == ()
        before = len(shop.effects)
        bridge.run_once()
        assert (len(shop.effects), len(hub.ledger)) == (before, 4)


def test_what_a_stall_sells_is_ordered_shipped_and_announced(
    installed: Mapping[str, str],
) -> None:
    from orderbridge_marketstall.sandbox import Marketstall
    from orderbridge_parcelhub.sandbox import ParcelHub

    stall = Marketstall(PASSWORD)
    hub = ParcelHub(email=EMAIL, password=PASSWORD, prices={"MUG": "7.90"})
    ref = stall.sell({"HUB-MUG": 2}, shopper="Ala Nowak", now=datetime.now(UTC))
    with (
        LoopbackServer(Line(stall)) as market,
        LoopbackServer(Line(hub)) as parcelhub,
        ob.Bridge(
            stores=[
                ob.store(
                    "stall", platform="marketstall", settings={"base_url": market.url, "token": PASSWORD}
                )
            ],
            suppliers=[
                ob.supplier(
                    "hub",
                    platform="parcelhub",
                    settings={"base_url": parcelhub.url, "email": EMAIL, "password": PASSWORD},
                )
            ],
            rules=[ob.SkuPrefix(prefix="HUB-", supplier="hub")],
            policy=ob.Policy(
                place=ob.Who.AUTOMATIC,
                follow_every=timedelta(milliseconds=50),
            ),
            take_from=datetime.now(UTC) - timedelta(days=1),
            journal=":memory:",
        ) as bridge,
    ):
        bridge.run_once()
        [order] = hub.orders.values()
        assert (order.lines, order.to["name"]) == ({"MUG": 2}, "Ala Nowak")
        shipment = hub.print_labels(order.id, "PKG1", now=datetime.now(UTC))
        hub.hand_over(order.id, shipment, now=datetime.now(UTC))
        for _ in range(200):
            bridge.run_once()
            if stall.closed(ref):
                break
            time.sleep(0.05)
        assert [shown.numbers for shown in stall.shown(ref)] == [("PKG1",)]
        assert (stall.mails(ref), stall.ledger) == (1, ["parcels", "status"])
        assert bridge.reviews() == ()
