"""The numbers of places on disk: one list a house, which outlives every map and every city."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from hubbub.products.places.numbers import PlaceNumbers
from hubbub.run.home import Home
from hubbub.run.house import open_shelf
from hubbub.terms.errors import Refused
from hubbub.terms.places import Place
from hubbub.terms.time import Instant

COUNTED: Final = ("places.hours", "places.totals", "places.live")
"""The products whose releases count by these numbers."""


class NumbersLost(Refused):
    """The list of place numbers is gone, but releases count by it: put it back from a backup."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} is lost or damaged, and what was released of places counts by its "
            "numbers; put it back from a backup: until then nothing is counted"
        )


def place_numbers(home: Home, places: Iterable[Place], *, now: Instant) -> PlaceNumbers:
    """Give the numbers of places, and the next ones, for good, to those of `places` without.

    Raises `NumbersLost` rather than to give numbers anew that releases count by.
    """
    with _alone(home):
        numbers = _read(home)
        grown = numbers.with_new((place.id for place in places), at=now)
        if len(grown.ids) > len(numbers.ids):
            _write(home.place_numbers, grown)
    return grown


def _read(home: Home) -> PlaceNumbers:
    try:
        return msgspec.json.decode(home.place_numbers.read_bytes(), type=PlaceNumbers)
    except FileNotFoundError:
        with closing(open_shelf(home)) as shelf:
            if not any(shelf.blocks(product, released_since=0) for product in COUNTED):
                return PlaceNumbers()
    except msgspec.DecodeError:
        pass
    raise NumbersLost(home.place_numbers)


def _write(path: Path, numbers: PlaceNumbers) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(numbers))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Wait until no other process of the house gives numbers."""
    home.folder.mkdir(parents=True, exist_ok=True)
    with home.place_numbers.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
