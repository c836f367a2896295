"""What people want after the fact: of a supplier (cases), and done in the shop (tasks)."""

from __future__ import annotations

from ._canonical import dump, load, stamp
from ._journal_purchases import Purchases
from ._journal_rows import text_in, when
from ._states import CaseKind
from ._wishes import Case, Task

__all__ = ["Cases"]


class Cases(Purchases):
    """Cases with suppliers, and tasks for the shop."""

    def case(self, case_id: str) -> Case | None:
        found = self._rows.run("get_case", id=case_id)
        return load(Case, text_in(found[0], "doc")) if found else None

    def cases_of(self, order_id: str) -> tuple[Case, ...]:
        rows = self._rows.run("cases_of", order_id=order_id)
        return tuple(load(Case, text_in(row, "doc")) for row in rows)

    def cases(
        self,
        *,
        purchase_order: str = "",
        kind: CaseKind | None = None,
        everything: bool = True,
        owner: str = "",
        after: str = "",
        limit: int = 100,
    ) -> tuple[Case, ...]:
        """Cases by id; with ``everything`` those that are over too."""
        rows = self._rows.run(
            "list_cases",
            po_id=purchase_order,
            kind="" if kind is None else kind.value,
            everything=int(everything),
            owner=owner,
            after=after,
            limit=limit,
        )
        return tuple(load(Case, text_in(row, "doc")) for row in rows)

    def put_case(self, case: Case) -> None:
        self._rows.run(
            "put_case",
            id=case.id,
            order_id=case.order_id,
            po_id=case.purchase_order,
            key=case.key,
            kind=case.kind.value,
            state=case.state.value,
            opened_at=stamp(case.opened_at),
            doc=dump(case),
        )
        purchase = self.purchase(case.purchase_order)
        supplier = "" if purchase is None else purchase.po.supplier
        tabs = [tab.value for tab in case.tabs]
        self._stand(case.order_id, about=case.id, tabs=tabs, supplier=supplier)

    def tasks(self, order_id: str) -> tuple[Task, ...]:
        rows = self._rows.run("tasks_of", order_id=order_id)
        return tuple(load(Task, text_in(row, "doc")) for row in rows)

    def tasks_due(self, owner: str) -> tuple[Task, ...]:
        """Those that are still to be done and go on by themselves, of one owner or of all."""
        return tuple(load(Task, text_in(row, "doc")) for row in self._rows.run("tasks_due", owner=owner))

    def put_task(self, task: Task) -> None:
        self._rows.run(
            "put_task",
            order_id=task.order_id,
            key=task.key,
            state=task.state.value,
            created_at=stamp(task.created_at),
            next_at=when(task.next_at),
            doc=dump(task),
        )

    def _drop_tasks(self, order_id: str) -> None:
        self._rows.run("drop_tasks", order_id=order_id)
