"""The notices that were ever in force, as they rest: another text is another version."""

from importlib import resources

import sqlalchemy as sa

from hubbub.deal.notice import Notice, Operator, read_notice
from hubbub.record.deal_store_tables import NOTICE
from hubbub.terms.time import Instant

_NEWEST = sa.select(NOTICE.c.document).order_by(NOTICE.c.version.desc()).limit(1)


def notice_in_force(connection: sa.Connection) -> Notice:
    """Give the notice in force."""
    return read_notice(connection.scalars(_NEWEST).one())


def publish(connection: sa.Connection, operator: Operator | None, *, at: Instant) -> None:
    """Put the notice that this program ships in force, unless it is: as a new version, if changed.

    Nobody's deal changes by it: receipts stay under the notice that their people were told.
    """
    text = read_notice(resources.files("hubbub.deal").joinpath("notice.json").read_bytes())
    in_force = connection.scalars(_NEWEST).one_or_none()
    before = in_force and read_notice(in_force)
    version = before.version if before else 0
    operator = operator or (before.operator if before else text.operator)
    if before and before == text.published(version, operator):
        return
    notice = text.published(version + 1, operator)
    connection.execute(
        sa.insert(NOTICE).values(
            version=notice.version,
            sha256=notice.sha256,
            published_at=at,
            document=notice.canonical(),
        )
    )
