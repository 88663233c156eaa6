"""Looks at all that a house shows: every page, route and tile, and every error that can be had."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from hubbub.intake.door import PREFIX
from hubbub.outlet.pages import page_routes
from hubbub.prove.drill import DrillHouse, Reply

ZOOMS: Final = range(10, 16)
DOCUMENT: Final = "/openapi.json"

_RELEASES_MAX: Final = 50
_INTAKES: Final = tuple(
    f"{PREFIX}{client}" for client in ("", "/owntracks", "/overland", "/traccar", "/gpslogger")
)

type Look = tuple[str, Reply]
"""What was asked, and the answer."""


def looks(house: DrillHouse, *, token: str | None = None) -> Iterator[Look]:
    """Look at everything that can be had without a person's token, and with another's `token`."""
    for page in page_routes():
        yield _look(house, page.path)
    yield _look(house, DOCUMENT)
    for path, operation in _gets(house):
        yield _look(house, path)
        asked = {p["name"]: p["example"] for p in operation["parameters"] if p["in"] == "query"}
        for one in asked.items():
            yield _look(house, f"{path}?{urlencode([one])}")
        if token is not None and operation.get("security"):
            yield f"GET {path}, as somebody else", house.ask("GET", path, token=token)
    releases = house.ask("GET", f"/v1/releases?limit={_RELEASES_MAX}").body
    for release in msgspec.json.decode(releases)["releases"]:
        yield _look(house, f"/v1/releases/{release['id']}")
    for tile in _tiles(house):
        yield _look(house, tile)


def provoked(house: DrillHouse, token: str, words: Sequence[str]) -> Iterator[Look]:
    """Provoke every error with `words` that a person sent: no answer repeats one."""
    for word in words:
        yield _look(house, f"/{quote(word)}")
        for path, operation in _gets(house, hole=quote(word)):
            for parameter in {word, *(p["name"] for p in operation["parameters"])}:
                yield _look(house, f"{path}?{urlencode({parameter: word})}")
            yield f"{path}, token", house.ask("GET", path, token=quote(word))
        for path, method in product(_paths(house), ("POST", "PUT", "PATCH", "DELETE")):
            body = msgspec.json.encode({"device": word, "purposes": [word]})
            yield f"{method} {path}", house.ask(method, path, body=body)
        for path, body in product(_INTAKES, _bad_bodies(word)):
            for kind in ("application/json", "application/x-ndjson", f"text/{quote(word)}"):
                answer = house.ask("POST", path, body=body, kind=kind, token=token)
                yield f"POST {path}", answer
        current = "/v1/deal/enrolments/current"
        body = msgspec.json.encode({"purposes": [word]})
        yield f"PUT {current}", house.ask("PUT", current, body=body, token=token)
        gone = house.ask("DELETE", f"{current}?purposes={quote(word)}", token=token)
        yield f"DELETE {current}", gone


def _bad_bodies(word: str) -> list[bytes]:
    """Write the word where something else is expected."""
    ping = {"at": 1, "lat": 60.0, "lon": 24.0}
    bad = [{**ping, name: word} for name in ping]
    return [word.encode(), *map(msgspec.json.encode, [word, {"lat": word}, [ping, *bad], *bad])]


def _look(house: DrillHouse, path: str) -> Look:
    return f"GET {path}", house.ask("GET", path)


def _gets(house: DrillHouse, *, hole: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """List what the house's own document says can be got, its holes filled by their examples."""
    for path, operation in _document(house).items():
        if "get" in operation:
            holes = {p["name"]: p["example"] for p in operation["get"]["parameters"]}
            filled = re.sub(r"{(\w+)}", lambda name: hole or quote(holes[name[1]]), path)  # noqa: B023
            yield filled, operation["get"]


def _paths(house: DrillHouse) -> list[str]:
    return [path for path in _document(house) if "{" not in path]


def _document(house: DrillHouse) -> dict[str, dict[str, Any]]:
    document = msgspec.json.decode(house.ask("GET", DOCUMENT).body, type=_Document)
    return document.paths


class _Document(msgspec.Struct):
    paths: dict[str, dict[str, Any]]


def _tiles(house: DrillHouse) -> Iterator[str]:
    """List the tiles that the city is on."""
    box = house.city.box
    for z in ZOOMS:
        corners = [
            _tile(lat, lon, z) for lat, lon in ((box.north, box.west), (box.south, box.east))
        ]
        (west, north), (east, south) = corners
        for x, y in product(range(west, east + 1), range(north, south + 1)):
            yield f"/tiles/{z}/{x}/{y}.mvt"


def _tile(lat: float, lon: float, z: int) -> tuple[int, int]:
    """Give the tile that a place is on, in the web's Mercator."""
    count = 1 << z
    north = 0.5 - math.asinh(math.tan(math.radians(lat))) / math.tau
    return int((lon + 180) / 360 * count), int(north * count)
