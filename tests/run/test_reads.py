"""In the whole house: reading is written down, checked by a command, and told to its people."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hubbub.cli import main
from hubbub.deal.desk import DeviceName
from hubbub.record.deal_store import DealStore
from hubbub.record.journal import Journal
from hubbub.run.clock import StillClock
from hubbub.run.home import Home
from hubbub.run.house import open_reads_shelf, open_record
from hubbub.run.reads import reads_of
from hubbub.terms.people import Subject
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant
from record.deal_store_rig import BOTH
from record.rows import DAY_0, rows_at

MORNING, NOON = Instant(DAY_0 * SECOND), Instant((DAY_0 + 43_200) * SECOND)
ANN, BOB = Subject(1), Subject(2)


class House:
    """A house with rows of Ann's, early and at seven, and one of Bob's at nine."""

    def __init__(self, home: Home) -> None:
        self.home, self.clock = home, StillClock(MORNING)
        self.deals = DealStore(home.deal, self.clock)
        for name in ("ann", "bob"):
            self.deals.enrol(name, BOTH, "test")

        async def write() -> None:
            journal = Journal(home.journal)
            ann = rows_at([60, 7 * 3600], subject=ANN)
            await journal.append(np.concatenate([ann, rows_at([9 * 3600], subject=2, receipt=2)]))
            journal.close()

        asyncio.run(write())
        open_record(home, self.deals).drain()
        self.clock.at = NOON

    def read(self, *, hours: tuple[int, int], times: int = 1) -> None:
        since, until = (Instant(MORNING + hour * 3600 * SECOND) for hour in hours)
        with closing(open_record(self.home, self.deals)) as record:
            for _ in range(times):
                record.collect(record.read(Traffic, since=since, until=until))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Home(tmp_path / "house"))


def test_a_person_is_told_of_reads_of_their_hours_and_of_no_others(house: House) -> None:
    house.read(hours=(0, 8), times=3)
    house.read(hours=(8, 12))
    told = [
        (read.category, read.purpose, read.recipient, read.times, read.at)
        for read in reads_of(house.home, house.deals, ANN)
    ]
    assert told == [("user.location.precise", Traffic.key, "own", 3, NOON)]
    assert [read.times for read in reads_of(house.home, house.deals, BOB)] == [1]
    house.deals.close()


def test_what_is_read_after_somebody_withdrew_was_not_of_theirs(house: House) -> None:
    house.deals.withdraw(DeviceName("ann"), frozenset({Traffic}), "test")
    house.clock.at = Instant(NOON + SECOND)
    house.read(hours=(0, 8))
    with closing(open_record(house.home, house.deals)) as record:
        record.collect(record.read(LiveTraffic, since=MORNING, until=NOON))
    assert [read.purpose for read in reads_of(house.home, house.deals, ANN)] == [LiveTraffic.key]
    house.deals.close()


def test_a_command_says_whether_the_log_is_whole(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.read(hours=(0, 12), times=2)
    house.deals.close()
    log, here = house.home.reads, ["--home", str(house.home.folder)]
    main(["ledger", "verify", *here, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["ledger"] is None
    assert (found["reads"]["entries"], found["reads"]["reads"]) == (2, 2)
    assert found["reads"]["head"] == open_reads_shelf(house.home).head().hash
    with closing(sqlite3.connect(log)) as file:
        file.execute("DROP TRIGGER entry_does_not_change")
        file.execute("UPDATE entry SET times = 1 WHERE kind = 'counted'")
        file.commit()
    with pytest.raises(SystemExit) as ended:
        main(["ledger", "verify", *here])
    assert ended.value.code == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "the log of reads: entry 2 is not what was chained"
    assert "sound" not in said


def test_a_copy_of_the_house_goes_on_with_its_log(house: House, tmp_path: Path) -> None:
    house.read(hours=(0, 12))
    house.deals.close()
    copy = Home(Path(shutil.copytree(house.home.folder, tmp_path / "copy")))
    with (
        closing(DealStore(copy.deal, house.clock)) as deals,
        closing(open_record(copy, deals)) as record,
    ):
        record.collect(record.read(Traffic, since=MORNING, until=NOON))
    report = open_reads_shelf(copy).verify()
    assert report is not None
    assert (report.reads, report.faults) == (2, ())
