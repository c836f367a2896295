"""The links of products to suppliers, and what the suppliers say of what they sell."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ._canonical import stamp
from ._journal_rows import Part, Row, int_in, text_in
from ._model import Money, ProductLink
from ._records import Offer

__all__ = ["Links"]


class Links(Part):
    """Which product is which remote id, which part of a supplier sells it, and on what terms."""

    def put_link(self, link: ProductLink) -> None:
        self._rows.run(
            "put_link",
            store=link.store,
            link_key=link.key,
            supplier=link.supplier,
            remote_id=link.remote_id,
            factor=str(link.factor),
            cost="" if link.cost is None else str(link.cost),
            priority=link.priority,
        )

    def drop_link(self, link: ProductLink) -> None:
        self._rows.run(
            "drop_link",
            store=link.store,
            link_key=link.key,
            supplier=link.supplier,
            remote_id=link.remote_id,
        )

    def links_of(self, store: str, key: str) -> tuple[ProductLink, ...]:
        return tuple(_link(row) for row in self._rows.run("links_of", store=store, link_key=key))

    def links(self, store: str = "", *, owner: str = "") -> tuple[ProductLink, ...]:
        return tuple(_link(row) for row in self._rows.run("list_links", store=store, owner=owner))

    def put_part(self, supplier: str, remote_id: str, part: str, *, until: datetime) -> None:
        """Which part of the supplier a remote id belongs to, and until when that is believed."""
        self._rows.run("put_part", supplier=supplier, remote_id=remote_id, part=part, until=stamp(until))

    def drop_part(self, supplier: str, remote_id: str) -> None:
        """It is to be asked anew."""
        self._rows.run("drop_part", supplier=supplier, remote_id=remote_id)

    def drop_unsold(self) -> None:
        """What nobody sold lately is to be asked anew."""
        self._rows.run("drop_unsold")

    def part_of(self, supplier: str, remote_id: str, *, now: datetime) -> str | None:
        """The part a remote id belongs to; empty if the supplier does not sell it, None if nobody asked."""
        found = self._rows.run("get_part", supplier=supplier, remote_id=remote_id, now=stamp(now))
        return text_in(found[0], "part") if found else None

    def put_offer(self, supplier: str, remote_id: str, offer: Offer, at: datetime) -> None:
        """What the supplier asks for it now, and how many it has."""
        self._rows.run(
            "put_offer",
            supplier=supplier,
            remote_id=remote_id,
            price="" if offer.price is None else str(offer.price),
            available=None if offer.available is None else str(offer.available),
            seen_at=stamp(at),
        )

    def offer(self, supplier: str, remote_id: str, *, since: datetime) -> Offer | None:
        """What the supplier said of it; None if nobody asked since then."""
        found = self._rows.run("get_offer", supplier=supplier, remote_id=remote_id, since=stamp(since))
        if not found:
            return None
        row = found[0]
        return Offer(
            price=Money.parse(price) if (price := text_in(row, "price")) else None,
            available=Decimal(text_in(row, "available")) if row["available"] is not None else None,
        )


def _link(row: Row) -> ProductLink:
    return ProductLink(
        store=text_in(row, "store"),
        key=text_in(row, "link_key"),
        supplier=text_in(row, "supplier"),
        remote_id=text_in(row, "remote_id"),
        factor=Decimal(text_in(row, "factor")),
        cost=Money.parse(cost) if (cost := text_in(row, "cost")) else None,
        priority=int_in(row, "priority"),
    )
