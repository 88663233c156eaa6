"""A declaration that cannot be kept is refused, and one that can says what it promises."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import ibis
import pytest
from ibis.expr import types as ir

from crowd.morning import (
    ARRIVALS,
    COMERS,
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
    measured,
)
from hubbub.crowd.blocks import Days, Newest, Windows
from hubbub.crowd.bounds import DayPlan, OneNorm, SumPlan, TwoNorm, Unit
from hubbub.crowd.declaration import BadDeclaration, Declaration, Floor
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G
from hubbub.crowd.measure import Count, Events, Histogram, Presence, TwoCounters
from hubbub.crowd.structure import Denoiser
from hubbub.terms.purposes import LiveTraffic, Purpose, Traffic

type Live = Declaration[LiveTraffic]

NOW = ibis.now().epoch_seconds().cast("int64")


def laplace(scale: int) -> DiscreteLaplace:
    """Write a law."""
    return DiscreteLaplace(scale=scale)


def gaussian(sigma: str) -> DiscreteGaussian:
    """Write a law, in whole voices."""
    return DiscreteGaussian(sigma=Fraction(sigma) * G)


def wide(whole_max: int) -> dict[str, Any]:
    """Let one unit add more, behind as much more noise."""
    return {"bound": OneNorm(whole_max=whole_max), "noise": laplace(whole_max * G)}


def plan(windows_max: int, keys_max: int) -> DayPlan:
    """Plan a day."""
    return DayPlan(windows_max=windows_max, keys_max=keys_max)


def windows(length_s: int) -> Windows:
    """Write windows of one group."""
    return Windows(length_s=length_s, groups=1)


def times(rows_per_key_max: int) -> Count:
    """Count passes."""
    return Count(counted="passes", rows_per_key_max=rows_per_key_max)


def spread(*edges: int) -> Histogram:
    """Spread distances."""
    return Histogram(value="distance", edges=edges)


def keyed(**columns: str) -> ir.Table:
    """Name a table of keys."""
    return ibis.table(columns, name="keys")


def slots(*scales: int) -> Denoiser:
    """Tell cells by their slots."""
    return Denoiser(matrix=("key", "key"), scales=scales)


KEYED = {"key": "int32", "limit_kmh": "int32"}

WRONG: list[tuple[Live, dict[str, Any], str, dict[str, Any]]] = [
    (PASSAGE, {"name": ""}, "a name", {"name": "x"}),
    (PASSAGE, {"key_word": ""}, "a word for its keys", {"key_word": "street"}),
    (PASSAGE, {"edition": 0}, "an edition from 1 on", {"edition": 2}),
    (PASSAGE, {"purpose": Purpose}, "people can agree to", {"purpose": Traffic}),
    (PASSAGE, {"question": QUESTION.drop("d_q")}, "the columns", {}),
    (PASSAGE, {"question": QUESTION.mutate(d_q=QUESTION.d_q * 1.0)}, "the columns", {}),
    (PASSAGE, {"question": QUESTION.mutate(phone=QUESTION.subject)}, "the columns", {}),
    (SPREAD, {"question": QUESTION}, "the columns", {}),
    (PEOPLE, {"question": QUESTION}, "the columns", {}),
    (PASSAGE, {"question": QUESTION.mutate(at=NOW)}, "not TimestampNow", {}),
    (PASSAGE, {"question": QUESTION.sample(0.5, method="block")}, "not Sample", {}),
    (TIMES, {"measure": Count(counted="", rows_per_key_max=2)}, "a word for what", {}),
    (TIMES, {"measure": times(0)}, "1 to 1024 rows", {"measure": times(1)}),
    (TIMES, {"measure": times(1025)}, "1 to 1024 rows", {"measure": times(1024)}),
    (PEOPLE, {"measure": Presence(counted="")}, "a word for what", {}),
    (ARRIVALS, {"measure": Events(counted="")}, "a word for what", {}),
    (TIMES, {"measure": ARRIVALS.measure}, "an L1 bound on all the events", {}),
    (PASSAGE, measured(ARRIVALS.measure), "an L1 bound on all the events", {}),
    (WEEK, {"measure": TwoCounters(value="", prior="5", reach="1")}, "words for a value", {}),
    (WEEK, {"measure": TwoCounters(value="v", prior="", reach="1")}, "words for a value", {}),
    (WEEK, {"measure": TwoCounters(value="v", prior="5", reach="")}, "words for a value", {}),
    (SPREAD, {"measure": Histogram(value="", edges=(1,))}, "a word for the value", {}),
    (SPREAD, {"measure": spread()}, "2 to 1024 bins", {"measure": spread(5)}),
    (SPREAD, {"measure": spread(*range(1024))}, "1024 bins", {"measure": spread(*range(1023))}),
    (SPREAD, {"measure": spread(1, 3, 3)}, "bins that rise", {"measure": spread(1, 3, 4)}),
    (PASSAGE, {"keys": keyed(road="int32")}, "`key` of int32", {"keys": keyed(**KEYED)}),
    (PASSAGE, {"keys": keyed(key="int64")}, "`key` of int32", {}),
    (PASSAGE, {"keys": KEYS.mutate(limit_kmh=KEYS.key)}, "an unbound table", {}),
    (PASSAGE, {"floor": Floor(people=1)}, "more than one person", {"floor": Floor(people=2)}),
    (PASSAGE, {"floor": Floor(luck=0)}, "luck", {"floor": Floor(luck=1e-9)}),
    (PASSAGE, {"floor": Floor(luck=0.5)}, "luck", {"floor": Floor(luck=0.49)}),
    (PASSAGE, {"blocks": Days()}, "all blocks of a day", {"blocks": Windows()}),
    (PASSAGE, {"unit": Unit.PERSON_DAY}, "all blocks of a day", {"unit": Unit.PASSAGE}),
    (PLAN, {"unit": Unit.PASSAGE}, "all blocks of a day", {"unit": Unit.PERSON_DAY}),
    (PLAN, {"blocks": Days()}, "all blocks of a day", {"blocks": Windows()}),
    (WEEK, {"blocks": Windows()}, "all blocks of a day", {"blocks": Days()}),
    (WEEK, {"unit": Unit.PASSAGE}, "all blocks of a day", {"unit": Unit.PERSON_DAY}),
    (WEEK, {"blocks": Days(days=0)}, "blocks that last", {"blocks": Days(days=1)}),
    (PLAN, {"blocks": windows(0)}, "blocks that last", {"blocks": windows(1)}),
    (PLAN, {"combination": Newest(blocks=0)}, "a combination", {"combination": Newest(blocks=9)}),
    (VISITS, {"bound": OneNorm(whole_max=0)}, "lets somebody count", {"bound": OneNorm()}),
    (VISITS, wide(1025), "for at most 1024 whole", wide(1024)),
    (PLAN, {"bound": plan(0, 2)}, "lets somebody count", {"bound": plan(1, 2)}),
    (COMERS, {"unit": Unit.PASSAGE}, "all blocks of a day", {"unit": Unit.PERSON_DAY}),
    (COMERS, {"blocks": Days()}, "all blocks of a day", {"blocks": Windows()}),
    (COMERS, {"bound": plan(2, 2)}, "Laplace noise for an L1 bound", {"bound": SumPlan()}),
    (COMERS, {"bound": SumPlan(windows_max=0)}, "lets somebody count", {"bound": SumPlan()}),
    (COMERS, {"noise": laplace(G - 1)}, "noise enough", {"noise": laplace(G)}),
    (PLAN, {"bound": plan(2, 0)}, "lets somebody count", {"bound": plan(2, 1)}),
    (PLAN, {"bound": plan(1024, 1025)}, "lets somebody count", {"bound": plan(1024, 1024)}),
    (PASSAGE, {"noise": gaussian("9")}, "Laplace noise for an L1", {"noise": laplace(9 * G)}),
    (WEEK, {"noise": laplace(9 * G)}, "Gaussian noise for an L2", {"noise": gaussian("9")}),
    (PASSAGE, {"noise": laplace(1)}, "two steps of the grid", {}),
    (PASSAGE, {"noise": laplace(2)}, "noise enough for epsilon", {}),
    (PASSAGE, {"epsilon": 0}, "an epsilon above 0", {"epsilon": 1}),
    (PASSAGE, {"epsilon": float("nan")}, "an epsilon above 0", {}),
    (PASSAGE, {"epsilon": 10.1}, "at most 10", {"epsilon": 10}),
    (PLAN, {"delta": 2e-6}, "a delta of at most 1e-06", {"delta": 1e-6}),
    (PASSAGE, {"delta": -1e-9}, "a delta of at most 1e-06", {"delta": 0}),
    (PASSAGE, {"noise": laplace(G - 1)}, "noise enough for epsilon 1:", {"noise": laplace(G)}),
    (PASSAGE, {"epsilon": 0.999}, "noise enough for epsilon 0.999", {"epsilon": 1.001}),
    (VISITS, {"bound": OneNorm(whole_max=2)}, "noise enough", wide(2)),
    (WEEK, {"noise": gaussian("5.495")}, "its delta is 1e-09", {"noise": gaussian("5.496")}),
    (WEEK, {"bound": TwoNorm(whole_max=2)}, "noise enough", {"bound": TwoNorm()}),
    (PLAN, {"delta": 0}, "noise enough", {"delta": 1e-9}),
    (WEEK, {"denoiser": Denoiser(categories=("town",))}, r"columns \['town'\]", {}),
    (WEEK, {"denoiser": Denoiser(matrix=("key", "hour"))}, r"columns \['hour'\]", {}),
    (WEEK, {"denoiser": Denoiser(scales=(24,))}, "a matrix whose slots", {}),
    (WEEK, {"denoiser": slots(24, 36)}, "multiples", {"denoiser": slots(24, 48)}),
    (WEEK, {"denoiser": slots(1)}, "multiples", {"denoiser": slots(2)}),
]


@pytest.mark.parametrize(("right", "wrong", "why", "twin"), WRONG)
def test_a_wrong_declaration_is_refused_and_told_what_it_lacks(
    right: Live, wrong: dict[str, Any], why: str, twin: dict[str, Any]
) -> None:
    with pytest.raises(BadDeclaration, match=why) as refused:
        replace(right, **wrong)
    assert refused.value.name == wrong.get("name", right.name)
    assert len(refused.value.lacks) == 1
    replace(right, **twin)


ALL_WRONG: list[tuple[Live, dict[str, Any], tuple[str, ...]]] = [
    (
        PASSAGE,
        {
            "name": "",
            "edition": 0,
            "purpose": Purpose,
            "question": QUESTION.mutate(at=NOW).sample(0.5, method="block"),
            "keys": KEYS.mutate(limit_kmh=KEYS.key),
            "combination": Newest(blocks=0),
            "floor": Floor(people=1, luck=0.5),
            "measure": TwoCounters(value="", prior="", reach=""),
            "unit": Unit.PERSON_DAY,
            "blocks": windows(0),
            "bound": OneNorm(whole_max=0),
            "noise": gaussian("9"),
            "epsilon": 0,
            "delta": 1,
        },
        (
            "a name, and a word for its keys",
            "an edition from 1 on",
            "a purpose that people can agree to",
            "a question of unbound tables and nothing else, not Sample, TimestampNow",
            "an unbound table of public keys with a column `key` of int32",
            "a combination of at least one block",
            "a floor of more than one person",
            "a floor's luck within 0..0.5",
            "words for a value, its prior and its reach",
            "a bound that holds for its unit over all blocks of a day",
            "blocks that last",
            "a bound that lets somebody count, for at most 1024 whole",
            "an epsilon above 0, and at most 10",
            "a delta of at most 1e-06",
            "Laplace noise for an L1 bound, or Gaussian noise for an L2 bound",
        ),
    ),
    (
        TIMES,
        {"measure": Count(counted="", rows_per_key_max=0), "noise": gaussian("1/1024")},
        (
            "a word for what is counted",
            "a count of 1 to 1024 rows of one person in a cell",
            "noise at least two steps of the grid wide",
        ),
    ),
    (
        PEOPLE,
        {
            "measure": Presence(counted=""),
            "epsilon": 0.5,
            "denoiser": Denoiser(categories=("town",), scales=(2, 3)),
        },
        (
            "a word for what is counted",
            "noise enough for epsilon 0.5: its delta is 1",
            "public keys with the denoiser's columns ['town']",
            "scales that are multiples of one another, the shortest first",
            "a matrix whose slots have scales",
        ),
    ),
    (
        SPREAD,
        {"measure": Histogram(value="", edges=(5, 3) * 600)},
        (
            "a word for the value that is spread",
            "a histogram of 2 to 1024 bins",
            "edges of bins that rise",
        ),
    ),
]


@pytest.mark.parametrize(("right", "wrong", "lacks"), ALL_WRONG)
def test_everything_that_is_lacking_is_told_at_once(
    right: Live, wrong: dict[str, Any], lacks: tuple[str, ...]
) -> None:
    with pytest.raises(BadDeclaration) as refused:
        replace(right, **wrong)
    assert refused.value.lacks == lacks
    name = wrong.get("name", right.name)
    assert str(refused.value) == f"the declaration {name!r} cannot be kept: {'; '.join(lacks)}"


def test_the_right_ones_stand() -> None:
    assert [declaration.name for declaration in DECLARATIONS] == [
        "live",
        "live by day",
        "typical",
        "visits",
        "people",
        "arrivals",
        "times",
        "spread by day",
        "comers by day",
    ]


@pytest.mark.parametrize(("epsilon", "percent"), [(0.25, 56), (0.5, 62), (1, 73), (2, 88), (4, 98)])
def test_a_guess_gains_what_the_promise_says(epsilon: float, percent: int) -> None:
    declared = replace(PASSAGE, epsilon=epsilon, noise=DiscreteLaplace(scale=round(G / epsilon)))
    assert round(declared.promise().guess_percent_max) == percent
    assert f"at most {percent} % certain" in declared.promise().words


def test_the_promise_names_its_unit_its_limits_and_what_it_is_not() -> None:
    week, plan, passage = (each.promise().words for each in (WEEK, PLAN, PASSAGE))
    assert "everything that one account shares in one local day" in week
    assert "a chance of at most 1e-09" in week
    assert "blocks of 7 days" in week
    assert "At most 2 windows a day and 2 roads in each" in plan
    assert "one passage of one person over one road" in passage
    assert "the weaker promise: somebody who drives all morning" in passage
    assert "blocks of 5 minutes" in passage
    assert "from about 3 people" in passage
    assert "certain (epsilon 1). All" in passage


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


def test_a_release_is_known_by_all_that_makes_it_what_it_is() -> None:
    """Another word here would be another release: the same block would be drawn and paid twice."""
    assert SPREAD.specification() == {
        "name": "spread by day",
        "edition": 1,
        "purpose": "public.traffic.live",
        "unit": "PERSON_DAY",
        "bound": "DayPlan(windows_max=2, keys_max=3)",
        "noise": "DiscreteGaussian 190464/125 on 1024",
        "epsilon": 4,
        "delta": 1e-9,
        "blocks": "Windows(length_s=300, groups=2)",
        "measure": "Histogram",
        "rows_per_key_max": 1024,
        "edges": "(0,)",
    }
    assert "measure" not in WEEK.specification(), "what was released before there were others"


@pytest.mark.parametrize(
    ("declared", "most"),
    [
        (PASSAGE, G),
        (PLAN, G // 2),
        (WEEK, G),
        (PEOPLE, G),
        (TIMES, 2 * G),
        (SPREAD, G // 3),
        (COMERS, G // 4),
    ],
    ids=lambda each: getattr(each, "name", each),
)
def test_one_person_adds_so_much_to_one_cell_at_most(declared: Live, most: int) -> None:
    assert declared.cell_max == most
