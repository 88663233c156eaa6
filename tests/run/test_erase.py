"""Erasure: no byte of one person is left, and everybody else's rows are as they were."""

import asyncio
import multiprocessing
import os
import struct
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubbub.deal.certificate import ErasureCertificate, about, verify_certificate
from hubbub.deal.desk import DeviceName, Enrolment, UnknownDevice
from hubbub.deal.identity import NewPasskey
from hubbub.deal.proof import Forged
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_erasure import Erasures
from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.passes_log import PassesLog
from hubbub.record.record import Record
from hubbub.record.use_store import UseStore
from hubbub.record.visits_shelf import KEPT, Stretch, VisitsShelf
from hubbub.run import erase as erase_module
from hubbub.run.erase import NotErasedYet, erase
from hubbub.run.home import Home, taken
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.pings import Pings
from hubbub.terms.purposes import Category
from hubbub.terms.time import Instant
from hubbub.terms.use import Counted, Named
from record.deal_store_rig import BOTH, HandClock, database
from record.rows import DAY_0, rows_at

PASSES = pa.schema([*(PASSES_SCHEMA | STAMP).items()])
SUBJECTS = {"anna of the mill": 1, "berta of the mill": 2, "carl of the mill": 65}


class House:
    """Three people's rows in every place where rows may rest; two of them share a bucket."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.deals = DealStore(self.home.deal, HandClock())
        self.shown: dict[str, list[bytes]] = {}
        self.enrolled: dict[str, Enrolment] = {}
        for name, subject in SUBJECTS.items():
            with database(folder) as deal:  # 65 is in the bucket of 1
                deal.exec_driver_sql("UPDATE sqlite_sequence SET seq = ?", (subject - 1,))
            self.enrolled[name] = self.deals.enrol(name, BOTH, "test")
            self.let_in(name)
        store = EventStore(self.home.events)
        for number, seconds in enumerate(([1, 2, 90_000], [3, 4, 90_001])):
            store.commit(self.rows(*seconds), journal="j", number=number)
        store.compact(int(DAY_0 // 86_400))
        store.commit(self.rows(5, 6), journal="j", number=2)
        self.write(self.rows(7, 8))
        log = PassesLog(self.home.passes)
        for subject in SUBJECTS.values():
            row = dict.fromkeys(PASSES.names, subject)
            log.append(pa.Table.from_pylist([row], PASSES))
        VisitsShelf(self.home.visits).put(
            pa.table({name: list(SUBJECTS.values()) for name in KEPT.names}),
            Stretch(Instant(0), Instant(99)),
            made_of="places",
            erased=lambda: np.empty(0, np.int64),
        )
        self.use = UseStore(self.home.use, erased=lambda: np.empty(0, np.int64))
        self.use.add([self.counted(subject) for subject in SUBJECTS.values()])

    def counted(self, subject: int) -> Counted:
        """Make a count of each, that names the next."""
        named = {1: 2, 2: 65, 65: 1}[subject]
        other = Named(subject=Subject(named), receipt=ReceiptNumber(named), may=1)
        return Counted(
            id=f"count of {subject:3}!!!".encode(),
            table="interactions",
            subject=Subject(subject),
            receipt=ReceiptNumber(subject),
            may=1,
            at=Instant(0),
            until=Instant(1),
            kind=0,
            times=1,
            other=other,
        )

    def let_in(self, name: str) -> None:
        """Sign somebody in, and give them a passkey."""
        identities, subject = self.deals.identities(HandClock()), self.enrolled[name].badge.subject
        secret, _ = identities.sign_in(subject, "token")
        new = NewPasskey(
            name="laptop",
            credential=f"credential of {name}".encode(),
            public_key=f"public key of {name}".encode(),
            uses=0,
        )
        identities.add_passkey(subject, new)
        identities.dismiss_notice(subject, 1)
        self.shown[name] = [sha256(secret.secret.encode()).digest(), new.credential, new.public_key]

    def rows(self, *seconds: int) -> Pings:
        each = (rows_at(seconds, subject=subject, receipt=subject) for subject in SUBJECTS.values())
        return np.concatenate([*each])

    def write(self, rows: Pings) -> None:
        async def work() -> None:
            journal = Journal(self.home.journal)
            await journal.append(rows)
            journal.close()

        asyncio.run(work())

    def rows_of(self, name: str) -> int:
        """Count the rows of one person in every Parquet file there is, wanted or not."""
        tables = [pq.read_table(path) for path in self.home.events.glob("day=*/bucket=*/*.parquet")]
        return sum(rows["subject"].to_pylist().count(SUBJECTS[name]) for rows in tables)

    def bytes_of(self, name: str) -> list[str]:
        """Find the files with a person's own bytes: a search of the test's own."""
        enrolment = self.enrolled[name]
        handle = UUID(enrolment.receipt.person)
        needles = [
            name.encode(),
            *self.shown[name],
            str(handle).encode(),
            enrolment.receipt.identifier.removeprefix("urn:uuid:").encode(),
            struct.pack("<qq", SUBJECTS[name], (DAY_0 + 7) * 1_000_000),
            self.counted(SUBJECTS[name]).id,
        ]
        files = [path for path in self.home.folder.rglob("*") if path.is_file()]
        return [
            path.name for path in files if any(needle in path.read_bytes() for needle in needles)
        ]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.deals.close()


def test_nothing_of_the_erased_is_left_and_everything_of_the_others_is(house: House) -> None:
    assert house.rows_of("anna of the mill") >= 8
    assert {"deal.sqlite", "deal.sqlite-wal"} & set(house.bytes_of("anna of the mill"))
    certificate = erase(house.home, "anna of the mill", method="test")
    assert house.rows_of("anna of the mill") == 0
    assert house.bytes_of("anna of the mill") == []
    assert [house.rows_of(name) for name in ("berta of the mill", "carl of the mill")] == [10, 10]
    assert PassesLog(house.home.passes).load()["subject"].to_pylist() == [2, 65]
    visits = VisitsShelf(house.home.visits).read(Instant(0), Instant(99))
    assert visits["subject"].to_pylist() == [2, 65]
    counts = house.use.read("interactions", since=Instant(0), until=Instant(99))
    assert counts.select(["subject", "other"]).to_pylist() == [
        {"subject": 2, "other": 65},
        {"subject": 65, "other": None},
    ]
    assert (certificate.rows_erased, certificate.receipts_erased) == (9, 2)  # two never rested


def test_the_certificate_is_signed_and_only_its_person_can_tell_whom_it_is_about(
    house: House,
) -> None:
    certificate = erase(house.home, "anna of the mill", method="test")
    verify_certificate(certificate, house.deals.public_key())
    assert certificate.about == about(house.enrolled["anna of the mill"].receipt.person)
    assert {"rows", "sessions", "passkeys"} <= set(certificate.searched_for)
    document = certificate.document().decode()
    assert "anna" not in document
    forged = ErasureCertificate(**{**_fields(certificate), "rows_erased": 11})
    with pytest.raises(Forged):
        verify_certificate(forged, house.deals.public_key())


def test_the_erased_is_a_stranger_from_then_on(house: House) -> None:
    token = house.enrolled["anna of the mill"].token.secret
    erase(house.home, "anna of the mill", method="test")
    badge = house.deals.badge(token)
    assert badge is None or badge.stamp(Category.LOCATION) == 0
    with pytest.raises(UnknownDevice):
        house.deals.receipts(DeviceName("anna of the mill"))
    again = house.deals.enrol("anna of the mill", BOTH, "test")
    assert again.badge.subject not in SUBJECTS.values()


def test_a_row_that_was_on_its_way_never_comes_to_rest(house: House) -> None:
    erase(house.home, "anna of the mill", method="test")
    house.write(house.rows(20))
    record = erase_module.open_record(house.home, house.deals)
    record.drain()
    assert house.rows_of("anna of the mill") == 0
    assert house.rows_of("carl of the mill") == 11


@pytest.mark.parametrize("shown", range(3), ids=["session", "passkey", "public key"])
def test_a_session_or_passkey_that_is_left_is_a_trace(house: House, shown: int) -> None:
    left = house.shown["anna of the mill"][shown]
    (house.home.folder / "forgotten.bin").write_bytes(b"..." + left)
    with pytest.raises(NotErasedYet, match=r"forgotten\.bin"):
        erase(house.home, "anna of the mill", method="test")


def test_an_erasure_that_leaves_traces_is_not_certified(house: House) -> None:
    (house.home.folder / "forgotten.txt").write_text("a note about anna of the mill")
    with pytest.raises(NotErasedYet, match=r"forgotten\.txt"):
        erase(house.home, "anna of the mill", method="test")
    assert len(house.deals.erasures.pending()) == 1


def test_somebody_elses_longer_name_is_no_trace(house: House) -> None:
    for longer in ("anna of the mill 2", "joanna of the mill"):
        house.deals.enrol(longer, BOTH, "test")
    erase(house.home, "anna of the mill", method="test")
    assert house.deals.badge_of(DeviceName("anna of the mill 2"))


def test_a_name_that_is_left_beside_longer_ones_is_a_trace(house: House) -> None:
    house.deals.enrol("anna of the mill 2", BOTH, "test")
    left = "anna of the mill 2, anna of the mill 2, anna of the mill"
    (house.home.folder / "forgotten.txt").write_text(left)
    with pytest.raises(NotErasedYet, match=r"forgotten\.txt"):
        erase(house.home, "anna of the mill", method="test")


def test_a_device_that_is_called_like_one_of_our_words_is_erased(house: House) -> None:
    house.deals.enrol("device", BOTH, "test")
    assert "name" not in erase(house.home, "device", method="test").searched_for


DEATHS = (
    (EventStore, "_commit", "after"),
    (EventStore, "sweep", "before"),
    (Record, "erase", "after"),
    (Record, "fold_log", "after"),
    (Erasures, "forget", "before"),
    (Erasures, "forget", "after"),
    (Erasures, "finish", "before"),
)


def erase_until(folder: Path, kind: type, name: str, when: str) -> None:
    """Erase, and die before or after a step."""
    right = getattr(kind, name)

    def dies(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            right(*arguments, **options)
        os._exit(9)

    setattr(kind, name, dies)
    erase(Home(folder), "anna of the mill", method="test")


@pytest.mark.parametrize(("kind", "name", "when"), DEATHS)
def test_an_erasure_that_was_killed_finishes_at_the_next_start(
    house: House, kind: type, name: str, when: str
) -> None:
    clean = multiprocessing.get_context("forkserver")
    clean.set_forkserver_preload(["hubbub.run.erase"])
    killed = clean.Process(target=erase_until, args=(house.home.folder, kind, name, when))
    killed.start()
    killed.join()
    assert killed.exitcode == 9
    with taken(house.home):
        erase_module.erase_waiting(house.home, house.deals, clock=HandClock())
    assert house.deals.erasures.pending() == []
    assert house.bytes_of("anna of the mill") == []
    assert house.rows_of("anna of the mill") == 0
    assert house.rows_of("carl of the mill") == 10


def _fields(certificate: ErasureCertificate) -> dict[str, Any]:
    return {name: getattr(certificate, name) for name in certificate.__struct_fields__}
