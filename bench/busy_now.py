"""How often live busyness is shown, and how often it is right, in a simulated city.

    python -m bench.busy_now [--seeds 201 202 203 204 205]

One Wednesday, at every spot and in every hour from 9 to 21, so many times the usual come as a draw
says: lognormal, with a deviation of 0.4. A fifth of the people share; of each, the first arrivals
in two windows count, as is declared, and each window is noised by the gate's own sampler. What is
usual is what eight released weeks tell. Every half hour is told from its three windows alone, and
is right if the level is that of the draw.
"""

import argparse
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from bench.busyness import PEOPLE, PLACES, Dice, Numbers, Whole, estimated, town_of
from bench.traffic import tell
from hubbub.crowd.noise import draw
from hubbub.products.places.declarations import CATEGORIES, LIVE, VISITS_A_DAY
from hubbub.products.places.live import (
    BUSIER_ABOVE,
    QUIETER_BELOW,
    TOO_FEW,
    Spots,
    counted_share,
    level_of,
    spots_of,
)
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.typical import NO_MONDAY, PublicPlaces
from hubbub.run.simulated.city import town
from hubbub.terms.places import Place, PlaceId
from hubbub.terms.time import Instant

SHARE: Final = 0.2
HOURS: Final = range(9, 21)
WEDNESDAY: Final = 2
STRAYS: Final = 0.4
WINDOWS: Final = 6
GOAL: Final = 0.92
SEEDS: Final = (201, 202, 203, 204, 205)


class Looks(NamedTuple):
    """Spots and half hours that were looked at, and what came of it."""

    every: int
    enough: int  # where enough is expected for anything to be told
    shown: int
    right: int
    wrong_way: int  # busier for quieter, or the reverse


def main() -> None:
    """Look at a day of each seed's town."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, nargs="+", default=[*SEEDS])
    options = asked.parse_args()
    tell(f"{SHARE:.0%} of {PEOPLE:,} people share; {PLACES} places a town; the goal is {GOAL:g}")
    tell("| seed | spots x half hours | enough expected | shown | right of them | the wrong way |")
    for seed in options.seeds:
        looks = looked(seed)
        right = looks.right / max(looks.shown, 1)
        tell(
            f"| {seed} | {looks.every:,} | {looks.enough:,} | {looks.shown:,} | {right:.3f} "
            f"| {looks.wrong_way} |"
        )


def looked(seed: int) -> Looks:
    """Look at every spot, every half hour of a day."""
    of, dice = town_of(seed), np.random.default_rng(seed + 500)
    public = _public(seed)
    spots = spots_of(public, estimated(of, seed, share=SHARE), known=PLACES)
    ratio = dice.lognormal(0, STRAYS, (spots.total, 24))
    day = slice(24 * WEDNESDAY, 24 * WEDNESDAY + 24)
    rates = of.visits[:, day] * SHARE * ratio[spots.of_number]
    counts = _counted(rates, spots, sharing=round(PEOPLE * SHARE), dice=dice)
    drawn = draw(LIVE.noise, counts.size, entropy=dice.bytes).reshape(counts.shape)
    people = counts + drawn / LIVE.cell_max
    counted = counted_share(spots.expected.sum(axis=0))[day]
    every = enough = shown = right = wrong_way = 0
    for hour in HOURS:
        for half in range(2):
            three = slice(WINDOWS * hour + 3 * half, WINDOWS * hour + 3 * half + 3)
            expected = spots.expected[:, day][:, hour] * counted[hour] / 2
            for spot in np.flatnonzero(expected > 0):
                level, _ = level_of(
                    float(people[spot, three].sum()), float(expected[spot]), windows=3
                )
                true = _true(float(ratio[spot, hour]))
                every += 1
                enough += bool(expected[spot] >= TOO_FEW)
                shown += level != "none"
                right += level == true
                wrong_way += {level, true} == {"quieter", "busier"}
    return Looks(every, enough, shown, right, wrong_way)


def _counted(rates: Numbers, spots: Spots, *, sharing: int, dice: Dice) -> Whole:
    """Count the first arrivals in two windows of everybody's day, by spot and window."""
    cell = np.repeat(np.arange(rates.size), dice.poisson(rates.ravel()))
    window = cell % 24 * WINDOWS + dice.integers(0, WINDOWS, len(cell))
    person, spot = dice.integers(0, sharing, len(cell)), spots.of_number[cell // 24]
    order = np.lexsort((window, person))
    person, window, spot = person[order], window[order], spot[order]
    new = np.r_[True, (np.diff(person) != 0) | (np.diff(window) != 0)]
    nth = np.cumsum(new)
    first = np.r_[True, np.diff(person) != 0]
    rank = nth - np.maximum.accumulate(np.where(first, nth, 0))
    counts = new & (rank < VISITS_A_DAY)
    found = np.zeros((spots.total, 24 * WINDOWS), np.int64)
    np.add.at(found, (spot[counts], window[counts]), 1)
    return found


def _true(ratio: float) -> str:
    if ratio < QUIETER_BELOW:
        return "quieter"
    return "busier" if ratio > BUSIER_ABOVE else "usual"


def _public(seed: int) -> PublicPlaces:
    table = town(PLACES, seed=seed)
    columns = (table[name].to_pylist() for name in ("kind", "lat_e6", "lon_e6"))
    places = [
        Place(id=PlaceId(f"n{n:05}"), name="", category=CATEGORIES[kind], lat_e6=lat, lon_e6=lon)
        for n, (kind, lat, lon) in enumerate(zip(*columns, strict=True), 1)
    ]
    numbers = PlaceNumbers().with_new((place.id for place in places), at=Instant(0))
    return PublicPlaces(places=places, numbers=numbers, zone=ZoneInfo("UTC"), monday=NO_MONDAY)


if __name__ == "__main__":
    main()
