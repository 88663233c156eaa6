"""Histories of people at random: what each agrees to, takes back and shares, one deed an hour.

`Life.covers` tells by the words of the deal what may be read of them. It looks at what was done and
at nothing else: it knows of no stamp, no receipt and no dead list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Final, assert_never

from hubbub.deal.signals import Signal
from hubbub.prove.chance import Dice
from hubbub.terms.purposes import (
    OWN,
    Category,
    Cell,
    Improvement,
    Offers,
    Personalisation,
    Suggestions,
    Usage,
)

type Cells = frozenset[Cell]

_CELLS_MAX: Final = 3  # of one withdrawal; a yes may have to be said to one alone
_KINDS: Final = 22
_SPOKEN_OF: Final = frozenset({Usage, Improvement, Suggestions, Personalisation, Offers})
"""The purposes that TCF knows."""


@dataclass(frozen=True, slots=True)
class Agrees:
    """Somebody says yes to cells, beside all that she said yes to before."""

    cells: Cells


@dataclass(frozen=True, slots=True)
class ChoosesAnew:
    """Somebody says yes to cells, instead of all that she said yes to before."""

    cells: Cells


@dataclass(frozen=True, slots=True)
class TakesBack:
    """Somebody takes cells back, or everything."""

    cells: Cells | None


@dataclass(frozen=True, slots=True)
class Pauses:
    """Somebody lets nothing be read or taken for a while, and keeps her choices."""


@dataclass(frozen=True, slots=True)
class GoesOn:
    """Somebody ends her pause."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Somebody sends where she was, some hours ago; her phone may send a signal along."""

    hours_ago: int
    signal: Signal | None = None


type Choice = Agrees | ChoosesAnew | TakesBack | Pauses | GoesOn
type Deed = Choice | Shares


_SHARED: Final = (
    *(Shares(0),) * 5,
    Shares(1),
    Shares(3),
    Shares(0, Signal.GPC),
    Shares(0, Signal.TCF),
    Shares(1, Signal.GPC),
)
"""What one sends, and how often among all that one does."""


@dataclass(frozen=True, slots=True)
class Life:
    """What one person does, hour by hour."""

    deeds: tuple[Deed, ...]
    barred: Cells = frozenset()  # what she is not offered: she is a minor

    def shared(self) -> list[int]:
        """List the hours at which she shares."""
        return [hour for hour, deed in enumerate(self.deeds) if isinstance(deed, Shares)]

    def until(self, hour: int) -> "Life":
        """Give the same life up to that hour."""
        return replace(self, deeds=self.deeds[: hour + 1])

    def is_late(self, hour: int) -> bool:
        """Tell whether what she shared at `hour` was not sent at once."""
        shared = self.deeds[hour]
        return isinstance(shared, Shares) and shared.hours_ago > 0

    def covers(self, hour: int, cell: Cell) -> bool:
        """Tell whether what she shared at `hour` may be read for `cell` after all of it.

        It was collected when the cell was open, the cell was not closed since, no signal that came
        along says no to it, and she neither paused then nor does now.
        """
        shared, since = self.deeds[hour], self._open_since(cell)
        assert isinstance(shared, Shares), "something was shared at that hour"
        collected = hour - shared.hours_ago
        is_open = since is not None and since <= collected
        pauses = any(map(self.is_paused, (collected, hour, len(self.deeds) - 1)))
        return is_open and not pauses and not says_no(shared.signal, cell)

    def is_heard(self, deed: Agrees | ChoosesAnew) -> bool:
        """Tell whether she may say yes like this: else nothing comes of it."""
        return not deed.cells & self.barred

    def is_paused(self, hour: int) -> bool:
        """Tell whether her deal is paused at `hour`, after what she does then."""
        known = paused = False
        for deed in self.deeds[: hour + 1]:
            known = known or (isinstance(deed, Agrees | ChoosesAnew) and self.is_heard(deed))
            if isinstance(deed, Pauses | GoesOn):
                paused = known and isinstance(deed, Pauses)
        return paused

    def _open_since(self, cell: Cell) -> int | None:
        """Tell since when the cell is open without a break, if it is open in the end."""
        since: int | None = None
        for hour, deed in enumerate(self.deeds):
            match deed:
                case Agrees() | ChoosesAnew() if not self.is_heard(deed):
                    pass
                case Agrees(cells) | ChoosesAnew(cells) if cell in cells:
                    since = hour if since is None else since
                case ChoosesAnew() | TakesBack(None):
                    since = None
                case TakesBack(cells) if cells is not None and cell in cells:
                    since = None
                case _:
                    pass
        return since


def says_no(signal: Signal | None, cell: Cell) -> bool:
    """Tell whether a signal is against `cell`: a TC string here agrees to nothing at all."""
    match signal:
        case Signal.GPC:
            return cell.purpose is Offers or cell.recipient != OWN.key
        case Signal.TCF:
            return cell.category is Category.LOCATION or cell.purpose in _SPOKEN_OF
        case None:
            return False
    assert_never(signal)


def thrown(
    dice: Dice, offered: Sequence[Cell], *, people: int, hours: int, barred: Cells
) -> list[Life]:
    """Throw so many lives: half of all deeds share, and the others choose among what is offered.

    Every third person is a minor, who is not offered what is `barred`.
    """
    count = people * hours
    kinds, many = dice.whole(_KINDS, count), 1 + dice.whole(_CELLS_MAX, count)
    chosen = dice.whole(len(offered), count * _CELLS_MAX).reshape(count, _CELLS_MAX)
    deeds = [
        _deed(kind, [offered[number] for number in cells[:several]])
        for kind, cells, several in zip(kinds.tolist(), chosen.tolist(), many.tolist(), strict=True)
    ]
    return [
        Life(tuple(theirs), frozenset() if number % 3 else barred)
        for number, theirs in enumerate(batched(deeds, hours, strict=True))
    ]


def _deed(kind: int, chosen: Sequence[Cell]) -> Deed:
    one, cells = frozenset(chosen[:1]), frozenset(chosen)
    others: tuple[Deed, ...] = (
        *(Agrees(one),) * 5,
        ChoosesAnew(one),
        *(TakesBack(cells),) * 2,
        TakesBack(None),
        Pauses(),
        *(GoesOn(),) * 2,
    )
    deeds = (*others, *_SHARED)
    return deeds[kind % len(deeds)]
