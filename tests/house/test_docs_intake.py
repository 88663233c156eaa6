"""What the page for app developers shows is what the door takes, word for word."""

import re
from http import HTTPStatus

import msgspec
import pytest

from house.tree import ROOT, SOURCE
from hubbub.intake.adapter import Adapter, Sent
from hubbub.intake.gpslogger import GPSLOGGER
from hubbub.intake.overland import OVERLAND
from hubbub.intake.own import OWN
from hubbub.intake.owntracks import OWNTRACKS
from hubbub.intake.ping import Rejected
from hubbub.intake.traccar import TRACCAR

PAGE = (ROOT / "docs" / "app-developer.md").read_text()
ADAPTERS: dict[str, Adapter] = {
    "/v1/intake": OWN,
    "/v1/intake/owntracks": OWNTRACKS,
    "/v1/intake/overland": OVERLAND,
    "/v1/intake/traccar": TRACCAR,
    "/v1/intake/gpslogger": GPSLOGGER,
}
BODIES = re.findall(
    r"^`POST (/v1/intake\S*)`:\n\n```json\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_a_body_on_the_page_is_taken_whole(path: str, body: str) -> None:
    sent = Sent("POST", "application/json", {}, body.encode(), 100)
    parsed = ADAPTERS[path].read(sent)
    assert parsed.rejected == []
    assert len(parsed.rows) > 0


def test_every_app_has_a_body_or_an_address_on_the_page() -> None:
    assert {path for path, _ in BODIES} | {"/v1/intake/gpslogger"} == ADAPTERS.keys()
    assert "/v1/intake/gpslogger?lat=" in PAGE


def test_the_account_on_the_page_is_what_the_door_writes() -> None:
    shown = re.search(r'```json\n(\{"accepted.*?)```', PAGE, re.DOTALL)
    assert shown is not None
    rejected = OWN.read(
        Sent("POST", "application/json", {}, b'[{"at": 1, "lat": 91, "lon": 0}]', 9)
    )
    lines = msgspec.json.decode(shown[1])["rejected"]
    assert [Rejected(0, line["field"], line["expected"]) for line in lines] == rejected.rejected


def test_every_problem_on_the_page_is_one_that_the_door_has() -> None:
    door = "\n".join(file.read_text() for file in sorted((SOURCE / "intake").glob("*.py")))
    has = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', door))
    rows = re.findall(r"^\| (\d{3}) \|([^|]*)\|", PAGE, re.MULTILINE)
    assert rows
    for status, kinds in rows:
        HTTPStatus(int(status))
        assert set(re.findall(r"`([a-z-]+)`", kinds)) <= has
