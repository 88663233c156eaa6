"""What was refused, counted by reason.

Whose it was stays in memory, for that person to see, and is gone with the process: on disk, there
is nobody in the counts.
"""

from collections import Counter, OrderedDict
from typing import Final

from hubbub.deal.desk import Deals
from hubbub.deal.own import Own, derive_own, own_entry
from hubbub.intake.tally import Tally
from hubbub.terms.people import Subject

PEOPLE_MAX: Final = 100_000


class Refusals(Tally[str]):
    """Counts refused rows and hands the sums to the deal a moment later."""

    def __init__(self, deals: Deals) -> None:
        """Hand the counts to `deals`."""
        super().__init__(deals.count_refused)
        self.totals: Counter[str] = Counter()
        self._of: OrderedDict[Subject, Counter[str]] = OrderedDict()

    def count(self, key: str, times: int) -> None:
        """Count rows that are not stored because of a reason, the `key`."""
        self.totals[key] += times
        super().count(key, times)

    def count_of(self, subject: Subject, reason: str, rows: int) -> None:
        """Count rows of one person that are not stored."""
        self.count(reason, rows)
        if rows == 0:
            return
        self._of.setdefault(subject, Counter())[reason] += rows
        self._of.move_to_end(subject)
        if len(self._of) > PEOPLE_MAX:
            self._of.popitem(last=False)

    def own(self, subject: Subject) -> Own[dict[str, int]]:
        """Give one person's refused rows, by reason, since this process started."""
        return derive_own(own_entry(self._of, subject), lambda rows: dict(rows or {}))
