"""What a declaration says of itself, in words and in numbers, is what its noise really does."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from crowd.morning import (
    DECLARATIONS,
    PASSAGE,
    PEOPLE,
    PLAN,
    SPREAD,
    TIMES,
    VISITS,
    WEEK,
    seeded,
)
from hubbub.crowd.blocks import Newest
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.noise import draw
from hubbub.crowd.promise import short
from hubbub.terms.purposes import LiveTraffic

type Live = Declaration[LiveTraffic]

DRAWN = 100_000


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda each: each.name)
def test_a_count_is_off_by_what_was_said_before(declared: Live) -> None:
    """Luck: none, the seed is fixed; a share of 5 % of 100,000 stays within five deviations."""
    counters = len(declared.measure.counters)
    drawn = draw(declared.noise, counters * DRAWN, entropy=seeded(4)).reshape(counters, -1)
    people = drawn.sum(axis=0) / declared.bound.weight
    said = declared.accuracy()
    assert np.std(people) == pytest.approx(said.noise_people, rel=0.02)
    assert np.mean(np.abs(people) > said.noise_people_95) == pytest.approx(0.05, abs=0.0035)


@pytest.mark.parametrize("declared", [PASSAGE, PLAN, VISITS, WEEK], ids=lambda each: each.name)
def test_a_mean_is_off_by_what_was_said_before(declared: Live) -> None:
    """Of a hundred people, the error's first term is nearly all of it."""
    drawn = draw(declared.noise, 2 * DRAWN, entropy=seeded(4)).reshape(2, -1)
    up, down = 50 * declared.bound.weight + drawn
    percent = 100 * np.std((up - down) / (up + down))
    said = {each.people: each.percent for each in declared.accuracy().means}
    assert [*said] == [10, 30, 100]
    assert percent == pytest.approx(said[100], rel=0.05)
    assert said[10] == pytest.approx(10 * declared.accuracy().noise_people)
    assert said[10] == pytest.approx(10 * said[100])


@pytest.mark.parametrize("declared", [PEOPLE, TIMES, SPREAD], ids=lambda each: each.name)
def test_what_takes_no_mean_says_nothing_of_one(declared: Live) -> None:
    assert declared.accuracy().means == ()
    assert "mean" not in declared.accuracy().words
    assert ". This is the noise alone" in declared.accuracy().words


def test_the_words_have_the_numbers_in_them() -> None:
    assert PASSAGE.accuracy().words.startswith(
        "Noise moves a count of people by 2 (its standard deviation), and 95 counts of 100 by no "
        "more than 4.1. It moves the mean of 10, 30 or 100 people by 20 %, 6.7 % or 2 % of its "
        "reach."
    )
    assert "a count of passes by 16" in TIMES.accuracy().words


@pytest.mark.parametrize(
    ("number", "written"),
    [(0.1234, "0.12"), (6.66, "6.7"), (9.96, "10"), (10, "10"), (123.4, "123"), (1234.6, "1235")],
)
def test_a_number_is_written_as_people_write_it(number: float, written: str) -> None:
    assert short(number) == written


def test_a_promise_has_the_numbers_of_its_declaration() -> None:
    for declared in DECLARATIONS:
        promise = declared.promise()
        assert (promise.name, promise.epsilon, promise.delta, promise.floor_people) == (
            declared.name,
            declared.epsilon,
            declared.delta,
            declared.floor.people,
        )
        assert promise.purpose == "public.traffic.live"
        assert promise.accuracy == declared.accuracy()
        assert f": {promise.unit} stays hidden" in promise.words
        assert promise.weaker is (declared is PASSAGE)
        assert msgspec.json.decode(msgspec.json.encode(promise), type=type(promise)) == promise


def test_a_unit_is_named_in_plain_words() -> None:
    assert WEEK.promise().unit == "everything that one account shares in one local day"
    assert PASSAGE.promise().unit == "one passage of one person over one road in one window"


def test_a_promise_does_not_change() -> None:
    promise = PASSAGE.promise()
    with pytest.raises(AttributeError):
        promise.epsilon = 0.1  # type: ignore[misc]
    assert promise.epsilon == 1


def test_how_blocks_may_be_taken_together_is_told_and_changes_no_release() -> None:
    four = replace(WEEK, combination=Newest(blocks=4))
    assert WEEK.promise().combination == "Each block is read by itself."
    assert four.promise().combination == (
        "The newest 4 blocks may be added up: their noise is 2 times as wide as one's, for 4 times "
        "the rows."
    )
    assert four.specification() == WEEK.specification()


def test_a_declaration_speaks_of_what_its_keys_are() -> None:
    street = replace(PASSAGE, key_word="street").promise().words
    assert "over one street in one window" in street
    assert "A street is shown from" in street
    assert "road" not in street
