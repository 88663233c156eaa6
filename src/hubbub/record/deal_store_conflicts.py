"""What a signal said no to though its person had said yes: kept, with when, until it is erased."""

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.signals import Against, Conflict, Signal
from hubbub.deal.stamp import cells_of, only
from hubbub.record.deal_store_recipients import recipients
from hubbub.record.deal_store_tables import CONFLICT, DEVICE
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category
from hubbub.terms.time import Instant


def keep_conflict(
    connection: sa.Connection,
    subject: Subject,
    against: Against,
    *,
    at: Instant,
    times: int = 1,
) -> None:
    """Keep that a signal was against what `subject` had said yes to: once for each category."""
    signal, said_no = against
    if connection.scalar(sa.select(DEVICE.c.subject).where(DEVICE.c.subject == subject)) is None:
        return  # erased meanwhile
    for category, cells in zip(Category, said_no, strict=True):
        if cells:
            met = insert(CONFLICT).values(
                subject=subject,
                signal=signal.value,
                category=category.value,
                cells=cells,
                first_at=at,
                last_at=at,
                times=times,
            )
            connection.execute(
                met.on_conflict_do_update(
                    index_elements=["subject", "signal", "category", "cells"],
                    set_={"last_at": at, "times": CONFLICT.c.times + met.excluded.times},
                )
            )


def conflicts_of(connection: sa.Connection, subject: Subject) -> list[Conflict]:
    """Tell of all that signals were against, the latest first."""
    known = recipients(connection)
    theirs = sa.select(CONFLICT).where(CONFLICT.c.subject == subject)
    return [
        Conflict(
            signal=Signal(row.signal),
            cells=cells_of(only(Category(row.category), row.cells), known),
            first_at=Instant(row.first_at),
            last_at=Instant(row.last_at),
            times=row.times,
        )
        for row in connection.execute(theirs.order_by(CONFLICT.c.last_at.desc()))
    ]
