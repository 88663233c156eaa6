"""`hubbub intake FILE…`: takes in files of pings, through the same admission as the door's."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from hubbub.deal.desk import Badge, DeviceName, UnknownDevice
from hubbub.intake.admission import Admission
from hubbub.intake.files import FileBatch, read_file
from hubbub.intake.limits import Limits
from hubbub.intake.ping import Rejected
from hubbub.record.deal_store import DealStore
from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.seen import Seen
from hubbub.run.city import current_city
from hubbub.run.clock import StillClock
from hubbub.run.home import Home, HomeTaken, taken
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.settings import read_settings
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import Category, LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant

_TOLD_MAX: Final = 20
_AGREED_BEFORE_US: Final = 60 * SECOND
_PAST_S_MAX: Final = 400 * 86_400
_METHOD: Final = "attested by the operator"


class BadRow(msgspec.Struct, frozen=True):
    """Why a row of a file was not taken. Never its value."""

    file: str
    row: int
    field: str
    expected: str


class Loaded(msgspec.Struct, frozen=True):
    """What became of the rows of some files."""

    accepted: int
    duplicates: int
    refused: dict[str, int]  # rows, by reason
    rejected: list[BadRow]  # the first of them


def load_files(
    home: Home,
    files: Sequence[Path],
    *,
    day: date | None,
    enrol: bool,
    progress: Callable[[str, float], None],
) -> Loaded:
    """Take in `files`; with `enrol`, their devices make a deal first, dated before their rows."""
    midnight = None if day is None else datetime.combine(day, time(), _zone(home))
    for file in files:
        if not file.is_file():
            raise BadInput(f"{file}: no such file")
    batches = [batch for file in files for batch in read_file(file, midnight=midnight)]
    if enrol:
        _enrol(home, batches, progress=progress)
    loaded = asyncio.run(_admit(home, batches, progress=progress))
    _drain_unless_up(home)
    return loaded


def _zone(home: Home) -> ZoneInfo:
    return current_city(home).zone


def _enrol(
    home: Home, batches: Sequence[FileBatch], *, progress: Callable[[str, float], None]
) -> None:
    times = [int(batch.parsed.rows["at"].min()) for batch in batches if len(batch.parsed.rows)]
    if not times:
        return
    agreed_at = Instant(min(times) - _AGREED_BEFORE_US)
    deals = open_deals(home, read_settings(home.folder), StillClock(agreed_at))
    names = sorted({batch.device for batch in batches if batch.device})
    for number, name in enumerate(names, 1):
        if _badge(deals, name) is None:
            deals.enrol(name, frozenset({Traffic, LiveTraffic}), _METHOD)
        progress("enrolling the devices", number / len(names))
    deals.close()


async def _admit(
    home: Home, batches: Sequence[FileBatch], *, progress: Callable[[str, float], None]
) -> Loaded:
    settings = read_settings(home.folder)
    clock = house_clock(settings)
    deals = open_deals(home, settings, clock)
    journal = Journal(home.journal)
    seen = Seen(EventStore(home.events), journal, folder=home.journal)
    limits = Limits(past_s_max=_PAST_S_MAX)
    admission = Admission(deals, journal, seen, clock=clock, limits=limits)
    refused: Counter[str] = Counter()
    rejected: list[BadRow] = []
    try:
        for number, batch in enumerate(batches, 1):
            badge = _badge(deals, batch.device) if batch.device else None
            if badge is None or not badge.stamp(Category.LOCATION):
                reason = _why_not(badge, batch.device)
                refused[reason] += len(batch.parsed.rows)
                if len(batch.parsed.rows):
                    deals.count_refused(reason, len(batch.parsed.rows))
                rejected += _bad_rows(batch, batch.parsed.rejected)
            else:
                admitted = await admission.admit(badge, batch.parsed)
                rejected += _bad_rows(batch, admitted.rejected)
            progress("taking in the rows", number / len(batches))
        await admission.refusals.flush()
    finally:
        journal.close()
        deals.close()
    refused["bad-row"] += len({(bad.file, bad.row) for bad in rejected})
    return Loaded(
        accepted=admission.accepted,
        duplicates=admission.duplicates,
        refused={reason: rows for reason, rows in refused.items() if rows},
        rejected=rejected[:_TOLD_MAX],
    )


def _why_not(badge: Badge | None, device: str | None) -> str:
    if badge is not None:
        return "paused" if badge.paused else "withdrawn"
    return "unknown-device" if device else "bad-row"


def _bad_rows(batch: FileBatch, rejected: Sequence[Rejected]) -> Iterator[BadRow]:
    for row in rejected:
        yield BadRow(batch.file.name, row.row, row.field, row.expected)


def _badge(deals: DealStore, device: str) -> Badge | None:
    try:
        return deals.badge_of(DeviceName(device))
    except UnknownDevice:
        return None


def _drain_unless_up(home: Home) -> None:
    """Put the rows into the store, unless a running keeper does so anyway."""
    try:
        with taken(home):
            settings = read_settings(home.folder)
            deals = open_deals(home, settings, house_clock(settings))
            open_record(home, deals).drain()
            deals.close()
    except HomeTaken:
        return
