"""Erasure: everything about one person goes, and a search of every file of the house shows it."""

import time
from pathlib import Path
from typing import Final

import structlog
from msgspec.structs import replace

from hubbub.deal.certificate import ErasureCertificate, read_certificate
from hubbub.deal.desk import DeviceName
from hubbub.record.closed_days import ClosedDays
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_erasure import Erasure
from hubbub.record.events import Erased
from hubbub.record.journal_segments import segments
from hubbub.record.passes_log import PassesLog
from hubbub.record.record import Record
from hubbub.record.traces import Traces, search
from hubbub.run.home import Home, HomeTaken, taken
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.messenger.database import waits_there
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.settings import read_settings
from hubbub.terms.errors import HubbubError
from hubbub.terms.people import Subject
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.time import Clock, iso

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 0.2
_PATIENCE_S: Final = 120.0


class NotErasedYet(HubbubError):
    """Traces are left, or the keeper is slow. It goes on by itself: say `hubbub erase` again."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not erased yet: {why}; the keeper goes on, and `hubbub erase` tells")


class Eraser:
    """Erases who asked for it, step by step, between two rounds of the keeper.

    1. Wait until what was in the journal has come to rest: from the request on, nothing more does.
       Wait for the homeserver, too: for its module to forget, and for an account that is closed.
    2. Write every file that holds rows of theirs anew, without them.
    3. When every tail has read on, fold the log; forget device and receipts; search all files.
    4. Sign what was searched for and not found. A kill before that begins anew.
    """

    def __init__(self, home: Home, deals: DealStore, record: Record, *, clock: Clock) -> None:
        self._home, self._deals, self._record, self._clock = home, deals, record, clock
        self._days = ClosedDays(home.days)
        self._before: dict[Subject, frozenset[Path]] = {}
        self._erased: dict[Subject, tuple[Erased, Traces]] = {}
        self.trouble = ""

    def step(self) -> None:
        """Go one step on with each erasure that is not done."""
        for erasure in self._deals.erasures.pending():
            there = frozenset(segment.path for segment in segments(self._home.journal))
            if self._before.setdefault(erasure.subject, there) & there:
                continue
            if self._waits_for_the_homeserver(erasure.subject):
                continue
            if erasure.subject not in self._erased:
                self._erase(erasure.subject)
            elif self._record.fold_log():
                self._certify(erasure)

    def _waits_for_the_homeserver(self, subject: Subject) -> bool:
        joined = self._deals.messenger.of(subject)
        if joined is None:
            return False
        files = MessengerFiles(self._home.folder)
        return self._deals.messenger.is_leaving(subject) or waits_there(files, joined.account)

    def _erase(self, subject: Subject) -> None:
        moments, counts = self._record.moments(subject), self._record.use.ids(subject)
        self._deals.erasures.note(subject, rows=len(moments) + len(counts))
        known = self._deals.erasures.traces(subject)
        traces = replace(known, moments=moments, counts=counts)
        self._erased[subject] = (self._record.erase(subject), traces)
        self._days.forget()  # exact sums that this person is in: they are summed again, without

    def _certify(self, erasure: Erasure) -> None:
        subject = erasure.subject
        erased, traces = self._erased[subject]
        self._deals.erasures.forget(subject)
        searched = search(self._home.folder, traces)
        if searched.found_in:
            self.trouble = f"an erasure left traces in {', '.join(searched.found_in)}"
            log.error("an erasure left traces", files=searched.found_in)
            del self._erased[subject]  # again, from the rows on
            return
        rows, receipts = self._deals.erasures.found(subject)
        certificate = ErasureCertificate(
            about=erasure.about,
            operator=self._deals.notice().operator.name,
            requested_at=iso(erasure.requested_at),
            erased_at=iso(self._clock.now()),
            rows_erased=rows,
            receipts_erased=receipts,
            searched_for=traces.kinds(),
            files_searched=searched.files,
            bytes_searched=searched.size_bytes,
            files_rewritten=erased.files,
            others_rows_sha256=erased.others_sha256,
        )
        self._deals.erasures.finish(subject, self._deals.certify(certificate).document())
        del self._erased[subject], self._before[subject]
        self.trouble = ""


def erase(home: Home, device: str, *, method: str) -> ErasureCertificate:
    """Erase everything about `device`, by the keeper that runs or, without one, here."""
    settings = read_settings(home.folder)
    clock = house_clock(settings)
    deals = open_deals(home, settings, clock)
    try:
        subject = deals.erase(DeviceName(device), method).subject
        trouble = ""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            try:
                with taken(home):
                    trouble = erase_waiting(home, deals, clock=clock)
            except HomeTaken:
                time.sleep(_LOOK_EVERY_S)
            document = deals.erasures.certificate(subject)
            if document is not None:
                return read_certificate(document)
            if trouble:
                raise NotErasedYet(trouble)
        raise NotErasedYet(f"nothing was heard of it for {_PATIENCE_S:.0f} s")
    finally:
        deals.close()


def erase_waiting(home: Home, deals: DealStore, *, clock: Clock) -> str:
    """Do the keeper's work for all erasures that wait. Gives what stood in the way."""
    record = open_record(home, deals)
    if home.passes.exists():
        record.remember(LiveTraffic, PassesLog(home.passes))
    eraser = Eraser(home, deals, record, clock=clock)
    while deals.erasures.pending() and not eraser.trouble:
        record.drain()
        eraser.step()
    return eraser.trouble
