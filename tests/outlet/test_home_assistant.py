"""The example for Home Assistant: its templates, rendered on what the house answers."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import msgspec
import pytest
import yaml

from house.tree import ROOT
from hubbub.products.places.busyness import LiveBusyness
from hubbub.terms.time import instant
from outlet.fake_house import BUSY, LIBRARY, Caller, House

PAGE = (ROOT / "docs" / "home-assistant.md").read_text()
REST, AUTOMATION = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
(SOURCE,) = REST["rest"]
ENTITIES = [
    (f"{kind}.{each['name'].lower().replace(' ', '_')}", each)
    for kind in ("sensor", "binary_sensor")
    for each in SOURCE[kind]
]


def rendered(template: str, answer: object) -> str:
    """Render a template as Home Assistant does: what it reads and is not there is an error."""
    there = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    given = {"value_json": answer, "as_datetime": datetime.fromisoformat}
    return there.from_string(template).render(given).strip()


def values(answer: object) -> dict[str, str]:
    """Give what each entity shows; what is unavailable shows nothing."""

    def shown() -> Iterator[tuple[str, str]]:
        for name, entity in ENTITIES:
            if rendered(entity.get("availability", "True"), answer) == "True":
                yield name, rendered(entity["value_template"], answer)

    return dict(shown())


@pytest.fixture
def library(house: House) -> House:
    """Give a house that tells of a library on a Wednesday at 9:20."""
    house.at = instant(datetime(2026, 11, 25, 9, 20, tzinfo=ZoneInfo("Europe/Helsinki")))
    return house


def answer(house: House) -> Any:
    path = re.sub(r"^https?://[^/]+", "", SOURCE["resource"])
    given = Caller(house).get(path)
    assert given.status_code == 200
    return given.json()


def test_the_examples_templates_read_what_a_place_answers(library: House) -> None:
    library.tell_weeks(BUSY)
    library.tell_now(n1=LiveBusyness(level="quieter"))
    assert values(answer(library)) == {
        "sensor.library_busy_now": "40",
        "sensor.library_live": "quieter",
        "sensor.library_changes_at": "2026-11-25T20:00:00+02:00",
        "binary_sensor.library_open": "True",
    }


def test_what_is_not_known_is_shown_as_unknown_and_not_as_nought(library: House) -> None:
    library.places = (msgspec.structs.replace(LIBRARY, hours_told=""),)
    assert values(answer(library)) == {"sensor.library_busy_now": "None"}


def test_the_attributes_that_are_kept_are_there(library: House) -> None:
    library.tell_weeks(BUSY)
    for _, entity in ENTITIES:
        path = entity.get("json_attributes_path", "$")
        there = answer(library)[path.removeprefix("$.")] if path != "$" else {}
        assert set(entity.get("json_attributes", ())) <= set(there)


def test_the_automation_and_the_table_name_entities_of_the_example() -> None:
    names = {name for name, _ in ENTITIES}
    assert set(re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)) == names
    (automation,) = AUTOMATION["automation"]
    asked = {each["entity_id"] for part in ("triggers", "conditions") for each in automation[part]}
    assert asked <= names
