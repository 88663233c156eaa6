"""The notices that were ever in force, as they rest: another text is another version."""

from importlib import resources
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from hubbub.deal.notice import (
    Draft,
    Notice,
    Operator,
    Region,
    draft,
    hash_of,
    read_addition,
    read_notice,
    read_notice_text,
    read_regions,
)
from hubbub.deal.notice_changes import Changes, changes
from hubbub.record.deal_store_standing import Standing
from hubbub.record.deal_store_tables import NOTICE
from hubbub.terms.purposes import Category
from hubbub.terms.time import Instant

REGION: Final = "EU"
"""Whose law a notice is told under, unless the operator says otherwise."""

_DAYS_MAX: Final = 3660  # what no notice exceeds: of a category that it does not tell of
_NEWEST = sa.select(NOTICE).order_by(NOTICE.c.version.desc()).limit(1)


class _UseBefore(msgspec.Struct):
    retention_days: int


class _NoticeBefore(msgspec.Struct):
    """As far as it is read: a notice from before every category had its own retention."""

    uses: list[_UseBefore]


def packaged(name: str) -> bytes:
    """Give a file of the deal that hubbub brings."""
    return resources.files("hubbub.deal").joinpath(name).read_bytes()


def packaged_regions() -> dict[str, Region]:
    """Give the regions whose law hubbub brings."""
    return read_regions(packaged("regions.json"))


def shipped(
    operator: Operator | None = None, region: str = REGION, *, messages: bool = False
) -> Draft:
    """Give the notice that hubbub brings, in the name of `operator`; of `messages` as well."""
    text = read_notice_text(packaged("notice.json"))
    if messages:
        text = read_addition(packaged("notice_of_messages.json")).to(text)
    told = replace(text, operator=operator or text.operator)
    return draft(told, region, packaged_regions())


def notice_in_force(connection: sa.Connection) -> Notice:
    """Give the notice in force."""
    return read_notice(connection.execute(_NEWEST).one().document)


def document_of(connection: sa.Connection, name: str) -> bytes | None:
    """Give the notice of this version or hash, as it was published."""
    is_it = NOTICE.c.version == int(name) if name.isdecimal() else NOTICE.c.sha256 == name
    return connection.scalars(sa.select(NOTICE.c.document).where(is_it)).one_or_none()


def changes_since(connection: sa.Connection, standing: Standing) -> Changes:
    """Compare the notice in force with the oldest that anything is agreed to under."""
    assert standing.before is not None, "a device that is known has a receipt"
    agreed = {use.under for use in standing.before.carried()} or {standing.before.notice.sha256}
    there = sa.select(NOTICE).where(NOTICE.c.sha256.in_(agreed)).order_by(NOTICE.c.version)
    then, now = connection.execute(there.limit(1)).one(), connection.execute(_NEWEST).one()
    return Changes(
        agreed_version=then.version,
        version=now.version,
        changes=changes(then.document, now.document),
    )


def days_kept(connection: sa.Connection, category: Category) -> int:
    """Give the shortest time that any notice said of `category`: no later one makes it longer."""
    return min(_days(row, category) for row in connection.scalars(sa.select(NOTICE.c.document)))


def publish(connection: sa.Connection, told: Draft | None, *, at: Instant) -> None:
    """Put what is `told` in force, unless it is: as a new version, if anything is changed.

    Nobody's deal changes by it: what was agreed to stays under the notice it was agreed under. If
    nothing is told, what is in force stays so, and in a new deal, what hubbub brings becomes so.
    """
    before = connection.execute(_NEWEST).one_or_none()
    if before is not None and told is None and _is_of_now(before.document):
        return
    told, version = told or shipped(), before.version if before else 0
    if before is not None and before.document == told.published(version).canonical():
        return
    document = told.published(version + 1).canonical()
    connection.execute(
        sa.insert(NOTICE).values(
            version=version + 1,
            sha256=hash_of(document),
            published_at=at,
            document=document,
        )
    )


def _is_of_now(document: bytes) -> bool:
    try:
        read_notice(document)
    except msgspec.ValidationError:
        return False
    return True


def _days(document: bytes, category: Category) -> int:
    if _is_of_now(document):
        told = [each for each in read_notice(document).categories if each.category == category]
        return min((each.retention_days for each in told), default=_DAYS_MAX)
    before = msgspec.json.decode(document, type=_NoticeBefore)
    return max(use.retention_days for use in before.uses)
