"""Opens the ledger for spending: only the processes that publish do so."""

from typing import Final

from hubbub.crowd.book import Cap, standard_caps
from hubbub.record.ledger import Ledger
from hubbub.run.home import Home
from hubbub.run.products import EVERY_DECLARATION

CAPS: Final = standard_caps(EVERY_DECLARATION, everything=Cap(epsilon=6.1, delta=1e-8))
"""Each product has its own budget, and all of the person-day promise one together."""


def open_ledger(home: Home) -> Ledger:
    """Open the ledger for spending. Raises `LedgerLost` when the rows know it not."""
    return Ledger(home.ledger, witness=home.ledger_witness, caps=CAPS)
