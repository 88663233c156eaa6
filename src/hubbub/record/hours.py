"""When a person's rows are from, by receipt: from this she can be told who read them."""

from collections.abc import Iterable, Mapping

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.deal.reads import HOUR, Given, Reader
from hubbub.deal.stamp import cells_of, only
from hubbub.terms.catalogue import STAMP
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category, Cell, Recipient
from hubbub.terms.time import Instant

type Closed = Mapping[tuple[int, Cell], Instant]
"""When which cell was closed on which receipt."""


def hours_asked(subject: Subject) -> ir.Table:
    """Ask in which hours there are rows of one person, and under which stamp."""
    rows = ibis.table({"subject": "int64", "at": "int64", **STAMP}, name="rows")
    hour = (rows["at"] // HOUR).cast("int64").name("hour")
    theirs = rows.filter(rows["subject"] == int(subject)).select("receipt", "may", hour)
    return theirs.distinct().order_by("hour")


def given(
    hours: pa.Table, category: Category, closed: Closed, *, recipients: Iterable[Recipient]
) -> dict[Reader, list[Given]]:
    """Tell for each reader in which hours there are rows of `category` for it, and until when."""
    by_stamp: dict[tuple[int, int], list[Instant]] = {}
    for row in hours.to_pylist():
        stamp = (row["receipt"], row["may"])
        by_stamp.setdefault(stamp, []).append(Instant(row["hour"] * HOUR))
    known = tuple(recipients)
    found: dict[Reader, list[Given]] = {}
    for (receipt, may), at in by_stamp.items():
        for cell in cells_of(only(category, may), known):
            reader = (cell.category.value, cell.purpose.key, str(cell.recipient))
            theirs = Given(hours=tuple(at), closed_at=closed.get((receipt, cell)))
            found.setdefault(reader, []).append(theirs)
    return found
