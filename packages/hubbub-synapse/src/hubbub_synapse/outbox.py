# SPDX-License-Identifier: AGPL-3.0-or-later
"""The outbox in Synapse's own database: a row grows until its time is over, and then is shared.

The cursor over the events moves in the transaction that counts them, so that each is counted once,
whenever Synapse is killed; and one backup holds both.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Protocol

from hubbub_synapse import statements as sql
from hubbub_synapse.counting import NO_RECEIPT, NOBODY, Counting, Row, Sent, rows_of
from hubbub_synapse.grants import About, Known

EVENTS_AT_ONCE: Final = 500
ROWS_AT_ONCE: Final = 500

_EVENTS: Final = "events"
_CLOSED_MS: Final = "closed_ms"


class Transaction(Protocol):
    """As much of a database transaction as is used, of Synapse's or of anybody's."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Any:  # noqa: ANN401
        """Run a statement."""
        ...

    def fetchall(self) -> list[Any]:
        """Give what it found."""
        ...


@contextmanager
def guarded(txn: Transaction, *, role: str | None, is_sqlite: bool) -> Iterator[None]:
    """Do what follows without a way to read a message, and leave no byte of what is deleted.

    PostgreSQL: as a `role` that was given the columns of `READS` and no other.
    """
    if role is not None:
        txn.execute(sql.BECOME + role)
    if not is_sqlite:
        yield
        return
    ((before,),) = _all(txn, sql.IS_SECURE)
    txn.execute(sql.SECURE + "1")
    yield
    txn.execute(sql.SECURE + str(int(before)))  # Synapse's own deletions are as fast as they were


def prepare(txn: Transaction, *, newest: int) -> None:
    """Make the tables, once. What was sent before there was a module is not counted."""
    for statement in sql.MAKE_TABLES:
        txn.execute(statement)
    txn.execute(sql.BEGIN_AT, (_EVENTS, newest))
    txn.execute(sql.BEGIN_AT, (_CLOSED_MS, 0))


def tail(txn: Transaction, by: Counting, *, upto: int) -> bool:
    """Count some of what was sent up to a place of the stream. Tells whether that was all of it."""
    place = _place(txn, _EVENTS)
    if place >= upto:
        return True
    sent = [Sent(*row) for row in _all(txn, sql.SENT, place, upto, EVENTS_AT_ONCE)]
    closed_ms = _place(txn, _CLOSED_MS)

    @cache
    def members(room: str) -> list[str]:
        return [person for (person,) in _all(txn, sql.MEMBERS, room)]

    @cache
    def agent(person: str) -> str | None:
        return next((said for (said,) in _all(txn, sql.AGENT, person)), None)

    counted = Counter(
        row
        for each in sent
        for row in rows_of(each, by, closed_ms=closed_ms, members=members, agent=agent)
    )
    for row, times in counted.items():
        txn.execute(sql.COUNT, row._replace(times=times))
    is_all = len(sent) < EVENTS_AT_ONCE
    _move(txn, _EVENTS, upto if is_all else sent[-1].place)
    return is_all


def close(txn: Transaction, *, until_ms: int) -> None:
    """Let no row grow any more whose time was over at `until_ms`. All up to then is counted."""
    _move(txn, _CLOSED_MS, until_ms)


def over(txn: Transaction) -> list[Row]:
    """Give some of the rows that do not grow any more."""
    return [Row(*row) for row in _all(txn, sql.OVER, _place(txn, _CLOSED_MS), ROWS_AT_ONCE)]


def take_out(txn: Transaction, rows: Iterable[Row]) -> None:
    """Delete rows, and leave no byte of them."""
    for row in rows:
        key = (row.person, row.receipt, row.at_ms, row.about, row.kind, row.room)
        txn.execute(sql.TAKE_OUT, (*key, row.other_receipt))


def forget_uncovered(txn: Transaction, known: Known) -> None:
    """Delete what waits of people who agreed to it no more, and take their names out of the rest.

    hubbub refuses it as well, but until then nothing of it needs to be here.
    """
    for person, about in _all(txn, sql.WAITING):
        if not _covers(known, person, About(about)):
            txn.execute(sql.FORGET_ABOUT, (person, about))
    for _, other in _all(txn, sql.NAMED):
        if not _covers(known, other, About.CONTACTS):
            _unname(txn, other)


def forget(txn: Transaction, person: str) -> None:
    """Delete what waits of somebody who leaves, and take their name out of the rest."""
    txn.execute(sql.FORGET, (person,))
    _unname(txn, person)


def _unname(txn: Transaction, other: str) -> None:
    naming = [Row(*row) for row in _all(txn, sql.NAMING, other)]
    take_out(txn, naming)
    for row in naming:
        txn.execute(sql.COUNT, row._replace(other_person=NOBODY, other_receipt=NO_RECEIPT))


def _covers(known: Known, person: str, about: About) -> bool:
    grant = known.of.get(person)
    return grant is not None and grant.may[about] != 0


def _place(txn: Transaction, name: str) -> int:
    ((place,),) = _all(txn, sql.PLACE, name)
    return int(place)


def _move(txn: Transaction, name: str, place: int) -> None:
    txn.execute(sql.MOVE, (place, name, place))


def _all(txn: Transaction, statement: str, *parameters: str | int) -> list[Any]:
    txn.execute(statement, parameters)
    return txn.fetchall()
