"""Where nobody has written down what the gateway does, the caller chooses."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias

import attrs

from .values import RefusalPlace

__all__ = ["Habits"]

RemarkHabit: TypeAlias = Literal["shown", "cut", "hidden"]
DateField: TypeAlias = Literal["date_str", "date_timestamp"]


@attrs.frozen(kw_only=True)
class Habits:
    """What this gateway does in the open questions.

    Args:
        refusals: Where the number of a refused order stands: in ``code``, in ``sub_code``, or in a
            result below code ``"0"``.

        late_visible: A new order stands in the list only after so long. Who knows its id gets it at once.

        remark: What the order shows of it; ``"cut"`` is its first ``remark_limit`` characters.

        shows_reference: The order shows ``channel_refer_id``, as it did on the gateway before this one.

        date_field: Which one counts where a filter has both.

        cancels_paid: A paid order can be canceled by a call and is refunded, as long as nothing has left.

        china_account: The buyer's account is one of mainland China, which may not order.

        needs_country: The product description wants ``country`` in its request, as integrators found.
    """

    refusals: RefusalPlace = "code"
    late_visible: timedelta = timedelta(0)
    remark: RemarkHabit = "shown"
    remark_limit: int = 16
    shows_reference: bool = False
    date_field: DateField = "date_str"
    cancels_paid: bool = False
    china_account: bool = False
    needs_country: bool = True
