"""What the residents of the simulated city do in a week, to the second, with nobody looking.

How it works, and in which ways it is not a real city, stands in docs/know/simulated-city.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from hubbub.run.simulated.city import City, Column, Floats, Integers, Mask
from hubbub.run.simulated.dice import Dice, dice_of
from hubbub.run.simulated.kinds import HOURS, KINDS
from hubbub.terms.places import PlaceCategory

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
HOME, DESK, VISIT, MOVING, WAITING = range(5)
"""What a leg of somebody's week is."""

VISITS_A_WEEK: Final = 15
NEAR_M: Final = 900.0
WALK_M: Final = 1500.0
CANDIDATES: Final = 24


@dataclass(frozen=True, kw_only=True)
class Legs:
    """Pieces of weeks: one person from one point (metres east, north) to another, or staying."""

    person: Integers
    since: Floats  # seconds since Monday 0:00
    until: Floats
    start: Floats  # (n, 2)
    end: Floats
    what: Integers
    place: Integers  # -1: no visit


@dataclass(frozen=True, kw_only=True)
class Residents:
    """Who lives in a city: where, and where they work, if they do."""

    home: Floats  # (n, 2), metres east and north
    desk: Floats
    works: Mask


def residents_of(city: City, *, people: int, seed: int) -> Residents:
    """Let people live in `city`: one in twenty above a place, three in five with a job."""
    dice = dice_of(seed)
    low, high = city.point.min(axis=0) - 800, city.point.max(axis=0) + 800
    home = dice.uniform(low, high, (people, 2))
    above = dice.random(people) < 0.05
    beneath = city.point[dice.integers(0, len(city.point), people)]
    home[above] = (beneath + dice.normal(0, 12, (people, 2)))[above]
    desk = city.point[dice.integers(0, len(city.point), people)] + dice.normal(0, 150, (people, 2))
    at_place = dice.random(people) < 0.08
    desk[at_place] = city.point[dice.integers(0, len(city.point), people)][at_place]
    return Residents(home=home, desk=desk, works=dice.random(people) < 0.6)


def week_of(city: City, residents: Residents, *, seed: int) -> Legs:
    """Live a week in `city`: every second of everybody's is in one leg."""
    dice = dice_of(seed)
    return _lived(_planned(city, residents, dice=dice), residents.home, dice=dice)


class _Stops(NamedTuple):
    """Where everybody means to be, by person and then time."""

    person: Column
    start: Column
    lasts: Column
    opens: Column  # nobody gets in before
    ends: Column  # when it closes, or work is over
    point: Column
    what: Column
    place: Column

    def of(self, rows: Column) -> "_Stops":
        """Take some of them."""
        return _Stops(*(column[rows] for column in self))


def _together(stops: Sequence[_Stops]) -> _Stops:
    return _Stops(*(np.concatenate(columns) for columns in zip(*stops, strict=True)))


def _planned(city: City, residents: Residents, *, dice: Dice) -> _Stops:
    """Plan everybody's work, and visits around it: one lunch in three is one."""
    home, desk = residents.home, residents.desk
    shifts, lunch = _shifts(desk, residents.works, dice)
    person = np.repeat(np.arange(len(home)), dice.poisson(VISITS_A_WEEK, len(home)))
    hour = dice.choice(HOURS, len(person), p=city.by_hour.sum(axis=0))
    start = (hour + dice.random(len(person))) * HOUR
    free = ~_within(person, start, shifts)
    going = dice.random(len(lunch.start)) < 0.35
    person = np.concatenate([person[free], lunch.person[going]])
    start = np.concatenate([start[free], lunch.start[going]])
    at_desk = np.repeat([False, True], [free.sum(), going.sum()])
    base = np.where(at_desk[:, None], desk[person], home[person])
    hour = (start // HOUR).astype(np.int64)
    place = _chosen(city, hour, base, dice=dice)
    kinds = (KINDS[category] for category in PlaceCategory)
    stays = np.array([(kind.stay_min, kind.spread) for kind in kinds])
    median_min, spread = stays[city.kind[place]].T
    is_open = city.by_hour > 0
    open_since, open_yet = (
        _open_hours(is_open, range(HOURS)),
        _open_hours(is_open, range(HOURS - 1, -1, -1)),
    )
    visits = _Stops(
        person=person,
        start=start,
        lasts=np.clip(median_min * dice.lognormal(0, spread), 3, 300) * MINUTE,
        opens=(hour + 1 - open_since[place, hour]) * HOUR,
        ends=(hour + open_yet[place, hour]) * HOUR,
        point=city.point[place],
        what=np.full(len(place), VISIT),
        place=place,
    )
    both = _together([shifts, visits])
    return both.of(np.lexsort((both.start, both.person)))


def _shifts(desk: Floats, works: Mask, dice: Dice) -> tuple[_Stops, _Stops]:
    """Give each weekday's two halves of work, and the lunches between them."""
    worker = np.flatnonzero(works)
    late = dice.random(len(worker)) < 0.1
    person = np.repeat(worker, 5)
    begins = np.tile(np.arange(5) * DAY, len(worker))
    begins += np.repeat(np.where(late, 13.0, 8.7), 5) * HOUR
    begins += dice.normal(0, 30 * MINUTE, len(person))
    noon = begins + dice.normal(3.5, 0.4, len(person)) * HOUR
    over = begins + dice.normal(8, 0.5, len(person)) * HOUR

    def stops(start: Floats, ends: Floats) -> _Stops:
        what, place = np.full(len(person), DESK), np.full(len(person), -1)
        return _Stops(person, start, ends - start, start - DAY, ends, desk[person], what, place)

    return _together([stops(begins, noon), stops(noon + 2, over)]), stops(noon + 1, over)


def _within(person: Integers, start: Floats, shifts: _Stops) -> Mask:
    """Tell which starts fall into their person's work, or half an hour before it."""
    whole = person * 2 * WEEK + start
    begins = shifts.person * 2 * WEEK + shifts.start - 30 * MINUTE
    order = np.argsort(begins)
    ends = (shifts.person * 2 * WEEK + shifts.ends)[order]
    before = np.searchsorted(begins[order], whole) - 1
    return (before >= 0) & (whole < ends[before])


def _chosen(city: City, hour: Integers, base: Floats, *, dice: Dice) -> Integers:
    """Choose a place for each visit: of candidates by size and hour, one that is near."""
    candidates = np.empty((len(hour), CANDIDATES), np.int64)
    for each in np.unique(hour):
        rows = np.flatnonzero(hour == each)
        sums = np.cumsum(city.by_hour[:, each])
        drawn = dice.random((len(rows), CANDIDATES)) * sums[-1]
        candidates[rows] = np.minimum(np.searchsorted(sums, drawn, side="right"), len(sums) - 1)
    away = np.linalg.norm(city.point[candidates] - base[:, None], axis=2)
    wish = dice.gumbel(size=away.shape) - away / NEAR_M
    return candidates[np.arange(len(hour)), wish.argmax(axis=1)]


def _open_hours(is_open: Mask, order: Iterable[int]) -> Integers:
    """Count the hours of being open without a break up to each, in `order`; a day at most."""
    hours = np.zeros(is_open.shape, np.int64)
    run = np.zeros(len(is_open), np.int64)
    for hour in (*order, *order):  # the week goes round
        run = np.where(is_open[:, hour], np.minimum(run + 1, 24), 0)
        hours[:, hour] = run
    return hours


class _Walk:
    """Everybody's week as it grows, leg by leg."""

    def __init__(self, home: Floats) -> None:
        self.home, self.point = home, home.copy()
        self.clock = np.zeros(len(home))
        self.at_home = np.ones(len(home), bool)
        self.legs: list[tuple[Column, ...]] = []

    def add(self, who: Integers, until: Floats, to: Floats, *, what: int) -> None:
        """Let `who` do something until then, and be at `to`."""
        self._leg(who, until, to, what=np.full(len(who), what), place=np.full(len(who), -1))

    def stop(self, stops: _Stops, until: Floats, at: Floats) -> None:
        """Let people stay at a stop each."""
        self.point[stops.person] = at
        self._leg(stops.person, until, at, what=stops.what, place=stops.place)

    def _leg(
        self, who: Integers, until: Floats, to: Floats, *, what: Column, place: Column
    ) -> None:
        self.legs.append((who, self.clock[who], until, self.point[who], to, what, place))
        self.clock[who], self.point[who] = until, to
        self.at_home[who] = what == HOME

    def travel(self, who: Integers, to: Floats, way: "_Way") -> None:
        """Let `who` go to `to`; a wait is on the way, after a twentieth of it."""
        waits = way.wait > 0
        some = who[waits]
        stop = self.point[some] * 0.95 + to[waits] * 0.05
        rest = way.lasts - way.wait
        self.add(some, self.clock[some] + rest[waits] * 0.2, stop, what=MOVING)
        self.add(some, self.clock[some] + way.wait[waits], stop, what=WAITING)
        self.add(some, self.clock[some] + rest[waits] * 0.8, to[waits], what=MOVING)
        others = who[~waits]
        self.add(others, self.clock[others] + rest[~waits], to[~waits], what=MOVING)

    def go_home(self, who: Integers, leave_at: Floats, dice: Dice) -> None:
        """Let `who` go home, if they are not there, and stay until they leave."""
        out = who[~self.at_home[who]]
        self.travel(out, self.home[out], _way(self.point[out], self.home[out], dice))
        self.add(who, np.maximum(leave_at, self.clock[who] + MINUTE), self.home[who], what=HOME)


class _Way(NamedTuple):
    lasts: Column
    wait: Column

    def of(self, rows: Column) -> "_Way":
        """Take some of them."""
        return _Way(self.lasts[rows], self.wait[rows])


def _way(start: Floats, end: Floats, dice: Dice) -> _Way:
    """Tell how long a way takes, and how much of it is waiting."""
    metres = np.linalg.norm(end - start, axis=1)
    far = metres > WALK_M
    speed = np.where(far, dice.uniform(4, 9, len(metres)), dice.uniform(1.1, 1.5, len(metres)))
    waits = far & (dice.random(len(metres)) < 0.35)
    wait = np.where(waits, np.clip(dice.exponential(2.5, len(metres)), 0.5, 15) * MINUTE, 0)
    return _Way(metres / speed + 20 + wait, wait)


def _lived(stops: _Stops, home: Floats, *, dice: Dice) -> Legs:
    """Take everybody through what they planned, as far as they get there in time."""
    walk = _Walk(home)
    first = np.searchsorted(stops.person, np.arange(len(home) + 1))
    for turn in range(int(np.diff(first).max(initial=0))):
        row = first[:-1][np.diff(first) > turn] + turn
        _to_the_next(walk, stops.of(row), dice)
    everybody = np.arange(len(home))
    walk.go_home(everybody, np.full(len(home), WEEK), dice)
    columns = [np.concatenate(column) for column in zip(*walk.legs, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return Legs(**dict(zip(Legs.__dataclass_fields__, (c[order] for c in columns), strict=True)))


def _to_the_next(walk: _Walk, stops: _Stops, dice: Dice) -> None:
    """Take people to one stop each: by way of home if there is time, not at all if it is late."""
    way = _way(walk.point[stops.person], stops.point, dice)
    early = stops.start - walk.clock[stops.person] - way.lasts
    home_m = np.linalg.norm(walk.point[stops.person] - walk.home[stops.person], axis=1)
    by_home = walk.at_home[stops.person] | (early > 45 * MINUTE + home_m / 2)
    visit = stops.what == VISIT
    arrives = stops.start - np.where(by_home, np.minimum(early, 0), early)
    goes = (early > -45 * MINUTE) & (arrives >= stops.opens) | ~visit
    goes &= (stops.ends - np.maximum(stops.start, arrives) > 20 * MINUTE) & (
        arrives < WEEK - 2 * HOUR
    )
    stops, way, by_home = stops.of(goes), way.of(goes), by_home[goes]
    first = stops.of(by_home)
    from_home = _way(walk.home[first.person], first.point, dice)
    walk.go_home(first.person, first.start - from_home.lasts, dice)
    walk.travel(first.person, first.point, from_home)
    walk.travel(stops.person[~by_home], stops.point[~by_home], way.of(~by_home))
    visit = stops.what == VISIT
    arrived = walk.clock[stops.person]
    until = np.minimum(stops.ends, np.where(visit, arrived + stops.lasts, WEEK))
    within = dice.normal(0, 5, stops.point.shape) * visit[:, None]
    walk.stop(stops, np.clip(until, arrived + 3 * MINUTE, WEEK - HOUR), stops.point + within)
