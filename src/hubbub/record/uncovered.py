"""Rows that no cell of any deal covers any more: nobody may read them again, so they go."""

import numpy as np
import pyarrow as pa

from hubbub.record.events import Doomed


def uncovered(dead_bits: pa.Table) -> Doomed:
    """Tell which rows are left without a live cell, of one category.

    `dead_bits` has a row for each receipt on which something was closed: `receipt`, and in `bits`
    all that was. Granting again opens nothing on it.
    """
    by_receipt = dead_bits.sort_by("receipt")
    receipts, bits = by_receipt["receipt"].to_numpy(), by_receipt["bits"].to_numpy()

    def doomed(rows: pa.Table) -> pa.ChunkedArray:
        receipt, may = rows["receipt"].to_numpy(), rows["may"].to_numpy()
        shut = np.zeros(len(may), np.int64)
        if len(receipts):
            places = np.minimum(np.searchsorted(receipts, receipt), len(receipts) - 1)
            shut = np.where(receipts[places] == receipt, bits[places], 0)
        return pa.chunked_array([pa.array((may & ~shut) == 0)])

    return doomed
