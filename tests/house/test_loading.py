"""What comes along when a room is entered. The contracts miss what a library imports by itself."""

import re
import subprocess
import sys

import pytest

from house.tree import CORE, modules_of

ENGINES = r"alembic|deltalake|duckdb|osmium|pyspark|sqlalchemy|sqlite3|valhalla"
WEB = r"aiohttp|granian|httpx|starlette|uvicorn"
CLOSED = {
    "terms": rf"hubbub\.(?!terms)|{ENGINES}|{WEB}|dp_accounting",
    "deal": rf"hubbub\.(?!terms|deal)|{ENGINES}|{WEB}|dp_accounting",
    "crowd": rf"hubbub\.(?!terms|deal|crowd)|{ENGINES}|{WEB}",
    "products": rf"hubbub\.(?!terms|deal|crowd|products)|{ENGINES}|{WEB}",
    "outlet": rf"hubbub\.(record|intake|run|cli)|{ENGINES}|aiohttp|granian",
    "intake": rf"hubbub\.(record|outlet|run|cli)|{ENGINES}|aiohttp|granian",
    "record": rf"hubbub\.(intake|outlet|run|cli)|{WEB}",
}


def loaded_by(modules: list[str]) -> list[str]:
    """Import `modules` in a fresh interpreter; list every module it then holds."""
    program = f"import sys\nimport {', '.join(modules)}\nprint(*sys.modules, sep='\\n')"
    entered = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return entered.stdout.splitlines()


@pytest.mark.parametrize("room", CLOSED)
def test_a_room_loads_nothing_from_behind_its_doors(room: str) -> None:
    closed = re.compile(rf"(?:{CLOSED[room]})\b")
    assert [name for name in loaded_by(modules_of(room)) if closed.match(name)] == []


def test_the_record_does_load_an_engine() -> None:
    assert {"duckdb", "hubbub.terms.catalogue"} <= set(loaded_by(modules_of("record")))


def test_every_room_is_looked_at() -> None:
    assert set(CORE) < set(CLOSED)
    for room in CLOSED:
        assert modules_of(room), f"{room} is empty"
