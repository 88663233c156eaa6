"""Blocks of local days, a day at a time: each is summed once, when it is over, and kept.

1. Units are person-days, so the rows of other days have no part in a day's sums: a block's sums are
   those of its days, added.
2. A closed day does not reopen. What is kept of it is given again; rows that came late are not in.
3. Gate 1 comes first. A day remembers the dead list that its rows were read under; days are added
   under one dead list, and one that was closed under an older list is summed again, from what
   gate 1 gives now.
4. Who is erased leaves the days that are not released yet: they are summed again without her. What
   she added depends on her own rows alone (`bounds`), but to subtract it, her rows would have to be
   read for a purpose that she no longer agrees to.

A day's sums are about many, but exact: nobody's to see. What was released of them stays released.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Never, Protocol, final

import pyarrow as pa

from hubbub.crowd.blocks import Block, day_name
from hubbub.crowd.question import Question
from hubbub.crowd.summing import Engine, exact_sums
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import Purpose
from hubbub.terms.sealed import Sealed, _seal


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptDay:
    """What the shelf remembers of a closed day."""

    product: str
    edition: int
    day: int  # local, since 1970
    asked: str  # what was asked of it: `Question.asked_of`
    dead: str  # the name of the dead list that its rows were read under
    sums: pa.Table = field(repr=False)


class DayShelf(Protocol):
    """Where closed days stand until their block is released."""

    def kept(self, product: str, edition: int, day: int) -> KeptDay | None:
        """Give what is kept of a day, if it was closed."""
        ...

    def keep(self, day: KeptDay) -> None:
        """Keep a day, on disk before this returns, in place of what was kept of it."""
        ...


class DayDiffers(Refused):
    """These are not the closed days of the block that is asked about, read as gate 1 reads now."""


@final
class DaySums[For: Purpose](Sealed):
    """The exact sums of one closed day. Only this module makes one, and no outlet takes it."""

    __slots__ = ("kept",)

    kept: KeptDay

    def __init_subclass__(cls) -> Never:
        """Refuse: a kind of `DaySums` would be a second way to close a day."""
        raise TypeError("DaySums has no subclasses")


def closed_day[For: Purpose](
    question: Question[For], day: int, *, shelf: DayShelf
) -> DaySums[For] | None:
    """Give a day as it was closed. None: it was not, or something else was asked of it."""
    declared = question.declaration
    kept = shelf.kept(declared.name, declared.edition, day)
    if kept is None or kept.asked != question.asked_of(day):
        return None
    return _seal(DaySums, kept=kept)


def close_day[For: Purpose](
    question: Question[For], day: int, *, dead: str, shelf: DayShelf, engine: Engine
) -> DaySums[For]:
    """Sum one day of the question's block from `rows`, read under the `dead` list, and keep it.

    What is already kept of it, under the same dead list, is given instead.
    """
    closed = closed_day(question, day, shelf=shelf)
    if closed is not None and closed.kept.dead == dead:
        return closed
    declared = question.declaration
    kept = KeptDay(
        product=declared.name,
        edition=declared.edition,
        day=day,
        asked=question.asked_of(day),
        dead=dead,
        sums=_sums_of(question, day, engine=engine),
    )
    shelf.keep(kept)
    return _seal(DaySums, kept=kept)


def added_up[For: Purpose](
    question: Question[For], days: Sequence[DaySums[For]], *, dead: str
) -> list[pa.Table]:
    """List the sums that make the question's block: each of its days once, read under `dead`."""
    if any(type(day) is not DaySums for day in days):
        raise TypeError("only closed days are added up")
    closed = {day.kept.day: day.kept for day in days}
    if len(closed) != len(days) or sorted(closed) != sorted(question.block.days):
        raise DayDiffers(f"{question.block.name} wants each of its days, closed, and once")
    for day, kept in closed.items():
        if kept.asked != question.asked_of(day):
            raise DayDiffers(f"{day_name(day)} was closed for another question")
        if kept.dead != dead:
            raise DayDiffers(f"{day_name(day)} was closed before a withdrawal: close it again")
    return [kept.sums for kept in closed.values()]


def _sums_of[For: Purpose](question: Question[For], day: int, *, engine: Engine) -> pa.Table:
    alone = Block(days=(day,), zone=question.block.zone)
    return exact_sums(question, alone, engine=engine)
