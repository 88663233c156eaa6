"""Deals that are paused: what rests of them is neither read nor deleted, and nothing more comes.

That is how GDPR article 18 has it: what is restricted is stored, and not otherwise processed. To
take more in would be processing, so a row that was collected in a pause is refused, then and later.
"""

from typing import Final

import sqlalchemy as sa

from hubbub.record.deal_store_tables import PAUSE, RECEIPT
from hubbub.terms.people import Subject
from hubbub.terms.time import Instant

_NEWEST: Final = sa.select(sa.func.max(PAUSE.c.step)).group_by(PAUSE.c.subject)
_PAUSED: Final = sa.select(PAUSE.c.subject).where(PAUSE.c.step.in_(_NEWEST), PAUSE.c.paused)


def paused_receipts() -> sa.Select[tuple[int]]:
    """Select every receipt of everybody whose deal is paused."""
    return sa.select(RECEIPT.c.number).where(RECEIPT.c.subject.in_(_PAUSED))


def paused_subjects() -> sa.Select[tuple[int]]:
    """Select everybody whose deal is paused."""
    return _PAUSED


def resumed() -> sa.Select[tuple[int, int]]:
    """Select when the deal of whom went on after its last pause."""
    newest = sa.func.max(PAUSE.c.at).label("at")
    went_on = sa.select(PAUSE.c.subject, newest).where(~PAUSE.c.paused)
    return went_on.group_by(PAUSE.c.subject)


def paused_people(connection: sa.Connection) -> int:
    """Count those whose deal is paused."""
    return connection.scalar(sa.select(sa.func.count()).select_from(_PAUSED.subquery())) or 0


def paused_since(connection: sa.Connection, subject: Subject) -> Instant | None:
    """Tell since when the deal of `subject` is paused. None: it is not."""
    newest = sa.select(PAUSE).where(PAUSE.c.subject == subject).order_by(PAUSE.c.step.desc())
    row = connection.execute(newest.limit(1)).one_or_none()
    return Instant(row.at) if row is not None and row.paused else None


def resumed_at(connection: sa.Connection, subject: Subject) -> Instant:
    """Tell when the deal of `subject` went on after its last pause: 0 if there was none."""
    ended = sa.select(sa.func.max(PAUSE.c.at)).where(PAUSE.c.subject == subject, ~PAUSE.c.paused)
    return Instant(connection.scalar(ended) or 0)


def pause(connection: sa.Connection, subject: Subject, method: str, *, at: Instant) -> Instant:
    """Pause the deal of `subject`, and tell since when it is."""
    since = paused_since(connection, subject)
    if since is None:
        _step(connection, subject, method, at=at, paused=True)
    return at if since is None else since


def resume(connection: sa.Connection, subject: Subject, method: str, *, at: Instant) -> None:
    """Let the deal of `subject` go on, if it is paused."""
    if paused_since(connection, subject) is not None:
        _step(connection, subject, method, at=at, paused=False)


def _step(
    connection: sa.Connection, subject: Subject, method: str, *, at: Instant, paused: bool
) -> None:
    step = {"subject": subject, "at": at, "paused": paused, "method": method}
    connection.execute(sa.insert(PAUSE), step)
