"""Makes the picture of now from noised counts: live where many were counted, else the usual.

The latest speed never wins: it is one voice among what is usual on the road at this hour, and it
fades with age. What is usual is learnt from the road's own past, and leans on the roads of its
class where that past is thin. Only noised counts are looked at, so nobody is hidden worse.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from hubbub.products.traffic.declarations import Numbers, Roads, speed_kmh
from hubbub.products.traffic.flow import LiveFlow, RoadFlow, Source
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import Instant

FADE_S: Final = 300.0
"""The voice of a window falls by e in so long."""
USUAL_PEOPLE: Final = 4.0
"""What is usual weighs as much as so many people just counted."""
ROAD_PEOPLE: Final = 6.0
"""What is usual on a road all day weighs as much as so many people in an hour's usual."""
CLASS_PEOPLE: Final = 20.0
"""What is usual on all roads of a class weighs as much as so many people in a road's usual."""
UNKNOWN: Final = 0.5
"""What is expected where nothing was ever counted: 0.6 of what one may drive."""
SPREAD: Final = 0.04
"""The variance of roads around what is expected of them: noise is weighed against it."""
HOUR_SPREAD: Final = 0.01
"""The same of an hour around its part of the day."""
PEOPLE_MIN: Final = 1e-3
"""Noise may make fewer than nobody."""
FREE_FLOW_MIN: Final = 0.5
"""Of what one may drive: a road that is never faster is not free, but jammed."""
NOISE_DEVIATIONS: Final = 3.0
"""A past of no more people than noise alone may show is none: its class has to have one."""
SURE_PEOPLE: Final = 10.0
"""So many people give half of the confidence that there is to have."""


class Tally(NamedTuple):
    """People counted on each road, the sum of their values, and the variance of noise in both."""

    people: Numbers
    values: Numbers
    noise: Numbers

    def __add__(self, other: Self) -> Self:  # type: ignore[override]
        """Count both together."""
        return self._replace(
            people=self.people + other.people,
            values=self.values + other.values,
            noise=self.noise + other.noise,
        )

    def faded(self, voice: float) -> Self:
        """Leave people only a part of their voice."""
        return self._replace(
            people=self.people * voice,
            values=self.values * voice,
            noise=self.noise * voice * voice,
        )


class Recent(NamedTuple):
    """What the newest windows counted, and on each road how old they are (`inf`: nothing)."""

    tally: Tally
    floor: Numbers  # people that a road must show to be shown live
    age_s: Numbers
    faded: Tally


class Past(NamedTuple):
    """What earlier windows counted, by local hour; whole weeks; and weeks in this part of a day.

    `told` are the people of that part with less noise. They are for a road by itself: where roads
    are summed up noise is small anyway, and what is told would not add up.
    """

    hours: Mapping[int, Tally]
    week: Tally
    part: Tally
    told: Numbers


def blend(roads: Roads, recent: Recent, past: Past, *, hour: int, at: Instant) -> LiveFlow:
    """Make the picture of `at`, in local `hour`, of the recent windows and the past."""
    size = len(roads)
    ever = sum_up([*past.hours.values()], size)
    of_road = _of_road(roads, past.week, ever)
    in_part = _usual(of_road, past.part, own=past.part._replace(people=past.told))
    by_hour = {
        each: _usual(in_part, counted, spread=HOUR_SPREAD) for each, counted in past.hours.items()
    }
    usual = by_hour.get(hour, in_part)
    mean = _shrunk(usual, recent.faded, voice=USUAL_PEOPLE)
    live = recent.tally.people >= recent.floor
    known = _is_known(_of_class(ever, roads)) | _is_known(_of_class(past.part, roads))
    speeds = np.where(live, speed_kmh(mean, roads.limit_kmh), speed_kmh(usual, roads.limit_kmh))
    speeds = np.where(live | known, np.minimum(speeds, roads.limit_kmh), roads.limit_kmh)
    fastest = np.max([speed_kmh(each, roads.limit_kmh) for each in (*by_hour.values(), usual)], 0)
    free = np.clip(fastest, FREE_FLOW_MIN * roads.limit_kmh, roads.limit_kmh)
    free = np.where(live | known, free, roads.limit_kmh)
    jam = 10 * (1 - np.minimum(speeds / free, 1))
    confidence = np.select(
        [live, known],
        [0.7 + 0.3 * _sure(recent.faded.people), 0.5 + 0.2 * _sure(ever.people + past.told)],
        default=0.3,
    )
    columns = (speeds, free, jam, confidence, recent.age_s, live, known)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return LiveFlow(
        at=at,
        roads=tuple(
            RoadFlow(
                segment=SegmentNumber(number),
                speed_kmh=round(speed, 1),
                free_flow_kmh=round(free_flow, 1),
                jam_factor=round(jam_factor, 1),
                confidence=round(sure, 2),
                age_s=int(age_s) if is_live else None,
                source=_source(live=is_live, known=is_known),
            )
            for number, (speed, free_flow, jam_factor, sure, age_s, is_live, is_known) in enumerate(
                rows
            )
        ),
    )


def sum_up(tallies: Sequence[Tally], size: int) -> Tally:
    """Count all together."""
    total = Tally(np.zeros(size), np.zeros(size), np.zeros(size))
    for tally in tallies:
        total = total + tally
    return total


def _of_road(roads: Roads, week: Tally, ever: Tally) -> Numbers:
    """Give each road's usual value: the city's, its class's, its own, each as far as counted."""
    usual = np.full(len(roads), UNKNOWN)
    usual = _shrunk(usual, _total(week), _total(ever), voice=CLASS_PEOPLE)
    usual = _shrunk(usual, _of_class(week, roads), _of_class(ever, roads), voice=CLASS_PEOPLE)
    return _shrunk(usual, week, ever, voice=CLASS_PEOPLE)


def _usual(
    expected: Numbers, then: Tally, *, own: Tally | None = None, spread: float = SPREAD
) -> Numbers:
    """Give each road's usual value at some time: the city's change then, and the road's own."""
    beyond = then._replace(values=then.values - then.people * expected)
    change = _shrunk(np.zeros(1), _total(beyond), voice=CLASS_PEOPLE, spread=spread)
    return _shrunk(np.clip(expected + change, -1, 1), own or then, voice=ROAD_PEOPLE, spread=spread)


def _is_known(tally: Tally) -> npt.NDArray[np.bool_]:
    return tally.people > NOISE_DEVIATIONS * np.sqrt(tally.noise)


def _of_class(tally: Tally, roads: Roads) -> Tally:
    """Give each road what was counted on all roads of its class."""
    return Tally(
        *(np.bincount(roads.road_class, weights=column)[roads.road_class] for column in tally)
    )


def _shrunk(expected: Numbers, *counted: Tally, voice: float, spread: float = SPREAD) -> Numbers:
    """Move from what was expected towards what was counted, as far as people outweigh noise.

    The best linear estimate of a road's deviation: with n people, noise of variance s^2 and
    deviations of variance t^2, the residual is divided by n + voice + s^2 / (t^2 n). What is then
    left of t^2 is all that is left to be learnt: so noise does not talk over what is known already.
    """
    mean, variance = expected, np.full(len(expected), spread)
    for tally in counted:
        people = np.maximum(tally.people, PEOPLE_MIN)
        sure = variance / (variance + (voice * spread + tally.noise / people) / people)
        residual = tally.values - tally.people * mean
        mean = np.clip(mean + sure * residual / people, -1.0, 1.0)
        variance = variance * (1 - sure)
    return mean


def _total(tally: Tally) -> Tally:
    return Tally(*(column.sum(keepdims=True) for column in tally))


def _sure(people: Numbers) -> Numbers:
    counted = np.maximum(people, 0)
    return counted / (counted + SURE_PEOPLE)


def _source(*, live: bool, known: bool) -> Source:
    if live:
        return "live"
    return "typical" if known else "free-flow"
