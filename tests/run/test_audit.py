"""The audit: what may be read is what the receipts say, and any disagreement is heard of."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog

from hubbub.cli import main
from hubbub.deal.desk import DeviceName
from hubbub.run.audit import EVERY_US, Audit, Auditor
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home
from hubbub.run.keeper import Keeper
from hubbub.run.settings import read_settings
from hubbub.run.status import Audited, KeeperStatus, read_note, write_note
from hubbub.terms.purposes import OWN, LiveTraffic, Traffic, cell_bit
from hubbub.terms.time import SECOND
from record.deal_store_rig import database
from record.rows import rows_at
from run.audited_house import House, house

TRAFFIC = cell_bit(Traffic, OWN)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[House]:
    """People who did everything that one can do with a deal."""
    with house(tmp_path, "ann", "bob", "carl", "dora") as made:
        for name in ("ann", "bob", "carl", "dora"):
            made.send(name)
        made.withdraw("ann", frozenset({LiveTraffic}))
        made.send("ann")
        made.withdraw("bob")
        made.deals.choose(DeviceName("bob"), frozenset({Traffic}), "test")
        made.clock.move(seconds=3600)
        made.send("bob")
        made.deals.pause(DeviceName("carl"), "test")
        made.deals.pause(DeviceName("dora"), "test")
        made.clock.move(seconds=7200)
        made.deals.resume(DeviceName("dora"), "test")
        made.clock.move(seconds=3600)
        made.send("dora")
        yield made


def audited(street: House, *, share: float = 1.0) -> Audited:
    dice = np.random.default_rng(7)
    audit = Audit(
        street.deals, street.record, at=street.clock.now(), share=share, entropy=dice.bytes
    )
    while not audit.go_on():
        pass
    return audit.found


def test_what_is_read_is_what_the_receipts_say_on_every_row(street: House) -> None:
    found = audited(street)
    assert (found.rows, found.trouble) == (35, "")
    readable = sum(len(rows) for rows in street.readable().values())
    assert found.readable == readable == 2 * 10 + 5 + 3 * 10
    assert found.undecided == 0


def test_a_sample_is_as_large_as_was_asked(street: House) -> None:
    assert 5 < audited(street, share=0.5).rows < 30
    assert audited(street, share=1e-9).rows == 0


def bury_nothing(street: House) -> None:
    with database(street.home.folder) as deal:
        deal.exec_driver_sql("DELETE FROM dead WHERE cell = ?", (TRAFFIC,))


def bury_too_much(street: House) -> None:
    with database(street.home.folder) as deal:
        deal.exec_driver_sql(
            "INSERT INTO dead VALUES ('user.location.precise', ?, ?, 0)",
            (TRAFFIC, street.badge("ann").receipt),
        )


def stamp_too_much(street: House) -> None:
    badge = street.badge("ann")
    rows = rows_at([1], subject=badge.subject, receipt=badge.receipt, may=0b111_0000_0001)
    rows["at"] = street.clock.now()
    rows["may"] |= cell_bit(LiveTraffic, OWN)
    street.write(rows)


def stamp_too_early(street: House) -> None:
    badge = street.badge("ann")
    rows = rows_at([1], subject=badge.subject, receipt=badge.receipt, may=TRAFFIC)
    rows["at"] = street.clock.now() - 90 * 86_400 * SECOND
    street.write(rows)


def stamp_with_anothers_receipt(street: House) -> None:
    whose, receipt = street.badge("carl").subject, street.badge("dora").receipt
    rows = rows_at([1], subject=whose, receipt=receipt, may=TRAFFIC)
    rows["at"] = street.clock.now()
    street.write(rows)


def take_in_a_pause(street: House) -> None:
    badge = street.badge("dora")
    rows = rows_at([1], subject=badge.subject, receipt=badge.receipt, may=badge.stamps[-1])
    rows["at"] = street.clock.now() - 3 * 3600 * SECOND
    street.write(rows)


def forget_a_pause(street: House) -> None:
    street.record._dead = lambda *_: street.deals.dead(*_).slice(0, 0)


PLANTED = (
    bury_nothing,
    bury_too_much,
    stamp_too_much,
    stamp_too_early,
    stamp_with_anothers_receipt,
    take_in_a_pause,
    forget_a_pause,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_disagreement_is_found(street: House, plant: object) -> None:
    assert callable(plant)
    plant(street)
    found = audited(street)
    assert found.disagreements > 0
    assert "audit" in found.trouble


def test_a_row_of_nobody_is_found(street: House) -> None:
    street.write(rows_at([1], subject=77, receipt=77, may=TRAFFIC))
    assert audited(street).nobodys == 1


def test_a_signal_that_said_no_to_a_row_is_no_disagreement(street: House) -> None:
    badge = street.badge("ann")
    rows = rows_at([1], subject=badge.subject, receipt=badge.receipt, may=TRAFFIC)
    rows["at"] = street.clock.now()
    street.write(rows)
    found = audited(street)
    assert (found.narrowed, found.trouble) == (1, "")


def auditor(street: House) -> Auditor:
    return Auditor(street.home, street.deals, street.record, clock=street.clock, share=1.0)


def test_the_keeper_audits_every_day_and_alarms(street: House) -> None:
    works = auditor(street)
    works.step()
    works.step()
    first = read_note(street.home.audited, Audited)
    assert first is not None
    assert (first.rows, works.trouble) == (35, "")
    bury_nothing(street)
    works.step()
    assert read_note(street.home.audited, Audited) == first
    street.clock.move(seconds=EVERY_US // SECOND)
    works.step()
    with structlog.testing.capture_logs() as logged:
        works.step()
    assert "disagrees" in works.trouble
    assert "disagrees" in auditor(street).trouble, "it is forgotten at the next start"
    (line,) = logged
    assert line["log_level"] == "error"
    assert {type(value) for value in line.values()} == {str, int}
    assert "ann" not in str(line)


class OneRound(threading.Event):
    """Lets the keeper go round once."""

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        self.set()
        return True


@pytest.mark.parametrize("disagreements", [0, 1])
def test_what_an_audit_found_stands_where_the_operator_looks(
    tmp_path: Path, disagreements: int
) -> None:
    home = Home(tmp_path)
    found = Audited(at=SystemClock().now(), rows=35, disagreements=disagreements)
    write_note(home.audited, found)
    Keeper(home, read_settings(home.folder)).run(OneRound())
    status = read_note(home.keeper_status, KeeperStatus)
    assert status is not None
    assert ("the audit of the deal disagrees" in status.trouble) == bool(disagreements)


def test_one_may_audit_at_any_time(
    street: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBBUB_HOME", str(street.home.folder))
    main(["deal", "audit", "--share", "1"])
    assert "what may be read is what was agreed to" in capsys.readouterr().out
    bury_nothing(street)
    with pytest.raises(SystemExit, match="1"):
        main(["deal", "audit", "--share", "1"])
    assert "disagrees" in capsys.readouterr().out
