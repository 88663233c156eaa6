"""Days are closed once, and a week is its days: added, and never reopened."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowd.morning import (
    ARRIVALS,
    DAY,
    NOON,
    PASSAGE,
    PEOPLE,
    ROADS,
    TIMES,
    VISITS,
    WEEK,
    ZONE,
    MemoryBook,
    MemoryDays,
    Pass,
    ask,
    engine,
    measured,
    seeded,
)
from hubbub.crowd import summing
from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.days import DayDiffers, DaySums, added_up, close_day, closed_day
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import NotPaid, Released, release, release_days, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import G
from hubbub.crowd.measure import Histogram
from hubbub.crowd.question import Question
from hubbub.crowd.summing import BoundBroken
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.time import SECOND, Instant

type Live = Declaration[LiveTraffic]
type Closed = list[DaySums[LiveTraffic]]

SPREAD_WEEK: Live = replace(VISITS, **measured(Histogram(value="distance", edges=(-100, 200))))
BY_DAY: tuple[Live, ...] = (WEEK, VISITS, PEOPLE, ARRIVALS, TIMES, SPREAD_WEEK)
BLOCK = Days().block(DAY, ZONE)
DEAD = "nobody has withdrawn"
CROWD = [Pass(subject, NOON + subject % 3 * 86_400 * SECOND, 2, G) for subject in range(60)]

rows = st.builds(
    Pass,
    st.one_of(st.none(), st.integers(-1, 4)),
    # From the day before the week to the day after it; midnights and what is no time at all.
    st.one_of(st.none(), st.integers(-8 * 48, 8 * 48).map(lambda n: NOON + n * 1800 * SECOND)),
    st.one_of(st.none(), st.integers(-1, 7)),
    st.one_of(st.none(), st.integers(-G - 2, G + 2)),
)
histories = st.lists(rows, max_size=40)
declarations = st.sampled_from(BY_DAY)


def close(
    question: Question[LiveTraffic], day: int, shelf: MemoryDays, *, dead: str = DEAD
) -> DaySums[LiveTraffic]:
    """Close one day."""
    return close_day(question, day, dead=dead, shelf=shelf, engine=engine)


def close_all(question: Question[LiveTraffic], shelf: MemoryDays, *, dead: str = DEAD) -> Closed:
    """Close every day of the question's week."""
    return [close(question, day, shelf, dead=dead) for day in question.block.days]


def counters_of(day: DaySums[LiveTraffic], declared: Live) -> Counter[tuple[int | str, ...]]:
    """Give each counter of each cell."""
    measure = declared.measure
    return Counter(
        {
            (*(row[column] for column in measure.cell), name): row[name]
            for row in day.kept.sums.to_pylist()
            for name in measure.counters
            if row[name]
        }
    )


def published(
    question: Question[LiveTraffic], days: Closed, *, book: MemoryBook | None = None
) -> Released[pa.Table]:
    """Release a week from its days, with the noise of seed 1."""
    payment = spend(book or MemoryBook(), question, at=NOON)
    return release_days(question, payment, days, dead=DEAD, entropy=seeded(1))


def never(*_: Any) -> pa.Table:
    """Be asked what must not be asked."""
    raise AssertionError("the rows of a closed day were read")


@settings(max_examples=15)
@given(declared=declarations, history=histories)
def test_a_week_of_days_is_the_week(declared: Live, history: list[Pass]) -> None:
    """In every bit that is published under the same noise."""
    question = ask(history, BLOCK, declared)
    payment = spend(MemoryBook(), question, at=NOON)
    at_once = release(question, payment, engine=engine, entropy=seeded(1))
    released = published(question, close_all(question, MemoryDays()))
    assert released.value.equals(at_once.value)
    assert released.sources == at_once.sources
    assert released.promises == {declared.promise().words}


@settings(max_examples=30)
@given(declared=declarations, history=histories, subject=st.integers(-1, 4), day=st.integers(0, 6))
def test_what_somebody_adds_to_a_day_depends_on_her_own_rows_alone(
    declared: Live, history: list[Pass], subject: int, day: int
) -> None:
    """Her part and that of the others are the whole, in every counter of every cell."""
    parts = ([row for row in history if (row.subject == subject) is hers] for hers in (True, False))
    hers, others, whole = (
        counters_of(close(ask(rows, BLOCK, declared), BLOCK.days[day], MemoryDays()), declared)
        for rows in (*parts, history)
    )
    assert hers + others == whole


@settings(max_examples=20)
@given(declared=declarations, history=histories)
def test_what_makes_a_day_cheaper_to_sum_changes_no_bit(
    declared: Live, history: list[Pass]
) -> None:
    """Without the calendar and the table of keys, where a day's ends and a number will do."""
    alone = Block(days=(DAY,), zone=ZONE)
    rows, relations = summing._rows(ask(history, BLOCK, declared), alone)
    plain, cheap = (
        engine(summing.query(declared, rows.op(), **options), relations)
        for options in ({}, {"one_day": True, "keys_below": ROADS.below})
    )
    cells = [(name, "ascending") for name in declared.measure.cell]
    assert ROADS.below == 6
    assert cheap.sort_by(cells).equals(plain.sort_by(cells))


def test_keys_with_a_gap_are_told_by_their_table() -> None:
    gap = PublicKeys(ROADS.table.slice(1))
    assert gap.below is None
    shelf, outside = MemoryDays(), Pass(1, NOON, 0, G)
    day = close(ask([outside, outside._replace(segment=2)], BLOCK, VISITS, keys=gap), DAY, shelf)
    assert day.kept.sums.to_pylist() == [{"key": 2, "up": G, "down": 0}]


def test_a_closed_day_does_not_reopen() -> None:
    """What comes late is not counted; the rows are not even read."""
    shelf = MemoryDays()
    before = close_all(ask(CROWD, BLOCK, VISITS), shelf)
    late = ask([*CROWD, Pass(99, NOON, 2, G)], BLOCK, VISITS)
    for day, closed in zip(BLOCK.days, before, strict=True):
        again = close_day(late, day, dead=DEAD, shelf=shelf, engine=never)
        assert again.kept.sums.equals(closed.kept.sums)
    assert sum(day.kept.sums["up"].to_numpy().sum() for day in before) == 60 * G


def test_what_a_withdrawn_receipt_added_is_not_released() -> None:
    """A day that was closed before a withdrawal is refused, and closed anew."""
    shelf, question = MemoryDays(), ask(CROWD, BLOCK, VISITS)
    stale = close_all(question, shelf, dead="nobody yet")
    with pytest.raises(DayDiffers, match="before a withdrawal"):
        published(question, stale)
    fewer = ask(CROWD[:30], BLOCK, VISITS)
    anew = close_all(fewer, shelf)
    assert sum(day.kept.sums["up"].to_numpy().sum() for day in anew) == 30 * G
    published(question, anew)


DAYS: dict[str, Callable[[Closed], Closed]] = {
    "one is missing": lambda days: days[:-1],
    "one is there twice": lambda days: [*days, days[0]],
    "one is in another's place": lambda days: [days[0], *days[:-1]],
    "none": lambda _: [],
}


@pytest.mark.parametrize("wrong", DAYS)
def test_a_week_is_each_of_its_days_once(wrong: str) -> None:
    question = ask(CROWD, BLOCK, VISITS)
    with pytest.raises(DayDiffers, match="each of its days"):
        published(question, DAYS[wrong](close_all(question, MemoryDays())))


OTHERS: dict[str, Question[LiveTraffic]] = {
    "edition": ask([], BLOCK, replace(VISITS, edition=2)),
    "keys": ask([], BLOCK, VISITS, keys=PublicKeys(ROADS.table.slice(1))),
    "bound": ask([], BLOCK, PEOPLE),
}


@pytest.mark.parametrize("other", OTHERS)
def test_days_of_another_question_are_not_added(other: str) -> None:
    shelf, question = MemoryDays(), ask(CROWD, BLOCK, VISITS)
    days = close_all(question, shelf)
    with pytest.raises(DayDiffers, match="for another question"):
        published(OTHERS[other], days)
    assert closed_day(OTHERS[other], DAY, shelf=shelf) is None
    assert closed_day(question, DAY, shelf=shelf) is not None


def test_only_whole_local_days_of_the_block_are_closed() -> None:
    for question, day, why in (
        (ask([], BLOCK, VISITS), BLOCK.days[-1] + 1, r"^another block's day$"),
        (ask([], BLOCK), DAY, r"^only blocks of days are summed by day$"),
    ):
        with pytest.raises(AssertionError, match=why):
            close_day(question, day, dead=DEAD, shelf=MemoryDays(), engine=engine)


def test_a_day_is_closed_by_its_own_midnights() -> None:
    """The night of 25 October 2026 has 25 hours in Helsinki; each row lies in one day of it."""
    first = Instant(1_792_875_600 * SECOND)  # 00:00 on Sunday, as the clocks there show it
    block = Days().block(20_751, ZONE)
    history = [Pass(n, first + n * 1800 * SECOND, 2, G) for n in range(-1, 51)]
    sunday = close(ask(history, block, VISITS), 20_751, MemoryDays())
    assert sunday.kept.sums["up"].to_pylist() == [50 * G]


def test_a_bound_that_is_broken_closes_no_day(monkeypatch: pytest.MonkeyPatch) -> None:
    right = summing.bounds.weighed

    def doubled(*args: Any, **options: Any) -> Any:
        weighed = right(*args, **options)
        return weighed.mutate(up=weighed.up * 2)

    monkeypatch.setattr(summing.bounds, "weighed", doubled)
    shelf = MemoryDays()
    with pytest.raises(BoundBroken):
        close_all(ask(CROWD, BLOCK, replace(VISITS)), shelf)
    assert DAY not in {day for _, _, day in shelf.days}


def test_days_are_paid_for_as_a_week_is() -> None:
    question = ask(CROWD, BLOCK, VISITS)
    days, book = close_all(question, MemoryDays()), MemoryBook()
    payment = spend(book, ask([], Days().block(DAY + 7, ZONE), VISITS), at=NOON)
    with pytest.raises(NotPaid):
        release_days(question, payment, days, dead=DEAD, entropy=seeded(1))
    released = published(question, days, book=book)
    again = release_days(question, spend(book, question, at=NOON), [], dead="", entropy=never)
    assert again.sources == released.sources, "what was released is given again, free"


class LooksClosed:
    """Has what a closed day has."""

    __class__ = DaySums  # type: ignore[assignment]

    def __init__(self, day: DaySums[LiveTraffic]) -> None:
        self.kept = day.kept


def test_sums_that_no_gate_made_are_not_added() -> None:
    question = ask(CROWD, BLOCK, VISITS)
    fakes: Any = [LooksClosed(day) for day in close_all(question, MemoryDays())]
    with pytest.raises(TypeError, match="only closed days"):
        added_up(question, fakes, dead=DEAD)


def test_a_day_shows_no_sum_when_it_is_printed() -> None:
    (day, *_) = close_all(ask(CROWD, BLOCK, VISITS), MemoryDays())
    assert repr(day) == "<DaySums>"
    assert str(20 * G) not in repr(day.kept)


def test_passages_are_not_summed_by_day() -> None:
    with pytest.raises(AssertionError, match="blocks of days"):
        ask([], BLOCK, PASSAGE).asked_of(DAY)
