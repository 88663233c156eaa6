"""Counts of how services are used, in this house: until when each is kept, and who may read it.

Times of them are the machine's: a house that replays a recorded day does not replay its messages.
"""

from collections.abc import Mapping

from hubbub.record.deal_store import DealStore
from hubbub.record.events import DAY, Doomed
from hubbub.record.uncovered import uncovered
from hubbub.terms.catalogue import CATEGORIES
from hubbub.terms.time import Instant
from hubbub.terms.use import USE_TABLES, UseTable


def kept_since(deals: DealStore, *, now: Instant) -> dict[UseTable, Instant]:
    """Tell from when on each table is kept: as long ago as the notice says."""
    days = {table: deals.keep_days(CATEGORIES[table]) for table in USE_TABLES}
    return {table: Instant(now - days[table] * DAY) for table in USE_TABLES}


def nobodys(deals: DealStore) -> Mapping[UseTable, Doomed]:
    """Tell for each table which rows are left without a purpose."""
    return {table: uncovered(deals.histories.dead_bits(CATEGORIES[table])) for table in USE_TABLES}
