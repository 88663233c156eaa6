"""Writes docs/epsilons.md: what every product costs of privacy, and all of them together.

python -m hubbub.run.epsilons > docs/epsilons.md
"""

import sys
from collections.abc import Iterable
from typing import Any, Final

from hubbub.crowd import cost
from hubbub.crowd.book import EVERYTHING, mechanism
from hubbub.crowd.bounds import Unit
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.promise import CROWDS, Promise, guess_percent_max, short
from hubbub.run.products import EVERY_DECLARATION
from hubbub.run.spending import CAPS

_EXAMPLES: Final = (0.25, 0.5, 1, 2, 4)

_PAGE: Final = """\
# What privacy costs here

*Every epsilon in the house. `make epsilons` writes this page from what the products declare, and a
test holds it to them.*

## In plain words

Whatever hubbub publishes has random noise in it, enough to hide what any one person adds. *Epsilon*
says how well. Imagine somebody who knows all about everybody else, sees all that is published, and
is 50 % sure that you were in it. However clever they are, they cannot become surer than this:

| epsilon | a 50 % guess becomes at most |
|---|---|
{guesses}
The bound holds for the cleverest. *Delta*, where a product names one, is the chance that it fails.
Each promise is about what its product hides, one day or one passage. It is made for every day anew:
a habit of many days is not hidden as well as one of them.

## Each product

| product | hides | epsilon | a guess | noise on a count | on a mean of {crowds} | shown from |
|---|---|---|---|---|---|---|
{products}
Noise on a count is a standard deviation, then what 95 of 100 counts stay within; on a mean it is a
standard deviation in per cent of the mean's reach.

{words}## All of them together

Somebody who shares for every product that hides a whole day spends, on each local day, epsilon
{together:.2f} at delta {delta:g}. The declared ones add up to {added:g}, which is more: the privacy
loss of all is composed as a whole ([cost.py](../src/hubbub/crowd/cost.py)), at a delta above the
products' own. A 50 % guess about that day becomes at most {percent:.1f} %. The ledger refuses what
would go beyond epsilon {cap:g} on a day.

A promise by passage is not in this sum: it hides each passage for itself, and no whole day.
"""


def page(declarations: Iterable[Declaration[Any]]) -> str:
    """Write the page about `declarations`."""
    declared = list(declarations)
    days = [each for each in declared if each.unit is Unit.PERSON_DAY]
    cap = CAPS[EVERYTHING]
    together = epsilon_together(days, delta=cap.delta)
    return _PAGE.format(
        guesses="".join(f"| {each:g} | {guess_percent_max(each):.0f} % |\n" for each in _EXAMPLES),
        crowds=", ".join(map(str, CROWDS)),
        products="".join(_row(each.promise()) for each in declared),
        words="".join(_in_full(each.promise()) for each in declared),
        together=together,
        added=sum(each.epsilon for each in days),
        delta=cap.delta,
        percent=guess_percent_max(together),
        cap=cap.epsilon,
    )


def epsilon_together(declarations: Iterable[Declaration[Any]], *, delta: float) -> float:
    """Tell what all of `declarations` cost the same unit."""
    noises = (mechanism(each.noise, sensitivity=each.sensitivity) for each in declarations)
    return cost.epsilon(noises, delta=delta)


def _row(promise: Promise) -> str:
    accuracy = promise.accuracy
    means = ", ".join(f"{short(mean.percent)} %" for mean in accuracy.means) or "no mean"
    delta = f", delta {promise.delta:g}" if promise.delta else ""
    return (
        f"| `{promise.name}` | {promise.unit}{' (weaker)' * promise.weaker} "
        f"| {promise.epsilon:g}{delta} | {promise.guess_percent_max:.0f} % "
        f"| {short(accuracy.noise_people)}, {short(accuracy.noise_people_95)} "
        f"| {means} | about {promise.floor_people} people |\n"
    )


def _in_full(promise: Promise) -> str:
    return f"**{promise.words} {promise.accuracy.words} {promise.combination}\n\n".replace(
        ": ", ":** ", 1
    )


if __name__ == "__main__":
    sys.stdout.write(page(EVERY_DECLARATION))
