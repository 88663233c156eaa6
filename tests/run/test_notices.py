"""Which notice a house tells, and that it does not start on one that is not whole."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deal.notices import EVERYTHING
from hubbub.cli import main
from hubbub.deal.notice_check import NoticeRefused
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals
from hubbub.run.messenger import presence
from hubbub.run.settings import Messenger, Notice, Operator, Settings
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import Category


def told(home: Path, settings: Settings) -> Any:
    """Open a house, and give the notice in force there."""
    deals = open_deals(Home(home), settings, house_clock(settings))
    try:
        return deals.notice()
    finally:
        deals.close()


def test_a_house_tells_the_notice_that_hubbub_brings_in_its_operators_name(tmp_path: Path) -> None:
    notice = told(tmp_path, Settings(operator=Operator(name="City", contact="a@example.org")))
    assert (notice.operator.name, notice.region.region) == ("City", "EU")


def test_a_house_tells_of_what_its_messenger_counts_if_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "is_installed", lambda _: True)
    counted = {Category.SERVICE_USE, Category.DEVICE, Category.INTERACTIONS}
    notice = told(tmp_path / "with", Settings())
    assert {cell.category for cell in notice.cells()} == {*counted, Category.LOCATION}
    without = told(tmp_path / "without", Settings(messenger=Messenger(enabled=False)))
    assert {cell.category for cell in without.cells()} == {Category.LOCATION}


def test_a_house_tells_its_own_notice_under_the_law_of_its_region(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_bytes(EVERYTHING)
    notice = told(tmp_path, Settings(notice=Notice(file="own.json", region="IN")))
    assert (notice.operator.name, notice.region.region) == ("Example Messenger", "IN")
    assert len(notice.cells()) == 75


def test_a_house_does_not_start_on_a_notice_that_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text("{}")
    with pytest.raises(NoticeRefused, match="uses: to be told"):
        told(tmp_path, Settings(notice=Notice(file="own.json")))
    with pytest.raises(BadInput, match="no such file"):
        told(tmp_path, Settings(notice=Notice(file="none.json")))
    with pytest.raises(BadInput, match="no such region"):
        told(tmp_path, Settings(notice=Notice(region="MOON")))


type Run = tuple[int, str]


@pytest.fixture
def hubbub(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run a command in a house, and give its exit code and what it said."""

    def run(*arguments: str) -> Run:
        try:
            main(["deal", *arguments, "--home", str(tmp_path / "home")])
        except SystemExit as ended:
            return int(ended.code or 0), "".join(capfd.readouterr())
        return 0, "".join(capfd.readouterr())

    return run


def test_the_command_tells_all_that_a_notice_lacks_and_refuses_it(
    tmp_path: Path, hubbub: Callable[..., Run]
) -> None:
    file = tmp_path / "own.json"
    raw = json.loads(EVERYTHING)
    file.write_text(json.dumps(raw))
    assert hubbub("check", str(file)) == (0, f"{raw['title']}: whole; 8 uses, 75 switches\n")
    del raw["rights"]["erasure"], raw["categories"][0]["owner"]
    file.write_text(json.dumps(raw))
    code, said = hubbub("check", str(file))
    assert code == 3
    assert "rights.erasure: to be told" in said
    assert "categories.user.account.owner: to be told" in said
    assert hubbub("check")[0] == 0
    assert hubbub("check", str(tmp_path / "none.json"))[0] == 2


def test_each_switch_is_reached_from_the_command_line(hubbub: Callable[..., Run]) -> None:
    cell = "user.location.precise:public.{}:own"
    code, said = hubbub("enrol", "--device", "a", "--cells", cell.format("traffic"))
    assert (code, "a shares for: user.location.precise public.traffic own" in said) == (0, True)
    code, said = hubbub("choose", "--device", "a", "--cells", cell.format("places"), "--json")
    agreed = {use["hubbub:purpose"] for use in json.loads(said)["dpv:hasProcess"]}
    assert (code, agreed) == (0, {"public.traffic", "public.places"})
    code, said = hubbub("withdraw", "--device", "a", "--cells", cell.format("traffic"), "--json")
    closed = json.loads(said)["hubbub:closed"]
    assert (code, closed) == (0, ["user.location.precise public.traffic own"])
    assert hubbub("choose", "--device", "a", "--cells", "user.device:public.traffic")[0] == 2


def test_a_minor_is_told_so_on_the_command_line_too(hubbub: Callable[..., Run]) -> None:
    code, said = hubbub("enrol", "--device", "a", "--age-band", "minor")
    assert (code, "one at a time" in said) == (2, True)
    purposes = ("--purposes", "public.traffic")
    assert hubbub("enrol", "--device", "a", "--age-band", "minor", *purposes)[0] == 0
