"""`hubbub ledger` tells a tired operator what was spent, what is left, and how to go on."""

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hubbub.cli import main
from hubbub.crowd.book import DayClosed
from hubbub.record.ledger import Ledger
from hubbub.run.city import KnownCity
from hubbub.run.home import Home, taken
from hubbub.terms.time import Instant, iso
from record.ledger_rig import CAPS, NOON, bill

HELSINKI = KnownCity(name="Helsinki", zone="Europe/Helsinki", served=True)
LATE = Instant(NOON + 12 * 3600 * 10**6)
"""Midnight to come in Greenwich is past in Helsinki: there it is the 26th."""


def opened(home: Home) -> Ledger:
    return Ledger(home.ledger, witness=home.ledger_witness, caps=CAPS)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A house that spent: a plan of three windows, a weekly release, many small accounts."""
    house = Home(tmp_path / "house")
    with closing(opened(house)) as ledger:
        bills = [
            bill(f"2025-11-25 window {n}", debit="plan", scopes=("busy", "everything"))
            for n in range(3)
        ]
        bills += [bill(f"2025-11-{day} window 9", periods=(f"2025-11-{day}",)) for day in (24, 23)]
        bills += [
            bill(f"2025-11-25 group {n}", product="funnel", scopes=("funnel",), periods=(period,))
            for n in range(2)
            for period in (f"2025-11-25 group {n}",)
        ]
        for paid in bills:
            ledger.debit(paid, at=NOON)
            ledger.store(paid.release, b"noised", at=NOON)
    return house


def told(capsys: pytest.CaptureFixture[str], home: Home, *arguments: str) -> str:
    """Ask the command, and give what it answered."""
    main(["ledger", *arguments, "--home", str(home.folder)])
    return capsys.readouterr().out


def asked(capsys: pytest.CaptureFixture[str], home: Home, *arguments: str) -> Any:
    return json.loads(told(capsys, home, *arguments, "--json"))


def test_a_line_tells_what_a_budget_spent_that_day_on_what_and_what_is_left(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line.split(maxsplit=6) for line in told(capsys, home).splitlines()]
    assert lines == [
        ["day", "budget", "hides", "spent", "of", "left", "on"],
        ["2025-11-25", "busy", "person-day", "0.50", "1.00", "0.50", "3 of busy"],
        ["2025-11-25", "everything", "person-day", "0.50", "1.20", "0.70", "3 of busy"],
        [
            *("2025-11-25", "funnel", "person-day", "0.50", "1.00", "0.50"),
            "2 of funnel (in 2 accounts)",
        ],
        ["2025-11-24", "busy", "person-day", "0.50", "1.00", "0.50", "1 of busy"],
        ["2025-11-23", "busy", "person-day", "0.50", "1.00", "0.50", "1 of busy"],
    ]
    assert told(capsys, home) == told(capsys, home, "show")


def test_a_day_is_shown_with_its_releases(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, home, "--day", "2025-11-25", "--product", "busy").splitlines()
    plan = bill("2025-11-25 window 0", debit="plan")
    assert [line.split()[0] for line in shown[:2]] == ["day", "2025-11-25"]
    assert shown[2:] == [
        "",
        "paid, newest first; reading any of these again is free",
        f"{iso(NOON)}  busy, {plan.block}: {plan.release}, and 2 more of its plan",
    ]


def test_programs_are_told_all_of_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, home, "--product", "busy")
    assert answer["adoptions"] == []
    assert [account["account"]["period"] for account in answer["accounts"]] == [
        "2025-11-25",
        "2025-11-24",
        "2025-11-23",
    ]
    first = answer["accounts"][0]
    assert (first["spent_epsilon"], first["left_epsilon"], first["cap_epsilon"]) == (0.5, 0.5, 1)
    assert first["debits"][0]["width"] == "2"
    assert first["debits"][0]["releases"] == 3


def test_older_days_are_counted_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = Home(tmp_path)
    with closing(opened(house)) as ledger:
        for day in range(1, 21):
            ledger.debit(bill(f"{day}", periods=(f"2025-11-{day:02}",)), at=NOON)
    lines = told(capsys, house).splitlines()
    assert len(lines) == 1 + 14 + 1
    assert lines[-1] == "and 6 days before: --day shows one, --json has them all"
    assert len(asked(capsys, house)["accounts"]) == 20


def test_a_house_that_spent_nothing_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, Home(tmp_path)) == "nothing was spent\n"


@pytest.fixture
def in_helsinki(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve Helsinki, late on the 25th in Greenwich."""

    class Late:
        def now(self) -> Instant:
            return LATE

    monkeypatch.setattr("hubbub.run.adoption.cities", lambda _: [HELSINKI])
    monkeypatch.setattr("hubbub.cli.ledger.house_clock", lambda _: Late())


@pytest.mark.usefixtures("in_helsinki")
def test_a_copied_house_goes_on_once_its_ledger_is_adopted_and_not_today(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Home(Path(shutil.copytree(home.folder, home.folder.with_name("copy"))))
    assert asked(capsys, copy, "adopt") == {"through": "2025-11-26"}
    with closing(opened(copy)) as ledger:
        with pytest.raises(DayClosed):
            ledger.debit(bill("today", periods=("2025-11-26",)), at=LATE)
        ledger.debit(bill("tomorrow", periods=("2025-11-27",)), at=LATE)
    shown = told(capsys, copy).splitlines()
    assert shown[-1] == f"adopted at {iso(LATE)}: days up to 2025-11-26 are closed"
    assert [line.split()[5] for line in shown[1:4]] == ["0.50", "closed", "closed"]
    assert "sound" in told(capsys, copy, "verify")


@pytest.mark.usefixtures("in_helsinki")
def test_a_day_that_was_spent_ahead_of_the_clock_is_closed_too(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(opened(home)) as ledger:
        ledger.debit(bill("ahead", periods=("2025-12-01",)), at=NOON)
    home.ledger_witness.unlink()
    assert asked(capsys, home, "adopt") == {"through": "2025-12-01"}


@pytest.mark.usefixtures("in_helsinki")
def test_a_ledger_that_lives_where_it_did_is_not_adopted(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        told(capsys, home, "adopt")
    assert "this ledger lives here" in capsys.readouterr().err
    with closing(opened(home)) as ledger:
        ledger.debit(bill("more"), at=NOON)


@pytest.mark.usefixtures("in_helsinki")
def test_a_ledger_is_not_adopted_while_its_house_runs(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.ledger_witness.unlink()
    with taken(home), pytest.raises(SystemExit, match="1"):
        told(capsys, home, "adopt")
    assert "another hubbub is running" in capsys.readouterr().err


def test_a_house_without_a_city_has_no_day_to_close(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.ledger_witness.unlink()
    with pytest.raises(SystemExit, match="2"):
        told(capsys, home, "adopt")
    assert "there is no city yet" in capsys.readouterr().err
