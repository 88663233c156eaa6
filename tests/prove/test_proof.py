"""`hubbub prove` as an operator runs it: in processes of its own, with a page and an exit code."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hubbub.cli import main
from hubbub.cli import prove as command
from hubbub.crowd.gate import release, spend
from hubbub.products.traffic.declarations import LIVE_PASSAGE, windows_of
from hubbub.prove import proof as proving
from hubbub.prove.check import Case, Named
from hubbub.prove.page import summary_of, write_proof
from hubbub.prove.proof import Order, Proof, Proved, prove
from hubbub.prove.worker import run_check
from hubbub.prove.worlds import NOON, ZONE, Passes, Stage, keys_of
from hubbub.run.home import Home
from hubbub.run.spending import open_ledger
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import LiveTraffic

PROVE = (sys.executable, "-m", "hubbub", "prove")


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = (*PROVE, "--home", str(home), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path: Path) -> Home:
    """Give a house that released something."""
    home, stage = (
        Home(tmp_path),
        Stage(declared=LIVE_PASSAGE, keys=keys_of(LIVE_PASSAGE, np.arange(40))),
    )
    one = np.array([0])
    rows = stage.permitted(Passes(subject=one, at=one + NOON, segment=one).table(LiveTraffic))
    blocks, ledger = windows_of(LIVE_PASSAGE), open_ledger(home)
    for window in range(3):
        question = stage.question(rows, blocks.block(NOON // 300_000_000 + window, 0, zone=ZONE))
        release(question, spend(ledger, question, at=NOON), engine=stage.engine.run, entropy=bytes)
    ledger.close()
    return home


def test_what_holds_is_told_on_a_dated_page_and_in_json(house: Home) -> None:
    ran = run(house.folder, "--only", "ledger", "--json")
    assert ran.returncode == 0, ran.stderr
    proof = json.loads(ran.stdout)
    assert proof["held"]
    assert [each["check"]["id"] for each in proof["checks"]] == ["ledger"]
    (page,), (kept,) = house.proofs.glob("*.html"), house.proofs.glob("*.json")
    assert json.loads(kept.read_text()) == proof
    assert "3 releases" in page.read_text()
    assert page.stem in ran.stderr


def test_a_ledger_whose_bytes_were_changed_is_found(house: Home) -> None:
    with sqlite3.connect(house.ledger) as ledger:
        triggers = ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (trigger,) in triggers.fetchall():
            ledger.execute(f"DROP TRIGGER {trigger}")
        ledger.execute("UPDATE release SET output = x'00'")
    ledger.close()
    found = run_check("ledger", Case(home=house))
    assert found.outcome == "failed"
    assert "bytes" in found.told


FORGING = Named(id="forging", of="", sentence="No <forgery> leaves.")


def proved(outcome: str) -> Proof:
    """Make a proof of one check."""
    one = Proved(check=FORGING, outcome=outcome, told="seen & done", took_s=0.1)  # type: ignore[arg-type]
    return Proof(at=NOON, version="1", held=outcome != "failed", took_s=1, checks=[one])


def test_the_page_says_what_was_seen_and_nothing_else(tmp_path: Path) -> None:
    page = write_proof(Home(tmp_path), proved("failed"))
    assert page.name == "proof-2026-11-24T100000Z.html"
    assert "No &lt;forgery&gt; leaves.<small>seen &amp; done" in page.read_text()
    assert "does not hold" in summary_of(proved("failed"))
    assert "does not" not in summary_of(proved("held"))


@pytest.mark.parametrize(("outcome", "code"), [("held", None), ("failed", 1)])
def test_the_command_ends_with_1_iff_something_does_not_hold(
    outcome: str,
    code: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "prove_all", lambda *_, **__: proved(outcome))
    ended = None
    try:
        main(["prove", "--home", str(tmp_path)])
    except SystemExit as end:
        ended = end.code
    assert ended == code
    assert ("DOES NOT HOLD" in capsys.readouterr().out) is (code == 1)


DYING = """
import json, sys
print(json.dumps([{"id": id, "of": "", "sentence": ""} for id in ("one", "two")]), flush=True)
for line in sys.stdin:
    if line == "one\\n":
        sys.exit(3)
    print('{"outcome": "held", "told": ""}', flush=True)
"""


def test_a_check_that_ends_its_process_fails_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "python", lambda *_: (sys.executable, "-c", DYING))
    told: list[str] = []
    proof = prove(
        Home(tmp_path),
        Order(),
        at=NOON,
        version="1",
        tell=lambda each: told.append(each.check.name),
    )
    assert {each.check.id: each.outcome for each in proof.checks} == {
        "one": "failed",
        "two": "held",
    }
    assert sorted(told) == ["one", "two"]
    assert not proof.held
    with pytest.raises(BadInput, match="one, two"):
        prove(Home(tmp_path), Order(only=["three"]), at=NOON, version="1", tell=told.append)
