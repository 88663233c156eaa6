"""The places of the city that is served, and what its operator corrects of them."""

import csv
import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final

import msgspec

from hubbub.products.places.corrections import (
    EXPECTED,
    BadCorrection,
    Correction,
    Ground,
    check,
    corrected,
)
from hubbub.products.places.hours import Readable, Site, Unreadable, read_hours, site_of
from hubbub.record.roads.city import City
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.terms.errors import BadInput
from hubbub.terms.places import Place

BESIDE_DEG: Final = 0.02
"""How far outside the box of its roads something is still of the city: a beach, an island."""


class BadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the operator's file that cannot be used."""

    line: int
    field: str
    expected: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the operator's file."""

    kept: int
    bad: list[BadLine]


class UnreadableHours(msgspec.Struct, frozen=True, kw_only=True):
    """Hours that nobody can read: they want to be put right, on the map or by the operator."""

    id: str
    name: str
    told: str


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """How many places there are, and what is known of their hours."""

    places: int
    with_hours: int
    corrections: int
    unreadable: list[UnreadableHours]


def places_of(home: Home, city: City) -> list[Place]:
    """Give the places of a city as its operator has corrected them."""
    return corrected(city.places, _corrections(home, city))


def take_corrections(home: Home, file: Path) -> Taken:
    """Let a file's corrections hold from now on, in place of those of before.

    Lines that cannot be used are told, the others kept. Raises `BadInput` where none can be used:
    what held before goes on then.
    """
    city = current_city(home)
    ground = _ground(city)
    good: dict[str, Correction] = {}
    bad: list[BadLine] = []
    for line, told in _rows(file):
        try:
            correction = _read(told, ground, before=good)
            good[correction.id] = correction
        except BadCorrection as refusal:
            bad.append(BadLine(line=line, field=refusal.field, expected=refusal.expected))
    if bad and not good:
        first = bad[0]
        raise BadInput(
            f"{file.name}: no line can be used; the first, line {first.line}, {first.field}: "
            f"expected {first.expected}"
        )
    path = _path(home, city)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(list(good.values()))))
    fresh.replace(path)
    return Taken(kept=len(good), bad=bad)


def census(home: Home) -> Census:
    """Count the places of the city that is served."""
    city = current_city(home)
    places = places_of(home, city)
    read = [(place, read_hours(place.hours_told, site_of(place, city.zone))) for place in places]
    return Census(
        places=len(places),
        with_hours=sum(isinstance(hours, Readable) for _, hours in read),
        corrections=len(_corrections(home, city)),
        unreadable=[
            UnreadableHours(id=place.id, name=place.name, told=hours.told)
            for place, hours in read
            if isinstance(hours, Unreadable)
        ],
    )


def _corrections(home: Home, city: City) -> list[Correction]:
    path = _path(home, city)
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Correction])
    except FileNotFoundError:
        return []
    except msgspec.DecodeError:
        raise BadInput(
            f"{path} is damaged: give your corrections anew with `hubbub city places FILE.csv`"
        ) from None


def _path(home: Home, city: City) -> Path:
    """Name the file beside the city's folder: a rebuild takes that folder away."""
    return home.cities / f"{city.folder.name}.places.json"


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the lines of a file, each with its number and with what its cells hold."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            head = [name.strip() for name in next(reader, [])]
            unknown = sorted({*head} - {*EXPECTED})
            if unknown or "id" not in head or len({*head}) < len(head):
                raise BadInput(
                    f"{file.name}: expected a first line that names columns, each once, of "
                    f"{', '.join(EXPECTED)}; id among them"
                )
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, _cells(head, cells)
    except (OSError, UnicodeDecodeError, csv.Error) as refusal:
        raise BadInput(f"{file.name}: expected a CSV file in UTF-8") from refusal


def _cells(head: list[str], cells: list[str]) -> dict[str, str]:
    named = dict(zip(head, cells, strict=False))
    if len(cells) > len(head):
        named[""] = "a cell too many"
    return {name: cell.strip() for name, cell in named.items() if cell.strip()}


def _read(told: dict[str, str], ground: Ground, *, before: Container[str]) -> Correction:
    """Read one line, or raise `BadCorrection`. `before`: the ids of the lines before it."""
    if "" in told:
        raise BadCorrection("line", "no more cells than the first line has")
    try:
        correction = msgspec.convert(told, Correction, strict=False)
    except msgspec.ValidationError as refusal:
        at = re.search(r"\$\.(\w+)", str(refusal))
        raise BadCorrection.of(at[1] if at else "id") from None  # only the id has to be there
    if correction.id in before:
        raise BadCorrection("id", "each place once")
    check(correction, ground)
    return correction


def _ground(city: City) -> Ground:
    box = city.box
    lon, lat = box.centre
    return Ground(
        middle=Site(lat, lon, city.zone),
        reach_deg=max(box.east - box.west, box.north - box.south) / 2 + BESIDE_DEG,
        known=frozenset(place.id for place in city.places),
    )
