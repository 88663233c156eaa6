"""Places keep their numbers, whatever becomes of the map."""

from hypothesis import given
from hypothesis import strategies as st

from hubbub.products.places.numbers import PlaceNumbers
from hubbub.terms.places import PlaceId
from hubbub.terms.time import Instant

ids = st.sets(st.integers(1, 30).map(lambda number: PlaceId(f"n{number}")), min_size=1, max_size=8)


@given(lists=st.lists(ids, max_size=6))
def test_a_place_keeps_its_number_over_every_rebuild(lists: list[set[PlaceId]]) -> None:
    numbers = PlaceNumbers()
    for at, listed in enumerate(lists):
        grown = numbers.with_new(listed, at=Instant(at))
        assert grown.ids[: len(numbers.ids)] == numbers.ids
        assert all(grown.number(place) == number for number, place in enumerate(numbers.ids))
        assert {grown.number(place) for place in grown.ids} == {*range(len(grown.ids))}
        assert listed <= {*grown.ids}
        numbers = grown


@given(lists=st.lists(ids, min_size=2, max_size=6))
def test_how_many_numbers_there_were_then_does_not_change_any_more(
    lists: list[set[PlaceId]],
) -> None:
    numbers, known = PlaceNumbers(), dict[int, int]()
    for at, listed in enumerate(lists):
        numbers = numbers.with_new(listed, at=Instant(at * 10))
        known[at * 10 + 1] = len(numbers.ids)
    assert {at: numbers.known_at(Instant(at)) for at in known} == known


def test_the_first_list_holds_since_ever_and_a_new_place_from_when_it_is_heard_of() -> None:
    numbers = PlaceNumbers().with_new([PlaceId("n1")], at=Instant(50))
    numbers = numbers.with_new([PlaceId("n2")], at=Instant(70))
    assert [numbers.known_at(Instant(at)) for at in (1, 70, 71)] == [1, 1, 2]


def test_a_place_that_nobody_has_heard_of_has_no_number() -> None:
    assert PlaceNumbers().number(PlaceId("n1")) == -1
