"""Builds the city of an OpenStreetMap extract, and remembers which city is served."""

import re
from pathlib import Path
from typing import Final

import msgspec

from hubbub.record.roads.city import City, Progress, build_city, read_card, rebuild_if_stale
from hubbub.run.home import Home
from hubbub.terms.errors import BadInput

CURRENT: Final = "current"

_DEMO: Final = Path(__file__).parents[1] / "demo_data"
DEMO_EXTRACT: Final = _DEMO / "helsinki.osm.pbf"
DEMO_MORNINGS: Final = (_DEMO / "morning1.parquet", _DEMO / "morning2.parquet")
"""An ordinary morning, and one with a blocked street."""


class KnownCity(msgspec.Struct, frozen=True, kw_only=True):
    """A city that was added."""

    name: str
    zone: str
    served: bool


def add_city(home: Home, pbf: Path, progress: Progress, *, name: str | None = None) -> City:
    """Build the city of an extract, unless it is there already, and serve it from now on."""
    name = name or pbf.name.split(".")[0].replace("_", " ").replace("-", " ").title()
    folder_name = re.sub(r"[^\w]+", "-", name.lower()).strip("-")
    if not folder_name:
        raise BadInput(f"{name!r} is no name of a city: --name wants letters")
    city = build_city(pbf, home.cities / folder_name, name=name, progress=progress)
    fresh = home.cities / f".{CURRENT}.new"
    fresh.write_text(folder_name)
    fresh.replace(home.cities / CURRENT)
    return city


def current_city(home: Home, progress: Progress = lambda *_: None) -> City:
    """Open the city that is served. It is built anew first where another hubbub built it."""
    current = home.cities / CURRENT
    if not current.is_file():
        raise BadInput("there is no city yet: add one with `hubbub city add FILE.osm.pbf`")
    return rebuild_if_stale(home.cities / current.read_text(), progress)


def cities(home: Home) -> list[KnownCity]:
    """List the cities that were added, by name."""
    current = home.cities / CURRENT
    served = current.read_text() if current.is_file() else ""
    folders = sorted(home.cities.glob("[!.]*/")) if home.cities.is_dir() else []
    return [
        KnownCity(name=card.name, zone=card.zone, served=folder.name == served)
        for folder in folders
        if (card := read_card(folder)) is not None
    ]
