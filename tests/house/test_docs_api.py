"""The addresses that the pages name are those that are served, by the methods that they name."""

import re
from pathlib import Path

import pytest

from house.tree import ROOT
from hubbub.intake.door import PREFIX
from hubbub.intake.messenger import PATH as MESSENGER
from hubbub.outlet.app import operations_of
from hubbub.outlet.pages import PAGES as HTML
from outlet.fake_house import BUSY, Caller, House

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMED = re.compile(
    r"(?:(GET|POST|PUT|DELETE|-X [A-Z]+) )?(?:https?://[\w.:]+)?"
    r"(/(?:v1|healthz|metrics|openapi|tiles)[\w./{}-]*)"
)
CURL = re.compile(
    r"curl (?:-\S+ )*\"?http://127\.0\.0\.1:8000(/v1/(?:places|populartimes|bulk/busy)[^\s\"]*)"
)
CLIENTS = ("", "/owntracks", "/overland", "/traccar", "/gpslogger")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """List what is served: method and path."""
    operations = operations_of(House(tmp_path_factory.mktemp("house")))
    listed = {(each.method, each.path.replace(":int}", "}")) for each in operations}
    listed |= {(method, PREFIX + client) for client in CLIENTS for method in ("GET", "POST")}
    listed.add(("POST", MESSENGER))
    return listed | {("GET", path) for path in HTML}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_address_named_is_served(page: Path, served: set[tuple[str, str]]) -> None:
    paths = {path for _, path in served}
    filled = [re.compile(re.sub(r"{\w+}", "[^/{}]+", path)) for path in paths]
    for method, named in NAMED.findall(page.read_text()):
        path = named.rstrip("./")
        is_example = any(pattern.fullmatch(path) for pattern in filled)
        assert path in paths or is_example or path == "/v1", path
        if method and path in paths:
            assert (method.removeprefix("-X "), path) in served, f"{method} {path}"


def test_what_the_pages_ask_about_places_is_answered(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.tell_weeks(BUSY)
    caller = Caller(house)
    asked = [path for page in PAGES for path in CURL.findall(page.read_text())]
    assert len(asked) >= 6
    assert {path for path in asked if caller.get(path).status_code != 200} == set()
