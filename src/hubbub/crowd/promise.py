"""What a declaration promises and how exact its answers can be: in plain words, and in numbers.

All of it follows from the declaration alone, before anybody has sent a row. With s the deviation of
one draw of noise, w the weight of one voice and n the people behind a mean:

    a 50 % guess about one unit becomes at most   e^epsilon / (1 + e^epsilon)
    a count has the standard deviation            s sqrt(counters) / w
    a mean at its prior has, of its reach,        s sqrt(2) / (n w)

The first is Bayes' rule. The last is the first term of the error's series in 1 / n (the delta
method); towards the ends of the reach it grows to sqrt(2) times as much.
"""

from math import exp, sqrt
from typing import Final, assert_never

import msgspec

from hubbub.crowd.blocks import Blocks, Days, Windows
from hubbub.crowd.bounds import Bound, DayPlan, OneNorm, TwoNorm, Unit
from hubbub.crowd.laws import G, Noise
from hubbub.crowd.measure import Count, Events, Histogram, Measure, Presence, TwoCounters

CROWDS: Final = (10, 30, 100)
"""So many people behind a mean, as examples."""


class MeanError(msgspec.Struct, frozen=True, kw_only=True):
    """How far noise moves the mean of `people`: a standard deviation, in per cent of its reach."""

    people: int
    percent: float


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """How far noise alone moves the answers of one block, known before there is one."""

    noise_people: float  # standard deviation of a count
    noise_people_95: float  # 95 of 100 counts are off by no more
    means: tuple[MeanError, ...]  # none where no mean is taken
    words: str


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What a release promises to each unit, and how exact it is."""

    name: str
    purpose: str
    unit: str  # whose presence is hidden
    weaker: bool  # than hiding all of a person's day
    epsilon: float
    delta: float
    guess_percent_max: float  # what a 50 % guess about one unit can become
    block: str  # what is noised once
    combination: str  # how later readers may take blocks together
    floor_people: int
    accuracy: Accuracy
    words: str


def guess_percent_max(epsilon: float) -> float:
    """Tell what a 50 % guess about one unit can become, in per cent."""
    return 100 / (1 + exp(-epsilon))


def accuracy_of(measure: Measure, bound: Bound, noise: Noise) -> Accuracy:
    """Tell how far noise alone moves a count and a mean."""
    draws = len(measure.counters)
    deviation = noise.deviation * sqrt(draws) / bound.weight
    likely = noise.margin(0.025, draws=draws) / bound.weight
    crowds = CROWDS if isinstance(measure, TwoCounters) else ()
    means = tuple(MeanError(people=n, percent=100 * deviation / n) for n in crowds)
    return Accuracy(
        noise_people=deviation,
        noise_people_95=likely,
        means=means,
        words=(
            f"Noise moves a count of {counted_words(measure)} by {short(deviation)} (its standard "
            f"deviation), and 95 counts of 100 by no more than {short(likely)}."
            f"{_mean_words(means)} This is the noise alone: what the bound takes from those who "
            "would add more comes on top."
        ),
    )


def unit_words(unit: Unit, *, key_word: str) -> str:
    """Say whose presence is hidden."""
    match unit:
        case Unit.PERSON_DAY:
            return "everything that one account shares in one local day"
        case Unit.PASSAGE:
            return f"one passage of one person over one {key_word} in one window"
    assert_never(unit)


def beyond_words(unit: Unit) -> str:
    """Say what is not promised."""
    match unit:
        case Unit.PERSON_DAY:
            return (
                "Not promised: one person with two accounts counts as two, and so does one who "
                "leaves and joins again within the day; the operator, who holds the rows, is "
                "trusted."
            )
        case Unit.PASSAGE:
            return (
                "This is the weaker promise: somebody who drives all morning makes many passages, "
                "and the morning as a whole is not hidden. The operator, who holds the rows, is "
                "trusted."
            )
    assert_never(unit)


def bound_words(bound: Bound, *, key_word: str) -> str:
    """Say how much one unit can add."""
    match bound:
        case OneNorm(whole_max=whole_max):
            return f"All that one of these adds is at most {whole_max} whole."
        case TwoNorm(whole_max=whole_max):
            return f"All that one of these adds has a length (L2) of at most {whole_max} whole."
        case DayPlan(windows_max=windows_max, keys_max=keys_max, weight=weight):
            return (
                f"At most {windows_max} windows a day and {keys_max} {key_word}s in each are "
                f"counted, each for {weight}/{G}."
            )
    assert_never(bound)


def counted_words(measure: Measure) -> str:
    """Say what a count is of."""
    match measure:
        case Presence(counted=counted) | Events(counted=counted) | Count(counted=counted):
            return counted
        case TwoCounters() | Histogram():
            return "people"
    assert_never(measure)


def measured_words(measure: Measure) -> str:
    """Say what is measured."""
    match measure:
        case Presence(counted=counted) | Events(counted=counted) | Count(counted=counted):
            return f"number of {counted}"
        case TwoCounters(value=value) | Histogram(value=value):
            return value
    assert_never(measure)


def block_words(blocks: Blocks) -> str:
    """Say what is noised once."""
    match blocks:
        case Days(days=days):
            return f"{days} days"
        case Windows(length_s=length_s):
            return f"{length_s // 60} minutes"
    assert_never(blocks)


def combination_words(newest: int) -> str:
    """Say how later readers may take blocks together: it is made of what was released."""
    if newest == 1:
        return "Each block is read by itself."
    return (
        f"The newest {newest} blocks may be added up: their noise is {short(sqrt(newest))} times "
        f"as wide as one's, for {newest} times the rows."
    )


def short(number: float) -> str:
    """Write a number as people do: two digits, or all that are before the point."""
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def _mean_words(means: tuple[MeanError, ...]) -> str:
    if not means:
        return ""
    *few, many = [str(mean.people) for mean in means]
    *wide, close = [f"{short(mean.percent)} %" for mean in means]
    return (
        f" It moves the mean of {', '.join(few)} or {many} people by {', '.join(wide)} or {close} "
        "of its reach."
    )
