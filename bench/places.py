"""A simulated week of places, for benches and tests: how many people came, by place and hour.

Sizes of places are a thousand times apart, each kind of place has its own hours and its own curve,
and each cell strays from both. Who comes makes two visits a day, and shares a voice among them.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import expm1
from typing import Final

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.crowd.blocks import Days
from hubbub.crowd.bounds import OneNorm, Unit
from hubbub.crowd.declaration import Declaration, Floor
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G
from hubbub.crowd.measure import Events, Presence
from hubbub.crowd.structure import Denoiser
from hubbub.terms.catalogue import PASSES
from hubbub.terms.purposes import Traffic

type Floats = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.int64]

HOURS: Final = 168
KINDS: Final = 24
VISITS: Final = Declaration(
    name="bench.visits",
    purpose=Traffic,
    question=PASSES.select("subject", "at", key="segment"),
    keys=ibis.table(
        {"key": "int32", "place": "int64", "hour": "int64", "kind": "int64"}, name="cells"
    ),
    unit=Unit.PERSON_DAY,
    measure=Events(counted="visits"),
    bound=OneNorm(),
    noise=DiscreteLaplace(scale=G),
    epsilon=1,
    delta=0,
    blocks=Days(days=7),
    floor=Floor(),
    denoiser=Denoiser(matrix=("place", "hour"), categories=("kind",), scales=(2, 4, 8, 24, HOURS)),
)

PEOPLE: Final = replace(VISITS, name="bench.people", measure=Presence(counted="people"))
"""The same, but whoever comes to a place twice within an hour is counted once."""


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week: the public cells, and how many came, in whole voices on the grid."""

    keys: PublicKeys
    true: Integers  # by cell, in key order

    def released(self, epsilon: Fraction, *, seed: int) -> tuple[Declaration[Traffic], pa.Table]:
        """Give the declaration at `epsilon`, and a table as gate 2 would release it."""
        scale = round(G / epsilon)
        declared = replace(VISITS, epsilon=float(epsilon), noise=DiscreteLaplace(scale=scale))
        # A discrete Laplace draw is the difference of two geometric ones.
        ones = np.random.default_rng(seed).geometric(-expm1(-1 / scale), (2, len(self.true)))
        drawn = self.true + ones[0] - ones[1]
        return declared, pa.table({"key": self.keys.table["key"], "count": drawn})


def week_of_places(places: int, *, voices: int, seed: int) -> Week:
    """Simulate a week in which so many voices are given to so many places."""
    dice = np.random.default_rng(seed)
    kind = dice.choice(KINDS, places, p=_falling(KINDS))
    size = dice.lognormal(0, 1.6, places)
    mean = size[:, None] * np.array([_curve(dice) for _ in range(KINDS)])[kind]
    mean *= 2 * voices / mean.sum() * dice.gamma(4, 1 / 4, mean.shape)
    place, hour = np.divmod(np.arange(places * HOURS), HOURS)
    table = pa.table(
        {"key": np.arange(places * HOURS, dtype=np.int32), "place": place, "hour": hour}
    ).append_column("kind", pa.array(np.repeat(kind, HOURS)))
    return Week(keys=PublicKeys(table), true=dice.poisson(mean).ravel() * (G // 2))


def _curve(dice: np.random.Generator) -> Floats:
    """Give a kind's curve over the week: up to three times of the day, while it is open."""
    hours = np.arange(24)
    peaks = zip(dice.uniform(7, 22, 3), dice.uniform(1, 3, 3), dice.uniform(0, 1, 3), strict=True)
    day = sum(high * np.exp(-(((hours - at) / wide) ** 2) / 2) for at, wide, high in peaks)
    day *= (hours >= dice.integers(5, 11)) & (hours < dice.integers(17, 25))
    weekend = dice.uniform(0, 2)
    week: Floats = np.outer([1, 1, 1, 1, 1, weekend, weekend], day).ravel()
    return week / week.sum()


def _falling(count: int) -> Floats:
    """Give chances that fall with the number: 1, 1/2, 1/3 and on."""
    chances = 1 / np.arange(1, count + 1)
    return chances / chances.sum()
