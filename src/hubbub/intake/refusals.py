"""What was refused, counted by reason."""

from collections import Counter

from hubbub.deal.desk import Deals
from hubbub.intake.tally import Tally


class Refusals(Tally[str]):
    """Counts refused rows and hands the sums to the deal a moment later."""

    def __init__(self, deals: Deals) -> None:
        """Hand the counts to `deals`."""
        super().__init__(deals.count_refused)
        self.totals: Counter[str] = Counter()

    def count(self, key: str, times: int) -> None:
        """Count rows that are not stored because of a reason, the `key`."""
        self.totals[key] += times
        super().count(key, times)
