"""What a check is: a sentence that is promised, and a way to see whether it holds here and now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from hubbub.run.home import Home

type Outcome = Literal["held", "failed", "nothing"]
"""`nothing`: there is nothing here yet that could break the promise, such as a ledger."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: whether the sentence holds, and what was seen, in words and numbers."""

    outcome: Outcome
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """Whose house is checked, and how hard: the worlds, draws and histories, as a share of all."""

    home: Home
    effort: float = 1.0

    def many(self, count: int) -> int:
        """Scale a number of worlds, draws or histories: never to nought."""
        return max(1, round(count * self.effort))


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A check by what it is called, and what it says. `of` names the product, if it is of one."""

    id: str
    of: str
    sentence: str

    @property
    def name(self) -> str:
        """Name the check among all."""
        return f"{self.id} {self.of}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One sentence, and what holds it up to the program."""

    id: str
    sentence: str
    run: Callable[[Case], Verdict]
    of: str = ""

    @property
    def named(self) -> Named:
        """Give what it is called, and what it says."""
        return Named(id=self.id, of=self.of, sentence=self.sentence)


def held(told: str) -> Verdict:
    """Say that the sentence holds."""
    return Verdict(outcome="held", told=told)


def failed(told: str) -> Verdict:
    """Say that the sentence does not hold."""
    return Verdict(outcome="failed", told=told)


def nothing(told: str) -> Verdict:
    """Say that nothing is here to be checked."""
    return Verdict(outcome="nothing", told=told)


def verdict(faults: list[str], told: str) -> Verdict:
    """Hold if there is no fault; otherwise tell the first few."""
    if not faults:
        return held(told)
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
    return failed("; ".join(faults[:3]) + more)
