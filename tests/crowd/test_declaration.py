"""A declaration that cannot be kept is refused, and one that can says what it promises."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import ibis
import pytest

from crowd.morning import (
    DECLARATIONS,
    KEYS,
    PASSAGE,
    PEOPLE,
    PLAN,
    QUESTION,
    SPREAD,
    TIMES,
    VISITS,
    WEEK,
)
from hubbub.crowd.blocks import Days, Windows
from hubbub.crowd.bounds import DayPlan, OneNorm, TwoNorm, Unit
from hubbub.crowd.declaration import BadDeclaration, Declaration, Floor
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G
from hubbub.crowd.measure import Count, Histogram
from hubbub.crowd.structure import Denoiser
from hubbub.terms.purposes import LiveTraffic

type Live = Declaration[LiveTraffic]

WRONG: list[tuple[Live, dict[str, Any], str]] = [
    (PASSAGE, {"name": ""}, "a name"),
    (PASSAGE, {"question": QUESTION.drop("d_q")}, "the columns"),
    (PASSAGE, {"question": QUESTION.mutate(d_q=QUESTION.d_q * 1.0)}, "the columns"),
    (PASSAGE, {"question": QUESTION.mutate(phone=QUESTION.subject)}, "the columns"),
    (SPREAD, {"question": QUESTION}, "the columns"),
    (PEOPLE, {"question": QUESTION}, "the columns"),
    (TIMES, {"measure": Count(counted="passes", rows_per_key_max=0)}, "1 to 1024 rows"),
    (TIMES, {"measure": Count(counted="passes", rows_per_key_max=1025)}, "1 to 1024 rows"),
    (SPREAD, {"measure": Histogram(value="distance", edges=())}, "2 to 1024 bins"),
    (SPREAD, {"measure": Histogram(value="distance", edges=(*range(1024),))}, "2 to 1024 bins"),
    (SPREAD, {"measure": Histogram(value="distance", edges=(1, 3, 3))}, "edges of bins that rise"),
    (PASSAGE, {"keys": ibis.table({"road": "int32"}, name="keys")}, "`key` of int32"),
    (PASSAGE, {"floor": Floor(people=1)}, "more than one person"),
    (PASSAGE, {"floor": Floor(luck=0)}, "luck"),
    (PASSAGE, {"floor": Floor(luck=0.5)}, "luck"),
    (PASSAGE, {"blocks": Days()}, "all blocks of a day"),
    (PASSAGE, {"unit": Unit.PERSON_DAY}, "all blocks of a day"),
    (PLAN, {"unit": Unit.PASSAGE}, "all blocks of a day"),
    (PLAN, {"blocks": Days()}, "all blocks of a day"),
    (WEEK, {"blocks": Windows()}, "all blocks of a day"),
    (WEEK, {"unit": Unit.PASSAGE}, "all blocks of a day"),
    (VISITS, {"bound": OneNorm(whole_max=0)}, "lets somebody count"),
    (PLAN, {"bound": DayPlan(windows_max=0)}, "lets somebody count"),
    (PLAN, {"bound": DayPlan(keys_max=0)}, "lets somebody count"),
    (PLAN, {"bound": DayPlan(windows_max=1024, keys_max=1025)}, "lets somebody count"),
    (PASSAGE, {"noise": DiscreteGaussian(sigma=Fraction(9 * G))}, "Laplace noise for an L1"),
    (WEEK, {"noise": DiscreteLaplace(scale=9 * G)}, "Gaussian noise for an L2"),
    (PASSAGE, {"noise": DiscreteLaplace(scale=1)}, "two steps of the grid"),
    (PASSAGE, {"noise": DiscreteLaplace(scale=G - 1)}, "noise enough for epsilon 1"),
    (PASSAGE, {"epsilon": 0.999}, "noise enough for epsilon 0.999"),
    (VISITS, {"bound": OneNorm(whole_max=2)}, "noise enough"),
    (WEEK, {"noise": DiscreteGaussian(sigma=Fraction(5495, 1000) * G)}, "its delta is 1e-09"),
    (WEEK, {"bound": TwoNorm(whole_max=2)}, "noise enough"),
    (PLAN, {"delta": 0}, "noise enough"),
    (WEEK, {"denoiser": Denoiser(categories=("town",))}, r"columns \['town'\]"),
    (WEEK, {"denoiser": Denoiser(matrix=("key", "hour"))}, r"columns \['hour'\]"),
    (WEEK, {"denoiser": Denoiser(scales=(24,))}, "a matrix whose slots"),
    (WEEK, {"denoiser": Denoiser(matrix=("key", "key"), scales=(24, 36))}, "multiples"),
    (WEEK, {"denoiser": Denoiser(matrix=("key", "key"), scales=(1,))}, "multiples"),
]


@pytest.mark.parametrize(("right", "change", "why"), WRONG)
def test_a_wrong_declaration_is_refused_and_told_what_it_lacks(
    right: Live, change: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadDeclaration, match=why) as refused:
        replace(right, **change)
    assert refused.value.name == change.get("name", right.name)
    assert len(refused.value.lacks) == 1


def test_everything_that_is_lacking_is_told_at_once() -> None:
    with pytest.raises(BadDeclaration) as refused:
        replace(PASSAGE, name="", unit=Unit.PERSON_DAY, epsilon=0.1)
    assert len(refused.value.lacks) == 3


def test_the_right_ones_stand() -> None:
    assert [declaration.name for declaration in DECLARATIONS] == [
        "live",
        "live by day",
        "typical",
        "visits",
        "people",
        "times",
        "spread by day",
    ]
    replace(PASSAGE, epsilon=1.001)
    replace(VISITS, bound=OneNorm(whole_max=2), noise=DiscreteLaplace(scale=2 * G))
    replace(KEYS_WIDER, floor=Floor(people=2))
    replace(TIMES, measure=Count(counted="passes", rows_per_key_max=1024))
    replace(SPREAD, measure=Histogram(value="distance", edges=(*range(1023),)))


KEYS_WIDER = replace(PASSAGE, keys=KEYS.mutate(limit_kmh=KEYS.key))


@pytest.mark.parametrize(("epsilon", "percent"), [(0.25, 56), (0.5, 62), (1, 73), (2, 88), (4, 98)])
def test_a_guess_gains_what_the_promise_says(epsilon: float, percent: int) -> None:
    declared = replace(PASSAGE, epsilon=epsilon, noise=DiscreteLaplace(scale=round(G / epsilon)))
    assert round(declared.guess_percent_max) == percent
    assert f"at most {percent} % certain" in declared.promise()


def test_the_promise_names_its_unit_its_limits_and_what_it_is_not() -> None:
    week, plan, passage = WEEK.promise(), PLAN.promise(), PASSAGE.promise()
    assert "everything that one account shares in one local day" in week
    assert "a chance of at most 1e-09" in week
    assert "blocks of 7 days" in week
    assert "At most 2 windows a day and 2 roads in each" in plan
    assert "one passage of one person over one road" in passage
    assert "the weaker promise: somebody who drives all morning" in passage
    assert "blocks of 5 minutes" in passage
    assert "from about 3 people" in passage
    assert "chance of at most" not in passage


def test_the_plan_is_as_strong_as_its_name() -> None:
    assert PLAN.sensitivity == G
    assert isinstance(PLAN.bound, DayPlan)
    assert PLAN.bound.weight == G // 2


def test_what_makes_a_release_what_it_is_is_specified() -> None:
    specification = PASSAGE.specification()
    for change in (
        {"name": "other"},
        {"edition": 2},
        {"noise": DiscreteLaplace(scale=2 * G)},
        {"epsilon": 1.5},
        {"blocks": Windows(length_s=600)},
    ):
        assert replace(PASSAGE, **change).specification() != specification
    assert replace(PASSAGE, denoiser=Denoiser(categories=("key",))).specification() == specification
    assert replace(PASSAGE).specification() == specification


def test_another_measure_makes_another_release() -> None:
    once, thrice = (Count(counted="passes", rows_per_key_max=most) for most in (1, 3))
    wide, fine = (Histogram(value="distance", edges=edges) for edges in ((0,), (0, 1)))
    assert replace(TIMES, measure=once).specification() != PEOPLE.specification()
    for declared, one, other in ((TIMES, once, thrice), (SPREAD, wide, fine)):
        specified = [replace(declared, measure=each).specification() for each in (one, other)]
        assert specified[0] != specified[1]


@pytest.mark.parametrize(
    ("declared", "most"),
    [(PASSAGE, G), (PLAN, G // 2), (WEEK, G), (PEOPLE, G), (TIMES, 2 * G), (SPREAD, G // 3)],
    ids=lambda each: getattr(each, "name", each),
)
def test_one_person_adds_so_much_to_one_cell_at_most(declared: Live, most: int) -> None:
    assert declared.cell_max == most
