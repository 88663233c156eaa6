"""Whether erasing somebody leaves nothing of her: in a house of its own, and searched once more.

She and many others share, at moments and places that are hers alone. Rows of hers rest in sorted
files and in fresh ones and among the passes, and some are on their way still. Then she is erased as
`hubbub erase` does it. The search here is not the one that her certificate tells of: it knows what
she was told and what she sent, and nothing of how the house keeps it.
"""

import asyncio
import secrets
from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from hubbub.deal.certificate import ErasureCertificate, about
from hubbub.deal.desk import Enrolment
from hubbub.deal.documents import read_document, verify_document
from hubbub.deal.proof import Forged
from hubbub.prove.chance import Dice
from hubbub.prove.check import Case, Check, Verdict, verdict
from hubbub.prove.traces import Forms, forms_of_moment, forms_of_place, forms_of_word, found_in
from hubbub.record.events import BUCKETS
from hubbub.record.journal import Journal
from hubbub.record.passes_log import PassesLog
from hubbub.record.visits_shelf import KEPT, Stretch, VisitsShelf
from hubbub.run.clock import SystemClock
from hubbub.run.erase import erase
from hubbub.run.home import Home
from hubbub.run.house import open_deals, open_record
from hubbub.run.settings import read_settings
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.people import Personal, Subject
from hubbub.terms.pings import PING, Pings
from hubbub.terms.purposes import LiveTraffic, Purpose, Traffic
from hubbub.terms.time import SECOND, Instant

ROWS_EACH: Final = 6

_BOTH: Final[frozenset[type[Purpose]]] = frozenset({Traffic, LiveTraffic})
_METHOD: Final = "a drill"
_PEOPLE: Final = BUCKETS + 1  # so that somebody's rows rest in the same files as hers
_HOUR_US: Final = 3600 * SECOND
_AGO_US: Final = (48 * _HOUR_US, _HOUR_US)
"""So long ago that rows are sorted, and not so long."""
_KEEP_DAYS: Final = 30
_MAY: Final = 1  # for the usual speeds; nothing here is read by it
_SENT: Final = ("at", "lat_e6", "lon_e6")
_PASSES: Final = pa.schema([*(PASSES_SCHEMA | STAMP).items()])


class Sharer(Personal, frozen=True, kw_only=True):
    """Somebody who shares: what she was told, and what she sent."""

    told: Enrolment
    sent: Pings

    @property
    def subject(self) -> Subject:
        """Tell which number the house gave her."""
        return self.told.badge.subject

    @property
    def forms(self) -> Forms:
        """Give all that is looked for."""
        words = {
            "name": self.told.device,
            "token": self.told.token.secret,
            "handle": self.told.receipt.person.removeprefix("urn:uuid:"),
            "receipt": self.told.receipt.identifier.removeprefix("urn:uuid:"),
        }
        forms = [forms_of_word(f"her {what}", word) for what, word in words.items()]
        for number, (at, *place) in enumerate(self.sent[[*_SENT]].tolist()):
            forms.append(forms_of_moment(f"her moment {number}", at))
            forms.append(forms_of_place(f"her place {number}", *place))
        return dict(ChainMap(*map(dict, forms)))


SURELY_FOUND: Final = frozenset(
    {
        "her name plain",
        "her token as its sha256, raw",
        "her handle plain",
        "her receipt plain",
        *(f"her moment {number} in 64 bits" for number in range(ROWS_EACH)),
    }
)
"""What rests before she is erased: a search that does not find it shows nothing."""


class SharedHouse:
    """A house in which nothing runs, and everybody who shares there."""

    def __init__(self, home: Home, *, people: int) -> None:
        """Enrol everybody, and let them share."""
        self.home, self._now, dice = home, SystemClock().now(), Dice()
        self.deals = open_deals(home, read_settings(home.folder), SystemClock())
        self.people = [self._shares(dice) for _ in range(people)]
        record = open_record(home, self.deals)
        self._send(slice(2))
        record.drain()
        for _ in range(2):  # a day is sorted when nothing has come for it meanwhile
            record.maintain(now=self._now, keep_days=_KEEP_DAYS)
        self._send(slice(2, 4))
        record.drain()
        self._send(slice(4, None))
        PassesLog(home.passes).append(_derived(self._sent(slice(None)), _PASSES))
        VisitsShelf(home.visits).put(
            _derived(self._sent(slice(None)), KEPT),
            Stretch(Instant(0), self._now),
            made_of="places",
            erased=lambda: np.empty(0, np.int64),
        )

    def erase(self, whom: Sharer) -> ErasureCertificate:
        """Erase somebody, as the command does."""
        return erase(self.home, whom.told.device, method=_METHOD)

    def rests(self, whom: Sharer) -> bool:
        """Tell whether all that somebody sent rests, and nothing else."""
        rows = open_record(self.home, self.deals).own(whom.subject).hand_over(to=whom.subject)
        sent = np.sort(whom.sent, order="at")
        return all(np.array_equal(rows[name].to_numpy(), sent[name]) for name in _SENT)

    def found(self, forms: Forms) -> set[str]:
        """Search every file."""
        files = [path for path in self.home.folder.rglob("*") if path.is_file()]
        return set[str]().union(*(found_in(forms, _unpacked(path)) for path in files))

    def _shares(self, dice: Dice) -> Sharer:
        told = self.deals.enrol(f"somebody {secrets.token_hex(6)}", _BOTH, _METHOD)
        badge, sent = told.badge, np.zeros(ROWS_EACH, PING)
        sent["subject"], sent["receipt"], sent["may"] = badge.subject, badge.receipt, _MAY
        ago_us = np.resize(_AGO_US, ROWS_EACH) - dice.whole(_HOUR_US, ROWS_EACH)
        sent["at"] = self._now - ago_us
        sent["lat_e6"] = 60_000_000 + dice.whole(10**6, ROWS_EACH)
        sent["lon_e6"] = 24_000_000 + dice.whole(10**6, ROWS_EACH)
        return Sharer(told=told, sent=sent)

    def _sent(self, rows: slice) -> Pings:
        return np.concatenate([each.sent[rows] for each in self.people])

    def _send(self, rows: slice) -> None:
        async def write() -> None:
            journal = Journal(self.home.journal)
            await journal.append(self._sent(rows))
            journal.close()

        asyncio.run(write())


@contextmanager
def shared_house(*, people: int) -> Iterator[SharedHouse]:
    """Let many share in a new house, and take it all away again."""
    with TemporaryDirectory(prefix="hubbub-erasing-") as folder:
        house = SharedHouse(Home(Path(folder)), people=people)
        try:
            yield house
        finally:
            house.deals.close()


def check_erasing(case: Case) -> Verdict:
    """Search for her, erase her, and search again."""
    with shared_house(people=case.many(_PEOPLE)) as house:
        hers, *others = house.people
        before = house.found(hers.forms)
        certificate, key = house.erase(hers), house.deals.public_key()
        left = house.found(hers.forms)
        whole = [house.rests(each) for each in others]
    faults = [f"of her is left: {form}" for form in sorted(left)]
    faults += [f"not found before: {form}" for form in sorted(SURELY_FOUND - before)]
    if not all(whole):
        faults.append("rows of somebody else are not what they were")
    if certificate.about != about(hers.told.receipt.person):
        faults.append("the certificate is about somebody else")
    touched = replace(certificate, rows_erased=certificate.rows_erased + 1)
    if not _verifies(certificate, key) or _verifies(touched, key):
        faults.append("the certificate does not verify, or does when it was touched")
    return verdict(
        faults,
        f"{len(before)} traces of her were found, and none is left in "
        f"{certificate.files_searched} files; {len(others)} others have all that they sent; "
        "her certificate verifies by the house's public key alone",
    )


def _verifies(certificate: ErasureCertificate, key: bytes) -> bool:
    """Read the certificate as it was handed out, and verify it."""
    try:
        verify_document(read_document(certificate.document()), key)
    except Forged:
        return False
    return True


def _derived(sent: Pings, schema: pa.Schema) -> pa.Table:
    """Make a pass, or a visit, of each row."""
    columns = {name: np.ascontiguousarray(sent[name]) for name in ("subject", "at", *STAMP)}
    others = {name: np.ones(len(sent)) for name in schema.names if name not in columns}
    return pa.table(columns | others).select(schema.names).cast(schema)


def _unpacked(path: Path) -> bytes:
    """Give all bytes of a file and, where they are packed by column, those of each column."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    columns = pq.ParquetFile(path).read().columns
    unpacked = (np.asarray(column.to_numpy()).tobytes() for column in columns)
    return b"\n".join([path.read_bytes(), *unpacked])


ERASING: Final = Check(
    id="erasure",
    sentence="Erasing leaves no trace of a person in any file, and everybody else's rows whole.",
    run=check_erasing,
)
