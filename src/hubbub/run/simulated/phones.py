"""What phones tell of a simulated week: pings as they come, with all that is wrong with them.

- Each phone has a rhythm of its own, 5 to 60 s between pings. At home and at the desk half of the
  phones tell one in ten minutes, the others one a minute.
- Pings are off by 4 m in the open and 8 m indoors, each by itself; by 3 and 8 m that stay for a
  minute or so; and indoors by 10 m more for as long as somebody stays. Of those indoors 6 % are
  off by more, 35 m with long tails, and say so.
- Once a day a phone jumps by 300 to 1500 m for 1 to 4 minutes, and claims to be exact every third
  time.
- 8 % of pings are lost, 1 % come twice. Once a day a phone is silent for 10 to 90 minutes, at any
  time; two in five are silent every night.

Not so in reality: phones keep their rhythm whatever the battery says, errors do not depend on the
street, and nobody carries two phones, lends one, or leaves it at home.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from hubbub.run.simulated.city import City, Floats, Integers, Mask
from hubbub.run.simulated.dice import Dice, dice_of
from hubbub.run.simulated.week import DAY, DESK, HOME, HOUR, MINUTE, VISIT, WEEK, Legs
from hubbub.terms.catalogue import PINGS_SCHEMA
from hubbub.terms.pings import NOT_TOLD
from hubbub.terms.time import SECOND, Instant

MINUTES: Final = round((WEEK + 3 * HOUR) / MINUTE)
"""The minutes of a week, and of the ways home at its end."""


class Rhythm(NamedTuple):
    """How often phones tell something: some way between, and at rest one or the other."""

    out_s: tuple[float, float] = (5.0, 60.0)
    resting_s: tuple[float, float] = (60.0, 600.0)


_OFTEN: Final = Rhythm()


@dataclass(frozen=True, kw_only=True)
class Told:
    """Pings, in the columns of the catalogue, and the true visits: subject, at, until, place."""

    pings: pa.Table
    truth: pa.Table


def told_of(legs: Legs, city: City, *, monday: Instant, seed: int, rhythm: Rhythm = _OFTEN) -> Told:
    """Let everybody's phone tell of their week, which begins on `monday`."""
    dice = dice_of(seed)
    leg, at = _moments(legs, rhythm, dice)
    kept = _kept(legs, leg, at, dice=dice)
    leg, at = leg[kept], at[kept]
    share = (at - legs.since[leg]) / (legs.until[leg] - legs.since[leg])
    point = legs.start[leg] + (legs.end[leg] - legs.start[leg]) * share[:, None]
    off, accuracy_m = _errors(legs, leg, at, dice=dice)
    lat_e6, lon_e6 = city.degrees_e6(point + off)
    order = np.lexsort((at, legs.person[leg]))
    order = np.repeat(order, 1 + (dice.random(len(order)) < 0.01))
    nothing = np.full(len(at), NOT_TOLD)
    columns = {
        "subject": legs.person[leg],
        "at": monday + (at * SECOND).astype(np.int64),
        "lat_e6": lat_e6,
        "lon_e6": lon_e6,
        "accuracy_dm": np.rint(accuracy_m * 10).astype(np.int64),
        "speed_cms": nothing,
        "course_deg": nothing,
        "source": np.zeros(len(at), np.int64),
    }
    pings = {name: pa.array(columns[name][order], kind) for name, kind in PINGS_SCHEMA.items()}
    return Told(pings=pa.table(pings), truth=_truth(legs, monday))


def _truth(legs: Legs, monday: Instant) -> pa.Table:
    visit = legs.what == VISIT
    return pa.table(
        {
            "subject": legs.person[visit],
            "at": monday + (legs.since[visit] * SECOND).astype(np.int64),
            "until": monday + (legs.until[visit] * SECOND).astype(np.int64),
            "place": legs.place[visit],
        }
    )


def _moments(legs: Legs, rhythm: Rhythm, dice: Dice) -> tuple[Integers, Floats]:
    """Tell when phones tell something, and on which leg that is."""
    people = int(legs.person.max()) + 1
    low, high = np.log(rhythm.out_s)
    out_s = np.exp(dice.uniform(low, high, people))
    resting_s = np.where(dice.random(people) < 0.5, *reversed(rhythm.resting_s))
    rests = np.isin(legs.what, (HOME, DESK))
    lasts = legs.until - legs.since
    every = np.where(rests, resting_s[legs.person], out_s[legs.person])
    count = np.maximum(1, (lasts / every).astype(np.int64))
    leg = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(leg)) - np.repeat(np.cumsum(count) - count, count)
    at = legs.since[leg] + (nth + dice.random(len(leg))) / count[leg] * lasts[leg]
    return leg, at


def _kept(legs: Legs, leg: Integers, at: Floats, *, dice: Dice) -> Mask:
    """Tell which pings arrive: those that are not lost, of phones that are not silent."""
    people = int(legs.person.max()) + 1
    person = legs.person[leg]
    silent = _spans(people, 7, (10, 90), dice=dice)[person, (at // MINUTE).astype(np.int64)] >= 0
    sleeps = (dice.random(people) < 0.4)[person] & (at % DAY < 6 * HOUR)
    lost = dice.random(len(at)) < 0.08
    return ~(silent | sleeps | lost)


def _errors(legs: Legs, leg: Integers, at: Floats, *, dice: Dice) -> tuple[Floats, Floats]:
    """Give how far off each ping is, and how far off the phone says it may be, in metres."""
    people = int(legs.person.max()) + 1
    person, minute = legs.person[leg], (at // MINUTE).astype(np.int64)
    indoors = np.isin(legs.what, (HOME, DESK, VISIT))[leg]
    slow = dice.normal(0, 1, (people, MINUTES, 2)).astype(np.float32)
    within = (at / MINUTE - minute)[:, None]
    drift = slow[person, minute] * (1 - within) + slow[person, minute + 1] * within
    scale = np.where(indoors, 8.0, 4.0)
    off = dice.normal(0, 1, (len(leg), 2)) * scale[:, None]
    off += drift * np.where(indoors, 8.0, 3.0)[:, None]
    off += dice.normal(0, 10, (len(legs.person), 2))[leg] * indoors[:, None]
    accuracy_m = scale * dice.uniform(1.2, 2.4, len(leg))
    wild = indoors & (dice.random(len(leg)) < 0.06)
    off[wild] += 35 * dice.standard_t(3, (int(wild.sum()), 2))
    accuracy_m[wild] = dice.uniform(30, 90, int(wild.sum()))
    jump = _spans(people, 7, (1, 4), dice=dice)[person, minute]
    jumps = jump >= 0
    jump = jump[jumps]
    towers = int(jump.max(initial=0)) + 1
    angle, metres = dice.uniform(0, 2 * np.pi, towers), dice.uniform(300, 1500, towers)
    off[jumps] += (np.column_stack([np.cos(angle), np.sin(angle)]) * metres[:, None])[jump]
    honest = dice.random(towers) < 2 / 3
    accuracy_m[jumps] = np.where(honest, metres, 20)[jump]
    return off, accuracy_m


def _spans(people: int, a_week: float, minutes: tuple[float, float], *, dice: Dice) -> Integers:
    """Draw spans, and give the number of the one that each minute of each person is in, or -1."""
    spans = np.full((people, MINUTES), -1, np.int32)
    person = np.repeat(np.arange(people), dice.poisson(a_week, people))
    since = dice.integers(0, MINUTES, len(person))
    lasts = np.exp(dice.uniform(np.log(minutes[0]), np.log(minutes[1]), len(person)))
    for number, (who, start, length) in enumerate(zip(person, since, lasts, strict=True)):
        spans[who, start : start + round(length)] = number
    return spans.astype(np.int64)
