"""Visits that are held: read through gate 1, of eight days at most, whole or not at all."""

from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest

from hubbub.deal.gate import Permitted, derive
from hubbub.record.events import EventStore
from hubbub.record.record import Record
from hubbub.record.record_leaves import UnpermittedRead
from hubbub.record.visits_shelf import KEPT, Stretch, VisitsShelf
from hubbub.terms.catalogue import STAMP, VISITS_SCHEMA
from hubbub.terms.people import Subject
from hubbub.terms.purposes import OWN, Category, Places, Purpose, Recipient, cell_bit
from hubbub.terms.time import SECOND, Instant
from record.rows import DAY_0, reads_log

DAY = 86_400 * SECOND
KEPT_COLUMNS = VISITS_SCHEMA | STAMP
BEGIN = Instant(DAY_0 * SECOND)
TODAY = Stretch(BEGIN, Instant(BEGIN + DAY))
YESTERDAY = Stretch(Instant(BEGIN - DAY), BEGIN)


class House:
    """A record with a shelf for visits, whose withdrawals the test lists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "visits"
        self.withdrawn: list[int] = []
        self.erased: list[int] = []
        self.store = EventStore(folder / "events")
        self.record = Record(
            self.store,
            folder / "journal",
            dead=self.dead,
            erased=lambda: np.array(self.erased, np.int64),
            reads=reads_log(folder),
            visits=VisitsShelf(self.folder),
        )

    def dead(self, category: Category, purpose: type[Purpose], recipient: Recipient) -> pa.Table:
        assert (category, purpose, recipient) == (Category.LOCATION, Places, OWN)
        return pa.table({"receipt": pa.array(self.withdrawn, pa.int64())})

    def hold(self, *subjects: int, stretch: Stretch = TODAY, made_of: str = "places") -> None:
        self.record.visits.hold(self.visits(subjects, stretch), stretch, made_of=made_of)

    def visits(self, subjects: tuple[int, ...], stretch: Stretch) -> Permitted[pa.Table, Places]:
        """Make a visit of each subject, at the beginning of `stretch`, under their receipt."""
        whole = Stretch(Instant(0), Instant(2**62))
        rows = self.record.collect(self.record.read(Places, since=whole.since, until=whole.until))
        of_each = {"at": int(stretch.since), "until": int(stretch.since), "place": 3}
        of_each |= {"may": cell_bit(Places, OWN)}
        visits = [{"subject": each, "receipt": each, **of_each} for each in subjects]
        return derive(rows, lambda _: pa.Table.from_pylist(visits, KEPT))

    def read(self, within: Stretch = TODAY) -> list[int]:
        permitted = self.record.visits.read(Places, since=within.since, until=within.until)
        return sorted(self.record.collect(permitted).rows["subject"].to_pylist())

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_held_visits_are_judged_anew_at_each_read(house: House) -> None:
    house.hold(1, 2)
    assert house.read() == [1, 2]
    house.withdrawn = [1]
    assert house.read() == [2]


def test_held_visits_have_the_catalogues_columns_and_a_stamp(house: House) -> None:
    house.hold(1)
    rows = house.record.visits.read(Places, since=TODAY.since, until=TODAY.until)
    assert house.record.collect(rows).rows.column_names == [*VISITS_SCHEMA, *STAMP]


def test_visits_are_read_through_gate_1_or_not_at_all(house: House) -> None:
    house.hold(1)
    permitted = house.record.visits.read(Places, since=TODAY.since, until=TODAY.until)
    assert house.record.engine({})(permitted.rows).num_rows == 1
    with pytest.raises(UnpermittedRead):
        house.record.engine({})(ibis.table(KEPT_COLUMNS, name=f"record_visits_0_{TODAY.until}"))


def test_visits_found_again_stand_in_place_of_those_of_before(house: House) -> None:
    house.hold(1, 2)
    house.hold(3)
    assert house.read() == [3]
    half = Stretch(BEGIN, Instant(BEGIN + DAY // 2))
    house.hold(4, stretch=half)
    assert house.read() == [4]
    assert len(house.files) == 1


def test_a_read_gets_the_visits_of_its_time_only(house: House) -> None:
    house.hold(1)
    house.hold(2, stretch=YESTERDAY)
    assert house.read() == [1]
    assert house.read(within=YESTERDAY) == [2]
    assert house.read(within=Stretch(YESTERDAY.since, TODAY.until)) == [1, 2]


def test_whoever_is_erased_meanwhile_is_not_held(house: House) -> None:
    house.erased = [1]
    house.hold(1, 2)
    assert house.read() == [2]


def test_erasing_somebody_takes_their_visits_out_and_nobody_elses(house: House) -> None:
    house.hold(1, 2)
    house.hold(1, stretch=YESTERDAY)
    house.record.erase(Subject(1))
    assert house.read(within=Stretch(YESTERDAY.since, TODAY.until)) == [2]
    assert house.record.visits.made_of(TODAY) == "places"


def test_what_visits_were_made_of_is_known_while_they_are_held_whole(house: House) -> None:
    assert house.record.visits.made_of(TODAY) is None
    house.hold(1, made_of="these places")
    assert house.record.visits.made_of(TODAY) == "these places"
    assert house.record.visits.made_of(YESTERDAY) is None
    (file,) = house.folder.iterdir()
    content = bytearray(file.read_bytes())
    content[20] ^= 0xFF
    file.write_bytes(content)
    assert house.record.visits.made_of(TODAY) is None
    assert house.read() == []


@pytest.mark.parametrize(("keep_days", "kept_us"), [(90, 8 * DAY), (3, 3 * DAY)])
def test_visits_are_gone_after_eight_days_or_sooner_if_the_notice_says_so(
    house: House, keep_days: int, kept_us: int
) -> None:
    house.hold(1)
    house.record.maintain(now=Instant(BEGIN + kept_us), keep_days=keep_days)
    assert house.read() == [1]
    (house.folder / "killed.visits.new").write_bytes(b"half a file")
    house.record.maintain(now=Instant(BEGIN + kept_us + 1), keep_days=keep_days)
    assert house.read() == []
    assert house.files == []


def test_ones_own_visits_are_for_their_person_alone(house: House) -> None:
    house.hold(1, 2)
    own = house.record.visits.own(Subject(1), since=TODAY.since, until=TODAY.until)
    rows = own.hand_over(to=Subject(1))
    assert (rows["subject"].to_pylist(), rows["place"].to_pylist()) == ([1], [3])


def test_files_of_visits_are_their_owners_alone(house: House) -> None:
    house.hold(1)
    assert house.folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in house.folder.iterdir())
