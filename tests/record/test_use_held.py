"""Counts of how services are used: here once, read through gate 1, and gone when they must be."""

from collections.abc import Iterator
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest

from hubbub.deal.own import NotTheirs
from hubbub.record.events import EventStore
from hubbub.record.record import Record
from hubbub.record.record_leaves import UnpermittedRead
from hubbub.record.traces import Traces, search
from hubbub.record.uncovered import uncovered
from hubbub.record.use_store import UseStore, has_rows_of
from hubbub.terms.catalogue import USE_SCHEMA
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.purposes import OWN, Category, Improvement, Purpose, Recipient, Usage, cell_bit
from hubbub.terms.time import SECOND, Instant
from hubbub.terms.use import Counted, Named, UseKind, UseTable
from record.rows import reads_log

HOUR = 3600 * SECOND
NOON = Instant(1_795_608_000 * SECOND)
USAGE, IMPROVEMENT = cell_bit(Usage, OWN), cell_bit(Improvement, OWN)
ANN, BOB = Subject(1), Subject(2)


def counted(
    subject: Subject = ANN,
    *,
    table: UseTable = "service_use",
    at: int = NOON,
    times: int = 3,
    receipt: int | None = None,
    may: int = USAGE,
    other: Named | None = None,
    name: str = "",
) -> Counted:
    receipt = subject if receipt is None else receipt
    return Counted(
        id=f"{name or (subject, table, at, receipt)}".encode().ljust(16, b"."),
        table=table,
        subject=subject,
        receipt=ReceiptNumber(receipt),
        may=may,
        at=Instant(at),
        until=Instant(at + HOUR),
        kind=UseKind.MESSAGES,
        times=times,
        room=77 if table == "interactions" else 0,
        other=other,
    )


def named(subject: Subject, *, may: int = USAGE) -> Named:
    return Named(subject=subject, receipt=ReceiptNumber(subject), may=may)


class House:
    """A record with counts, and a dead list in the test's hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dead: dict[Category, list[int]] = {}
        self.erased: list[int] = []
        self.store = UseStore(folder / "use.sqlite", erased=lambda: np.array(self.erased, np.int64))
        self.record = Record(
            EventStore(folder / "events"),
            folder / "journal",
            dead=self._dead,
            reads=reads_log(folder),
            use=self.store,
        )

    def _dead(self, category: Category, _purpose: type[Purpose], _reader: Recipient) -> pa.Table:
        return pa.table({"receipt": pa.array(self.dead.get(category, []), pa.int64())})

    def read(
        self, table: UseTable = "service_use", purpose: type[Purpose] = Usage
    ) -> list[dict[str, int | None]]:
        asked = self.record.use.read(
            table, purpose, since=Instant(0), until=Instant(NOON + 100 * HOUR)
        )
        rows: list[dict[str, int | None]] = self.record.collect(asked).rows.to_pylist()
        return sorted(rows, key=lambda row: (row["subject"], row["at"]))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.record.close()


def test_what_was_counted_is_read(house: House) -> None:
    assert house.store.add([counted(), counted(BOB, times=5)]) == 2
    assert [(row["subject"], row["times"]) for row in house.read()] == [(ANN, 3), (BOB, 5)]


def test_a_count_that_comes_twice_is_here_once(house: House) -> None:
    assert house.store.add([counted(), counted()]) == 1
    assert house.store.add([counted(times=9), counted(BOB)]) == 1
    assert [row["times"] for row in house.read()] == [3, 3]


def test_counts_are_read_only_for_what_their_people_agreed_to(house: House) -> None:
    house.store.add([counted(), counted(BOB, may=IMPROVEMENT)])
    assert [row["subject"] for row in house.read()] == [ANN]
    assert [row["subject"] for row in house.read(purpose=Improvement)] == [BOB]
    house.dead[Category.SERVICE_USE] = [ANN]
    assert house.read() == []


def test_what_is_closed_for_another_category_is_not_closed_for_this(house: House) -> None:
    house.store.add([counted(), counted(table="device_use")])
    house.dead[Category.DEVICE] = [ANN]
    assert len(house.read()) == 1
    assert house.read("device_use") == []


def test_counts_are_read_through_gate_1_or_not_at_all(house: House) -> None:
    house.store.add([counted()])
    rows = ibis.table(USE_SCHEMA, name=f"record_use_0_{NOON + HOUR}_service_use")
    with pytest.raises(UnpermittedRead):
        house.record.engine({})(rows)


def test_whoever_reads_counts_is_written_down_first(house: House) -> None:
    house.store.add([counted()])
    house.read()
    assert (house.folder / "reads.sqlite").exists()


def test_two_are_named_to_each_other_only_while_both_agree(house: House) -> None:
    house.store.add(
        [
            counted(table="interactions", other=named(BOB)),
            counted(BOB, table="interactions", other=named(ANN, may=IMPROVEMENT)),
        ]
    )
    assert [(row["subject"], row["other"]) for row in house.read("interactions")] == [
        (ANN, BOB),
        (BOB, None),
    ]
    house.dead[Category.INTERACTIONS] = [BOB]
    assert [(row["subject"], row["other"]) for row in house.read("interactions")] == [(ANN, None)]


def test_everybody_gets_what_was_counted_of_them_and_not_who_else_it_was(house: House) -> None:
    house.store.add([counted(), counted(table="interactions", other=named(BOB)), counted(BOB)])
    mine = house.record.use.own(ANN, "interactions")
    assert mine.hand_over(to=ANN).to_pylist() == [
        {
            "subject": ANN,
            "at": NOON,
            "until": NOON + HOUR,
            "kind": 0,
            "times": 3,
            "room": 77,
            "named": True,
        }
    ]
    with pytest.raises(NotTheirs):
        mine.hand_over(to=BOB)
    assert house.record.use.own(ANN, "service_use").hand_over(to=ANN)["times"].to_pylist() == [3]


def test_no_count_of_whoever_is_being_erased_comes_to_rest(house: House) -> None:
    house.erased.append(ANN)
    house.store.add([counted(), counted(BOB, table="interactions", other=named(ANN))])
    assert house.read() == []
    assert [row["other"] for row in house.read("interactions")] == [None]


def test_erasing_leaves_no_byte_of_one_and_everything_of_the_others(house: House) -> None:
    hers, his = counted(), counted(BOB, table="interactions", other=named(ANN))
    house.store.add([hers, his, counted(BOB, times=8)])
    file = house.folder / "use.sqlite"
    assert has_rows_of(file, ANN)
    traces = Traces(subject=ANN, counts=house.record.use.ids(ANN))
    assert any(name.startswith("use.sqlite") for name in search(house.folder, traces).found_in)
    house.record.erase(ANN)
    assert not has_rows_of(file, ANN)
    assert search(house.folder, traces).found_in == ()
    assert [row["times"] for row in house.read()] == [8]
    assert [row["other"] for row in house.read("interactions")] == [None]


def test_counts_without_a_live_purpose_go(house: House) -> None:
    house.store.add([counted(), counted(BOB, may=USAGE | IMPROVEMENT), counted(table="device_use")])
    closed = pa.table({"receipt": [int(ANN), int(BOB)], "bits": [USAGE, USAGE]})
    assert house.record.use.take_out({"service_use": uncovered(closed)}) == 1
    assert [row["subject"] for row in house.read(purpose=Improvement)] == [BOB]
    assert [row["subject"] for row in house.read("device_use")] == [ANN]


def test_counts_are_kept_for_as_long_as_was_said(house: House) -> None:
    house.store.add([counted(at=NOON), counted(at=NOON - 1, name="before")])
    house.record.use.forget_before({"service_use": NOON})
    assert [row["at"] for row in house.read()] == [NOON]


def test_the_hours_of_ones_counts_are_told_for_each_category(house: House) -> None:
    house.store.add([counted(), counted(at=NOON + HOUR), counted(BOB)])
    hours = house.record.use.hours(ANN)
    assert hours[Category.SERVICE_USE].num_rows == 2
    assert hours[Category.DEVICE].num_rows == 0


def test_a_house_that_counts_nothing_has_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert house.read() == []
    house.record.erase(ANN)
    house.record.use.forget_before({"service_use": NOON})
    assert not (tmp_path / "use.sqlite").exists()
