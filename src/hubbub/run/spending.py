"""Opens the ledger for spending: only the processes that publish do so."""

from typing import Final

from hubbub.crowd.book import Cap, standard_caps
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL
from hubbub.record.ledger import Ledger
from hubbub.run.home import Home

CAPS: Final = standard_caps(
    (LIVE_DAY, LIVE_PASSAGE, TYPICAL), everything=Cap(epsilon=6.1, delta=1e-8)
)
"""Each product has its own budget, and all of the person-day promise one together."""


def open_ledger(home: Home) -> Ledger:
    """Open the ledger for spending. Raises `LedgerLost` when the rows know it not."""
    return Ledger(home.ledger, witness=home.ledger_witness, caps=CAPS)
