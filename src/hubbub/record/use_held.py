"""Counts of how services are used, as the record gives them: through gate 1, or to their person."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.deal.gate import Permitted, permit
from hubbub.deal.own import Own, own
from hubbub.record.engine import Engine
from hubbub.record.events import Doomed
from hubbub.record.hours import hours_asked
from hubbub.record.record_leaves import dead_leaf
from hubbub.record.use_store import UseStore, columns_of, kept
from hubbub.terms.catalogue import CATEGORIES, OTHER, OTHER_STAMP, STAMP
from hubbub.terms.people import Subject
from hubbub.terms.purposes import OWN, Category, Purpose, Recipient
from hubbub.terms.time import Instant
from hubbub.terms.use import USE_TABLES, UseTable

OWN_COLUMNS: Final = (*STAMP, OTHER, *OTHER_STAMP)
"""What a person's own copy goes without: numbers of the house's, and who somebody else is."""


class HeldUse:
    """The counts of a house that has something to count."""

    def __init__(self, store: UseStore | None, *, engine: Engine) -> None:
        self._store, self._engine = store, engine

    def read[For: Purpose](
        self,
        table: UseTable,
        purpose: type[For],
        *,
        since: Instant,
        until: Instant,
        recipient: Recipient = OWN,
    ) -> Permitted[ir.Table, For]:
        """Read the rows of `table` that began in [since, until): for `Record.collect`."""
        rows = ibis.table(columns_of(table), name=f"record_use_{since}_{until}_{table}")
        category = CATEGORIES[table]
        dead = dead_leaf(category, purpose, recipient)
        return permit(rows, purpose, recipient, category=category, dead=dead)

    def between(self, table: UseTable, since: Instant, until: Instant) -> pa.Table:
        """Give what stands behind a read."""
        if self._store is None:
            return kept(table).empty_table()
        return self._store.read(table, since=since, until=until)

    def own(self, subject: Subject, table: UseTable) -> Own[pa.Table]:
        """Read the rows of one person, for that person: with whom, only as whether somebody."""
        rows = ibis.table(columns_of(table), name="rows")
        columns = [name for name in rows.columns if name not in OWN_COLUMNS]
        named = {} if table != "interactions" else {"named": rows[OTHER].notnull()}
        theirs = rows.select(*columns, **named)
        run = partial(self._engine.run, relations={"rows": self._of(subject, table)})
        return own(theirs, subject, engine=run)

    def hours(self, subject: Subject) -> Mapping[Category, pa.Table]:
        """Tell for each category in which hours there are rows of one person, under which stamp."""
        return {
            CATEGORIES[table]: self._engine.run(
                hours_asked(subject), {"rows": self._of(subject, table)}
            )
            for table in USE_TABLES
        }

    def ids(self, subject: Subject) -> tuple[bytes, ...]:
        """Give what the rows of one person are known by."""
        return () if self._store is None else self._store.ids(subject)

    def erase(self, subject: Subject) -> None:
        """Take everything of `subject` out."""
        if self._store is not None:
            self._store.erase(subject)

    def take_out(self, doomed: Mapping[UseTable, Doomed]) -> int:
        """Take the `doomed` out. Gives how many there were."""
        if self._store is None:
            return 0
        return sum(self._store.take_out(table, each) for table, each in doomed.items())

    def forget_before(self, since: Mapping[UseTable, Instant]) -> None:
        """Delete what began before `since`, table by table."""
        if self._store is not None:
            for table, each in since.items():
                self._store.forget_before(table, each)

    def _of(self, subject: Subject, table: UseTable) -> pa.Table:
        return kept(table).empty_table() if self._store is None else self._store.of(subject, table)
