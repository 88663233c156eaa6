"""The deal in numbers, as it rests: how many agreed to what. Nobody is named."""

import re
from collections import Counter

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.desk import DealStatus
from hubbub.deal.stamp import NOTHING, cells_of
from hubbub.record.deal_store_notices import notice_in_force
from hubbub.record.deal_store_pauses import paused_people
from hubbub.record.deal_store_recipients import recipients
from hubbub.record.deal_store_tables import DEVICE, MAY, RECEIPT, REFUSED
from hubbub.terms.time import Instant, iso

_REASON = re.compile(r"[a-z][a-z-]{0,39}")
_IN_FORCE = sa.select(*(RECEIPT.c[may] for may in MAY.values())).join(
    DEVICE, DEVICE.c.receipt == RECEIPT.c.number
)


def count_refused(connection: sa.Connection, reason: str, rows: int, *, at: Instant) -> None:
    """Count `rows` that were not stored, by `reason` and UTC day."""
    assert _REASON.fullmatch(reason), "a reason is a word of ours, never one of a sender's"
    counted = insert(REFUSED).values(day=iso(at)[:10], reason=reason, rows=rows)
    connection.execute(
        counted.on_conflict_do_update(
            index_elements=["day", "reason"],
            set_={"rows": REFUSED.c.rows + counted.excluded.rows},
        )
    )


def status_of(connection: sa.Connection) -> DealStatus:
    """Count, without naming."""
    notice, known = notice_in_force(connection), recipients(connection)
    agreed = Counter(tuple(row) for row in connection.execute(_IN_FORCE))
    refused: dict[str, dict[str, int]] = {}
    for day, reason, rows in connection.execute(sa.select(REFUSED).order_by(*REFUSED.c)):
        refused.setdefault(day, {})[reason] = rows
    return DealStatus(
        notice_version=notice.version,
        notice_sha256=notice.sha256,
        devices=agreed.total(),
        withdrawn=agreed[NOTHING],
        paused=paused_people(connection),
        devices_by_purpose={
            purpose.key: sum(
                devices
                for granted, devices in agreed.items()
                if any(cell.purpose is purpose for cell in cells_of(granted, known))
            )
            for purpose in sorted(notice.purposes(), key=lambda purpose: purpose.index)
        },
        receipts=connection.scalar(sa.select(sa.func.count()).select_from(RECEIPT)) or 0,
        refused=refused,
    )
