"""A ledger spends where it lives. A copy that is adopted spends no day that was open before."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hubbub.crowd.book import BlockTaken, BudgetSpent, DayClosed
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_check import verify
from hubbub.record.ledger_file import adopt
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.ledger_tables import Adopted, LedgerVersion
from hubbub.record.ledger_witness import LedgerLost, Place
from record.ledger_rig import NOON, bill, opened, spent, tampered, witness

MONDAY, TUESDAY, WEDNESDAY = "2025-11-24", "2025-11-25", "2025-11-26"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house whose Monday is half spent: one window is put out, one is paid and not drawn."""
    home = tmp_path / "house"
    with closing(opened(home)) as ledger:
        for window in range(2):
            ledger.debit(bill(f"{MONDAY} {window}", periods=(MONDAY,), debit="plan"), at=NOON)
        ledger.store(bill(f"{MONDAY} 0").release, b"noised", at=NOON)
    return home


def copied(house: Path) -> Path:
    """Copy a house whole, as a backup does."""
    return Path(shutil.copytree(house, house.with_name("copy")))


def adopted(home: Path, through: str = MONDAY) -> Ledger:
    """Adopt the ledger in `home`, and open it."""
    adopt(home / "ledger.sqlite", witness=witness(home), at=NOON, through=through)
    return opened(home)


def test_a_copy_of_the_whole_house_spends_nothing(house: Path) -> None:
    copy = copied(house)
    with pytest.raises(LedgerLost, match="in another file on this machine: it was copied") as lost:
        opened(copy)
    assert "hubbub ledger adopt" in str(lost.value)
    opened(house).close()


def test_a_house_that_is_moved_on_its_disk_spends_on(house: Path) -> None:
    moved = house.rename(house.with_name("moved"))
    with closing(opened(moved)) as ledger:
        ledger.debit(bill(f"{MONDAY} 2", periods=(MONDAY,)), at=NOON)
    assert spent(moved) == [1.0]


HERE = Place(machine="a", disk=1, file=7)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (Place(machine="a", disk=1, file=8), "another file on this machine"),
        (Place(machine="a", disk=2, file=7), "another disk on this machine"),
        (Place(machine="b", disk=2, file=8), "on another machine: it was copied"),
        (Place(machine="b", disk=1, file=7), "mount the host's /etc/machine-id"),
    ],
)
def test_a_ledger_that_lived_elsewhere_is_told_where(before: Place, told: str) -> None:
    assert told in HERE.unlike(before)


def test_a_ledger_that_lived_on_another_machine_spends_nothing(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = house.with_name("machine-id")
    elsewhere.write_text("another\n")
    monkeypatch.setattr("hubbub.record.ledger_witness._MACHINE_IDS", (elsewhere,))
    with pytest.raises(LedgerLost, match="machine of another id"):
        opened(house)


def test_a_ledger_beside_rows_that_know_of_none_spends_nothing(house: Path) -> None:
    witness(house).unlink()
    with pytest.raises(LedgerLost, match="the people's rows know of no ledger, and 2 entries"):
        opened(house)


def test_the_rows_do_not_tell_which_machine_they_are_on(house: Path) -> None:
    remembered = witness(house).read_text()
    assert '"place"' in remembered
    for machine in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        assert not machine.exists() or machine.read_text().strip() not in remembered


def test_an_adopted_copy_cannot_spend_a_closed_day(house: Path) -> None:
    copy = copied(house)
    with closing(adopted(copy)) as ledger:
        with pytest.raises(DayClosed, match=f"days up to {MONDAY} are closed"):
            ledger.debit(bill(f"{MONDAY} 2", periods=(MONDAY,)), at=NOON)
        with pytest.raises(DayClosed):
            ledger.debit(bill(f"{MONDAY} 3", periods=(MONDAY,), debit="plan"), at=NOON)
        with pytest.raises(DayClosed):
            ledger.debit(bill("the week", periods=(MONDAY, TUESDAY)), at=NOON)
    assert spent(copy) == [0.5]


def test_what_was_paid_and_not_drawn_before_an_adoption_is_never_drawn(house: Path) -> None:
    """The other copy may have drawn it: there would be two outputs of one release."""
    with closing(adopted(copied(house))) as ledger, pytest.raises(DayClosed):
        ledger.debit(bill(f"{MONDAY} 1", periods=(MONDAY,), debit="plan"), at=NOON)


def test_what_was_released_before_an_adoption_can_be_read_again(house: Path) -> None:
    copy = copied(house)
    put_out = bill(f"{MONDAY} 0", periods=(MONDAY,), debit="plan")
    with closing(adopted(copy)) as ledger:
        ledger.debit(put_out, at=NOON)
        kept = ledger.stored(put_out.release)
        assert kept is not None
        assert kept.output == b"noised"
        with pytest.raises(BlockTaken):
            ledger.debit(bill(f"{MONDAY} 0", periods=(MONDAY,), edition=2), at=NOON)


def test_an_adopted_ledger_spends_later_days(house: Path) -> None:
    copy = copied(house)
    with closing(adopted(copy)) as ledger:
        for window in range(2):
            ledger.debit(bill(f"{TUESDAY} {window}", periods=(TUESDAY,)), at=NOON)
        with pytest.raises(BudgetSpent):
            ledger.debit(bill(f"{TUESDAY} 2", periods=(TUESDAY,)), at=NOON)
    assert spent(copy) == [0.5, 1.0]
    with closing(opened(copy)) as again:
        again.debit(bill(f"{WEDNESDAY} 0", periods=(WEDNESDAY,)), at=NOON)
    report = verify(copy / "ledger.sqlite")
    assert not report.faults
    assert report.entries == 6


def lose_ledger(home: Path) -> None:
    for file in home.glob("ledger.sqlite*"):
        file.unlink()


def lose_witness(home: Path) -> None:
    witness(home).write_bytes(b"\0" * 40)


def roll_back(home: Path) -> None:
    old = shutil.copy(home / "ledger.sqlite", home / "old")
    with closing(opened(home)) as ledger:
        ledger.debit(bill(f"{TUESDAY} 0", periods=(TUESDAY,)), at=NOON)
    shutil.copy(old, home / "ledger.sqlite")


@pytest.mark.parametrize("lose", [lose_ledger, lose_witness, roll_back])
def test_a_lost_ledger_can_be_adopted_too_and_spends_later_days_only(
    house: Path, lose: Callable[[Path], None]
) -> None:
    lose(house)
    with pytest.raises(LedgerLost):
        opened(house)
    with closing(adopted(house, TUESDAY)) as ledger:
        for day in (MONDAY, TUESDAY):
            with pytest.raises(DayClosed):
                ledger.debit(bill(f"{day} 9", periods=(day,)), at=NOON)
        ledger.debit(bill(f"{WEDNESDAY} 9", periods=(WEDNESDAY,)), at=NOON)
    assert not verify(house / "ledger.sqlite").faults


def test_an_adoption_stands_in_the_chain_and_is_shown(house: Path) -> None:
    adopted(house).close()
    with closing(LedgerShelf(house / "ledger.sqlite")) as shelf:
        assert shelf.adoptions() == [Adopted(at=NOON, through=MONDAY)]
        (account,) = shelf.accounts()
        assert (account.closed, account.left_epsilon, account.spent_epsilon) == (True, 0, 0.5)
        assert [(debit.block, debit.releases) for debit in account.debits] == [(f"{MONDAY} 0", 1)]


DEBIT_AGAIN = (
    "INSERT INTO entry SELECT 4, kind, at, release, scope, unit, period, 'x', law, width, digest,"
    " through, '' FROM entry WHERE seq = 1"
)


OUTPUT_LATE = (
    "INSERT INTO entry (seq, kind, at, release, hash) SELECT 4, 'output', 0, release, ''"
    " FROM release WHERE output IS NULL"
)


def test_the_file_itself_takes_no_debit_of_a_closed_day(house: Path) -> None:
    adopted(house).close()
    with pytest.raises(sqlite3.IntegrityError, match="the day is closed"):
        tampered(house, DEBIT_AGAIN)


@pytest.mark.parametrize(
    ("by_force", "fault"),
    [
        (
            (
                "DROP TRIGGER entry_does_not_change",
                "UPDATE entry SET through = '' WHERE kind = 'adopted'",
            ),
            "entry 3 is not what was chained",
        ),
        (
            ("DROP TRIGGER closed_stays_closed", DEBIT_AGAIN),
            f"{MONDAY} was debited when closed",
        ),
        (
            (OUTPUT_LATE,),
            "was put out when its day was closed",
        ),
    ],
)
def test_a_closed_day_that_is_opened_by_force_is_found(
    house: Path, by_force: tuple[str, ...], fault: str
) -> None:
    adopted(house).close()
    tampered(house, *by_force)
    assert any(fault in found for found in verify(house / "ledger.sqlite").faults)


def test_a_ledger_of_another_version_is_left_alone(house: Path) -> None:
    tampered(house, "PRAGMA user_version=1")
    for use in (opened, adopted):
        with pytest.raises(LedgerVersion, match="of version 1"):
            use(house)
    with (
        closing(LedgerShelf(house / "ledger.sqlite")) as shelf,
        pytest.raises(LedgerVersion),
    ):
        shelf.accounts()
