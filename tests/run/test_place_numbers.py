"""The list of place numbers on disk: it outlives rebuilds, and is never made up anew."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hubbub.run import place_numbers as numbering
from hubbub.run.home import Home
from hubbub.run.place_numbers import NumbersLost, place_numbers
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.time import Instant

MONDAY = Instant(1_793_570_400_000_000)


def places(*ids: str) -> list[Place]:
    return [
        Place(id=PlaceId(each), name="", category=PlaceCategory.CAFE, lat_e6=0, lon_e6=0)
        for each in ids
    ]


class _Shelf:
    """A ledger that knows of one release of places."""

    def blocks(self, product: str, *, released_since: int) -> frozenset[str]:
        assert released_since == 0, "any release counts"
        return frozenset({"a week"} if product == "places.hours" else ())

    def close(self) -> None:
        """Let go of nothing."""


def test_numbers_are_there_after_a_restart_and_another_map(tmp_path: Path) -> None:
    first = place_numbers(Home(tmp_path), places("n7", "n3"), now=MONDAY)
    again = place_numbers(Home(tmp_path), places("n5", "n7"), now=Instant(MONDAY + 1))
    assert first.ids == ("n3", "n7")
    assert again.ids == ("n3", "n7", "n5")


def test_two_processes_give_no_number_twice(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        lists = [places(f"n{n}", f"n{n + 1}") for n in range(1, 20)]
        list(pool.map(lambda these: place_numbers(Home(tmp_path), these, now=MONDAY), lists))
    numbers = place_numbers(Home(tmp_path), [], now=MONDAY)
    assert sorted(numbers.ids) == sorted({f"n{n}" for n in range(1, 21)})


@pytest.mark.parametrize("damaged", [False, True])
def test_numbers_that_releases_count_by_are_never_made_up_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, damaged: bool
) -> None:
    place_numbers(Home(tmp_path), places("n3"), now=MONDAY)
    monkeypatch.setattr(numbering, "open_shelf", lambda _: _Shelf())
    file = Home(tmp_path).place_numbers
    if damaged:
        file.write_bytes(file.read_bytes()[:-3])
    else:
        file.unlink()
    with pytest.raises(NumbersLost):
        place_numbers(Home(tmp_path), places("n4"), now=MONDAY)


def test_a_house_that_released_nothing_yet_begins_a_list(tmp_path: Path) -> None:
    assert place_numbers(Home(tmp_path), places("n4"), now=MONDAY).number(PlaceId("n4")) == 0
