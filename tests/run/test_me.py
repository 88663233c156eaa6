"""What a person takes away is all there was, and can be taken in elsewhere."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from hubbub.deal.desk import UnknownDevice
from hubbub.deal.documents import read_document, verify_document
from hubbub.record.deal_store import DealStore
from hubbub.record.journal import Journal
from hubbub.run.clock import StillClock
from hubbub.run.home import Home
from hubbub.run.house import open_record
from hubbub.run.load import load_files
from hubbub.run.me import export_own
from hubbub.terms.errors import BadInput
from hubbub.terms.time import SECOND, Instant
from record.deal_store_rig import BOTH
from record.rows import DAY_0, rows_at

BEFORE = Instant((DAY_0 - 3600) * SECOND)


def given(home: Home) -> DealStore:
    """Let two people agree, and give rows."""
    deals = DealStore(home.deal, StillClock(BEFORE))
    for name in ("ann", "bob"):
        deals.enrol(name, BOTH, "test")

    async def write() -> None:
        journal = Journal(home.journal)
        ann, bob = rows_at(range(50), subject=1), rows_at(range(7), subject=2, receipt=2)
        ann["accuracy_dm"], ann["course_deg"], ann["speed_cms"][:9] = 57, -1, -1
        await journal.append(np.concatenate([ann, bob]))
        journal.close()

    asyncio.run(write())
    open_record(home, deals).drain()
    return deals


def test_what_is_taken_away_is_all_that_was_kept_of_one_person(tmp_path: Path) -> None:
    deals = given(Home(tmp_path / "here"))
    wrote = export_own(Home(tmp_path / "here"), "ann", tmp_path / "out")
    assert (wrote.pings, wrote.receipts) == (50, 1)
    lines = (tmp_path / "out" / "pings.ndjson").read_text().splitlines()
    assert {json.loads(line)["device"] for line in lines} == {"ann"}
    receipt = read_document((tmp_path / "out" / "receipts" / "0001.json").read_bytes())
    verify_document(receipt, deals.public_key())
    deals.close()


def test_what_is_taken_away_can_be_taken_in_elsewhere_and_is_the_same(tmp_path: Path) -> None:
    here, there = Home(tmp_path / "here"), Home(tmp_path / "there")
    given(here).close()
    export_own(here, "ann", tmp_path / "out")
    loaded = load_files(
        there, [tmp_path / "out" / "pings.ndjson"], day=None, enrol=True, progress=lambda *_: None
    )
    assert (loaded.accepted, loaded.rejected) == (50, [])
    export_own(there, "ann", tmp_path / "again")
    first, again = (
        (tmp_path / folder / "pings.ndjson").read_bytes() for folder in ("out", "again")
    )
    assert first == again


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    given(Home(tmp_path / "here")).close()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(BadInput, match="not empty"):
        export_own(Home(tmp_path / "here"), "ann", tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"


def test_nobody_is_exported_who_is_not_here(tmp_path: Path) -> None:
    given(Home(tmp_path / "here")).close()
    with pytest.raises(UnknownDevice):
        export_own(Home(tmp_path / "here"), "zoe", tmp_path / "out")
    assert not (tmp_path / "out").exists()
