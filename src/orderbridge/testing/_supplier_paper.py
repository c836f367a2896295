"""What a supplier must do that people move, without an API: a part of ``SupplierSuite``."""

from __future__ import annotations

import csv
import io
import re
from abc import abstractmethod

import attrs
import pytest

from .. import Address, Document, PurchaseOrder
from ..adapters import MovedByPeople, OrdersItself, Past, Placement
from ..errors import Unsupported
from ._bench import Bench
from ._demands import Demands
from .simulator import SupplierSide

__all__ = ["OnPaper"]

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s()./-]*$)")  # what spreadsheets would run


class OnPaper(Demands):
    """Demands on orders that are written down."""

    @abstractmethod
    def side(self) -> SupplierSide:
        """The platform, with nobody behind it."""

    @abstractmethod
    def shopper(self) -> Address:
        """Whom everything goes to."""

    @abstractmethod
    def order(self, side: SupplierSide, *quantities: str) -> PurchaseOrder:
        """A purchase order for so many of the first goods."""

    def test_what_people_move_is_placed_by_being_written_down_once(self) -> None:
        """Without a call, under one number for ever, and with all its units; a hub takes no order at all."""
        side = self.side()
        adapter, po = side.adapter, self._paper(side, shopper=self.shopper(), number="4711")[0]
        if isinstance(adapter, OrdersItself):
            with pytest.raises(Unsupported):
                Bench(side).run(adapter.place(po, Past()))
            return
        results = {
            repr(Bench(self.side()).run(adapter.place(po, past))) for past in (Past(), Past(attempted=True))
        }
        result = Bench(side).run(adapter.place(po, Past()))
        assert isinstance(result, Placement), f"place: comes to {result}"
        assert results == {repr(result)}, "the same purchase order was placed as another one"
        refs = [placed.supplier_ref for placed in result.placed]
        assert len(refs) == 1, f"place: one order was asked for, and it comes to {refs or 'none'}"
        placed = result.placed[0]
        assert placed.supplier_ref, "nobody can say which order it is"
        assert placed.lines is None or dict(placed.lines) == po.units

    def test_how_far_an_order_is_that_people_move_is_asked_of_people(self) -> None:
        """A status out of nowhere would be shown in the shop."""
        side = self.side()
        po, _ = self._paper(side, shopper=self.shopper(), number="4711")
        with pytest.raises(Unsupported):
            Bench(side).run(side.adapter.fetch(po))

    def test_paper_names_all_that_is_to_be_sent_and_is_the_same_each_time(self) -> None:
        """Our reference, each product, and whom it goes to; a second print looks like no second order."""
        side = self.side()
        po, documents = self._paper(side, shopper=self.shopper(), number="4711")
        assert documents == self._paper(self.side(), shopper=self.shopper(), number="4711")[1]
        to = self.shopper()
        wanted = (po.reference, to.name, to.line1, to.postal_code, to.city, *po.units)
        texts = [each.body.decode() for each in documents if each.media_type.startswith("text/")]
        lacks = [[word for word in wanted if word not in text] for text in texts]
        assert not texts or [] in lacks, "no document has all that is to be sent, and whereto"
        assert to.name not in repr(documents), "a repr names the shopper"

    def test_words_of_a_shopper_do_no_harm_on_paper(self) -> None:
        """A shopper chooses them: they are no formulas, no markup and no path."""
        wicked = attrs.evolve(
            self.shopper(),
            name='=HYPERLINK("https://x.example")',
            line1="+cmd|'x'!A1",
            city="<script>x</script>",
        )
        _, documents = self._paper(self.side(), shopper=wicked, number="../../etc/passwd")
        names = [document.name for document in documents]
        assert len(set(names)) == len(names), "one file would overwrite the other"
        for document in documents:
            assert _FILE_NAME.fullmatch(document.name), f"{document.name!r} is no name that is safe anywhere"
            text = document.body.decode("utf-8-sig") if document.media_type.startswith("text/") else ""
            if document.media_type == "text/csv":
                cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
                assert not [cell for cell in cells if _FORMULA.match(cell)], f"{document.name} has a formula"
            if document.media_type == "text/html":
                assert "<script>x" not in text, f"{document.name} has a shopper's markup"

    def _paper(
        self, side: SupplierSide, *, shopper: Address, number: str
    ) -> tuple[PurchaseOrder, tuple[Document, ...]]:
        if not isinstance(side.adapter, MovedByPeople):
            pytest.skip("is told by itself")
        po = attrs.evolve(self.order(side, "2", "1"), ship_to=shopper, order_number=number)
        documents = side.adapter.documents(po)
        assert documents or isinstance(side.adapter, OrdersItself), "nobody could learn of the order"
        return po, documents
