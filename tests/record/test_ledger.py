"""The ledger pays before noise is drawn, gives nothing back, and explains when it refuses."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from math import log, sqrt
from pathlib import Path

import pytest

from hubbub.crowd.book import BlockTaken, BudgetSpent, Mechanism
from hubbub.record.ledger import Ledger, NeverPaid, ScopeWithoutCap
from hubbub.record.ledger_check import verify
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.ledger_witness import LedgerLost
from hubbub.terms.errors import Refused
from hubbub.terms.time import Instant
from record.ledger_rig import NOON, WEEKLY, bill, opened, spent, tampered

ONE = Fraction(1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(opened(tmp_path)) as book:
        yield book


def released(ledger: Ledger, block: str, output: bytes = b"noised") -> str:
    """Pay for a block and store its output."""
    paid = bill(block)
    ledger.debit(paid, at=NOON)
    return ledger.store(paid.release, output, at=NOON).digest


def test_a_debit_is_on_disk_when_it_returns(ledger: Ledger, tmp_path: Path) -> None:
    ledger.debit(bill("monday"), at=NOON)
    assert spent(tmp_path) == [0.5]
    assert ledger.stored(bill("monday").release) is None


def test_a_commit_waits_for_the_disk(ledger: Ledger) -> None:
    """A kill cannot show it, only a power cut: full synchronisation of the write-ahead log."""
    asked = ledger._file.sqlite.execute
    assert asked("PRAGMA synchronous").fetchone() == (2,)
    assert asked("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_paid_is_not_debited_again(ledger: Ledger, tmp_path: Path) -> None:
    for _ in range(5):
        ledger.debit(bill("monday"), at=NOON)
    assert spent(tmp_path) == [0.5]


def test_what_was_paid_and_not_drawn_stays_paid_after_a_restart(
    ledger: Ledger, tmp_path: Path
) -> None:
    """A crash between the debit and the draw gives nothing back; the same question is paid."""
    ledger.debit(bill("monday"), at=NOON)
    ledger.close()
    with closing(opened(tmp_path)) as again:
        assert spent(tmp_path) == [0.5]
        again.debit(bill("monday"), at=NOON)
        assert spent(tmp_path) == [0.5]
        again.debit(bill("tuesday"), at=NOON)
        with pytest.raises(BudgetSpent):
            again.debit(bill("wednesday"), at=NOON)


def test_a_spent_budget_is_refused_and_says_on_what_it_went(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    ledger.debit(bill("tuesday"), at=Instant(NOON + 1))
    with pytest.raises(BudgetSpent) as refused:
        ledger.debit(bill("wednesday"), at=NOON)
    told = str(refused.value)
    assert isinstance(refused.value, Refused)
    assert "busy, person-day 2025-11-25: the cap is epsilon 1" in told
    assert f"busy, monday, at 2025-11-25T10:00:00Z: release {bill('monday').release}" in told
    assert "busy, tuesday" in told
    assert "free" in told
    assert refused.value.needs > 1
    assert len(refused.value.spent_on) == 2
    assert spent(tmp_path) == [1.0]
    assert ledger.stored(bill("monday").release) is not None, "what was released is free"


def test_a_refused_bill_leaves_no_trace(ledger: Ledger, tmp_path: Path) -> None:
    """A bill for several accounts is paid whole or not at all."""
    for block in ("monday", "tuesday"):
        ledger.debit(bill(block, periods=("2025-11-26",)), at=NOON)
    with pytest.raises(BudgetSpent):
        ledger.debit(bill("both", periods=("2025-11-25", "2025-11-26")), at=NOON)
    assert spent(tmp_path) == [1.0]
    assert verify(tmp_path / "ledger.sqlite").entries == 2
    ledger.debit(bill("both", periods=("2025-11-25", "2025-11-27")), at=NOON)
    assert spent(tmp_path) == [0.5, 1.0, 0.5]


def test_mechanisms_compose_by_their_privacy_loss(ledger: Ledger, tmp_path: Path) -> None:
    """A half and a one make less than one and a half together, but more than one."""
    both = ("typical", "everything")
    ledger.debit(bill("week", product="typical", scopes=both, mechanism=WEEKLY), at=NOON)
    ledger.debit(bill("monday", scopes=("busy",)), at=NOON)
    assert spent(tmp_path, "typical")[0] == pytest.approx(1, abs=1e-3)
    before = spent(tmp_path, "everything")
    with pytest.raises(BudgetSpent) as refused:
        ledger.debit(bill("tuesday", scopes=("busy", "everything")), at=NOON)
    assert refused.value.account.scope == "everything"
    assert 1.2 < refused.value.needs < 1.5
    assert spent(tmp_path, "everything") == before
    assert before[0] < 1


def test_a_laplace_of_epsilon_1_costs_1_also_where_delta_is_allowed(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Billed as zCDP, it would cost 6.5 at this delta (Bun & Steinke 2016)."""
    rho = Fraction(1) ** 2 / 2
    assert float(rho) + 2 * sqrt(float(rho) * log(1e8)) == pytest.approx(6.57, abs=0.01)
    one = bill("monday", product="funnel", scopes=("funnel",), mechanism=Mechanism("laplace", ONE))
    ledger.debit(one, at=NOON)
    assert spent(tmp_path, "funnel") == [1.0]


def test_a_plan_is_debited_once_a_day_and_each_of_its_windows_drawn_once(
    ledger: Ledger, tmp_path: Path
) -> None:
    for window in range(5):
        ledger.debit(bill(f"window {window}", debit="plan"), at=NOON)
    assert spent(tmp_path) == [0.5]
    ledger.debit(
        bill("across midnight", debit="plan", periods=("2025-11-25", "2025-11-26")), at=NOON
    )
    assert spent(tmp_path) == [0.5, 0.5]
    assert ledger.store(bill("window 1").release, b"one", at=NOON).output == b"one"
    assert ledger.store(bill("window 1").release, b"two", at=NOON).output == b"one"


def test_a_refusal_tells_of_a_plan_how_many_releases_it_paid(ledger: Ledger) -> None:
    for window in range(5):
        ledger.debit(bill(f"window {window}", debit="plan"), at=NOON)
    ledger.debit(bill("monday"), at=NOON)
    with pytest.raises(BudgetSpent, match="and 4 of the same plan"):
        ledger.debit(bill("tuesday"), at=NOON)


def test_a_block_is_asked_about_in_one_way(ledger: Ledger, tmp_path: Path) -> None:
    ledger.debit(bill("window 0", debit="plan"), at=NOON)
    with pytest.raises(BlockTaken, match=bill("window 0").release):
        ledger.debit(bill("window 0", debit="plan", edition=2), at=NOON)
    assert spent(tmp_path) == [0.5]


def test_a_scope_without_a_cap_has_nothing_to_spend(ledger: Ledger) -> None:
    with pytest.raises(ScopeWithoutCap, match="places"):
        ledger.debit(bill("monday", scopes=("places",)), at=NOON)


def test_the_first_output_stays_and_everybody_gets_it(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday", b"first")
    with closing(opened(tmp_path)) as other:
        kept = other.store(bill("monday").release, b"second", at=Instant(NOON + 1))
    assert kept.output == b"first"
    assert kept.released_at == NOON


def test_nothing_is_stored_that_was_not_paid(ledger: Ledger) -> None:
    with pytest.raises(NeverPaid):
        ledger.store(bill("monday").release, b"noised", at=NOON)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET spent_nano = 0",
        "UPDATE account SET cap_nano = 9000000000",
        "UPDATE account SET delta = 1",
        "UPDATE account SET period = '2025-11-24'",
        "DELETE FROM account",
        "INSERT INTO account VALUES ('busy', 'person-day', '2025-11-24', 9, 0, 1)",
        "UPDATE account SET spent_nano = 2000000000",
        "UPDATE entry SET at = 0",
        "DELETE FROM entry",
        "INSERT INTO entry (seq, kind, at, release, hash) VALUES (9, 'output', 0, 'r', '')",
        "UPDATE release SET output = x'00' WHERE output IS NOT NULL",
        "UPDATE release SET promise = '' WHERE output IS NULL",
        "UPDATE release SET output = x'00' WHERE output IS NULL",
        "DELETE FROM release",
        "INSERT INTO release VALUES ('r', 'p', 'b', 's', 'w', 'd', 0, 9, 0, 'x', x'00')",
    ],
)
def test_the_file_itself_takes_nothing_back(ledger: Ledger, tmp_path: Path, change: str) -> None:
    released(ledger, "monday")
    ledger.debit(bill("tuesday"), at=NOON)
    with pytest.raises(sqlite3.IntegrityError):
        tampered(tmp_path, change)
    assert not verify(tmp_path / "ledger.sqlite").faults


def test_a_ledger_is_sound_and_says_so(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    ledger.debit(bill("tuesday"), at=NOON)
    report = verify(tmp_path / "ledger.sqlite")
    assert not report.faults
    assert (report.entries, report.releases) == (3, 1)
    assert len(report.head) == 64


TRIGGERS = (
    "no_refund",
    "account_stays",
    "entry_does_not_change",
    "entry_stays",
    "entry_is_next",
    "output_does_not_change",
    "release_stays",
)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE entry SET at = 1 WHERE seq = 1", "entry 1 is not what was chained"),
        ("UPDATE entry SET width = '200' WHERE seq = 1", "entry 1 is not what was chained"),
        ("DELETE FROM entry WHERE seq = 2", "entry 3 is not what was chained"),
        ("UPDATE account SET spent_nano = 0", "says less than was debited"),
        ("UPDATE account SET cap_nano = spent_nano - 9, spent_nano = 0", "is overdrawn"),
        ("DELETE FROM account", "was debited, and is not there"),
        ("UPDATE release SET output = x'00' WHERE output IS NOT NULL", "its bytes are not those"),
        ("UPDATE release SET digest = '' WHERE output IS NOT NULL", "its bytes are not those"),
        ("UPDATE release SET output = NULL", "an entry without its bytes"),
        ("DELETE FROM release", "was put out, and is not there"),
        ("UPDATE release SET debit = 'other' WHERE output IS NOT NULL", "before it was paid"),
        ("UPDATE entry SET seq = seq + 9 WHERE kind = 'debit'", "before it was paid"),
    ],
)
def test_what_is_changed_by_force_is_found(
    ledger: Ledger, tmp_path: Path, change: str, fault: str
) -> None:
    released(ledger, "monday")
    ledger.debit(bill("tuesday"), at=NOON)
    ledger.close()
    by_force = [f"DROP TRIGGER {trigger}" for trigger in TRIGGERS]
    tampered(tmp_path, *by_force, change)
    report = verify(tmp_path / "ledger.sqlite")
    assert report.faults
    assert any(fault in found for found in report.faults), report.faults


def test_a_file_that_is_damaged_is_found(ledger: Ledger, tmp_path: Path) -> None:
    for number in range(60):
        ledger.debit(bill(f"block {number}", debit="plan"), at=NOON)
    ledger.close()
    path = tmp_path / "ledger.sqlite"
    whole = path.read_bytes()
    index = whole.rindex(bill("block 30").release.encode())
    path.write_bytes(whole[:index] + b"0" * 8 + whole[index + 8 :])
    assert any("damaged" in fault for fault in verify(path).faults)


def test_a_ledger_that_is_missing_spends_nothing(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    ledger.close()
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    with pytest.raises(LedgerLost, match="is missing"):
        opened(tmp_path)
    with pytest.raises(LedgerLost, match="is missing"):
        verify(tmp_path / "ledger.sqlite")
    assert not (tmp_path / "ledger.sqlite").exists()


def test_an_older_copy_of_the_ledger_spends_nothing(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    ledger.close()
    copy = shutil.copy(tmp_path / "ledger.sqlite", tmp_path / "copy")
    with closing(opened(tmp_path)) as again:
        again.debit(bill("tuesday"), at=NOON)
    shutil.copy(copy, tmp_path / "ledger.sqlite")
    with pytest.raises(LedgerLost, match="older copy"):
        opened(tmp_path)


def test_another_ledger_spends_nothing(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    elsewhere = tmp_path / "elsewhere"
    with closing(opened(elsewhere)) as other:
        for block in ("one", "two"):
            other.debit(bill(block), at=NOON)
    ledger.close()
    shutil.copy(elsewhere / "ledger.sqlite", tmp_path / "ledger.sqlite")
    with pytest.raises(LedgerLost, match="another one"):
        opened(tmp_path)


def test_a_witness_that_cannot_be_read_is_not_believed(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    (tmp_path / "events" / "_ledger.head").write_bytes(b"\0" * 40)
    with pytest.raises(LedgerLost, match="cannot be read"):
        opened(tmp_path)


def test_the_right_ledger_opens_again(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    ledger.close()
    with closing(opened(tmp_path)) as again:
        again.debit(bill("tuesday"), at=NOON)
    assert spent(tmp_path) == [1.0]


def test_a_ledger_that_never_spent_may_begin_anew(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    with closing(opened(tmp_path)) as anew:
        anew.debit(bill("monday"), at=NOON)
    assert spent(tmp_path) == [0.5]


def test_an_account_keeps_the_cap_it_was_opened_with(ledger: Ledger, tmp_path: Path) -> None:
    ledger.debit(bill("monday"), at=NOON)
    ledger.close()
    generous = Ledger(
        tmp_path / "ledger.sqlite",
        witness=tmp_path / "events" / "_ledger.head",
        caps={"busy": ledger._caps["everything"]},
    )
    with closing(generous):
        generous.debit(bill("tuesday"), at=NOON)
        with pytest.raises(BudgetSpent):
            generous.debit(bill("wednesday"), at=NOON)


def test_another_process_reads_what_was_released(ledger: Ledger, tmp_path: Path) -> None:
    with closing(LedgerShelf(tmp_path / "ledger.sqlite")) as shelf:
        shelf.changed()
        digest = released(ledger, "monday")
        assert shelf.changed()
        assert not shelf.changed()
        assert shelf.known(digest)
        assert not shelf.known("0" * 64)
        (stored,) = shelf.latest("busy")
        assert shelf.stored(stored.release) == stored
        assert (stored.output, stored.block, stored.promise) == (
            b"noised",
            "monday",
            "one day is hidden",
        )
        ledger.debit(bill("tuesday"), at=NOON)
        assert shelf.latest("busy", since=stored.seq) == [], "paid is not yet released"
        ledger.store(bill("tuesday").release, b"more", at=NOON)
        assert [later.block for later in shelf.latest("busy", since=stored.seq)] == ["tuesday"]
        assert shelf.latest("typical") == []
        (account,) = shelf.accounts(scope="busy")
        assert (account.spent_epsilon, account.cap_epsilon) == (1, 1)
        assert shelf.accounts() == [account]
        assert (account.left_epsilon, account.closed) == (0, False)
        assert [(debit.block, debit.releases) for debit in account.debits] == [
            ("monday", 1),
            ("tuesday", 1),
        ]
        assert shelf.accounts(since="2025-11-25", until="2025-11-25") == [account]
        assert shelf.accounts(since="2025-11-26") == shelf.accounts(until="2025-11-24") == []
        assert shelf.days() == ["2025-11-25"]


def test_the_newest_releases_are_listed_page_by_page(ledger: Ledger, tmp_path: Path) -> None:
    for day in range(1, 6):
        paid = bill(f"day {day}", periods=(f"2025-11-0{day}",))
        ledger.debit(paid, at=NOON)
        ledger.store(paid.release, b"noised", at=Instant(NOON + day))
    with closing(LedgerShelf(tmp_path / "ledger.sqlite")) as shelf:
        first = shelf.newest(2)
        then = shelf.newest(9, before=first[-1].release)
        assert [stored.block for stored in first + then] == [f"day {n}" for n in (5, 4, 3, 2, 1)]
        late = shelf.latest("busy", released_since=Instant(NOON + 4))
        assert [stored.block for stored in late] == ["day 4", "day 5"]


def test_a_shelf_waits_for_its_ledger(tmp_path: Path) -> None:
    with closing(LedgerShelf(tmp_path / "ledger.sqlite")) as shelf:
        assert shelf.latest("busy") == []
        assert not shelf.changed()
        assert not shelf.known("0" * 64)
        assert shelf.accounts() == []
        with closing(opened(tmp_path)) as ledger:
            digest = released(ledger, "monday")
            assert shelf.changed()
            assert shelf.known(digest)


def test_a_shelf_reads_a_ledger_that_nobody_writes(ledger: Ledger, tmp_path: Path) -> None:
    digest = released(ledger, "monday")
    ledger.close()
    with closing(LedgerShelf(tmp_path / "ledger.sqlite")) as shelf:
        assert shelf.known(digest)


def test_a_shelf_writes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    released(ledger, "monday")
    with (
        closing(LedgerShelf(tmp_path / "ledger.sqlite")) as shelf,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        shelf._ask("UPDATE account SET spent_nano = cap_nano")
