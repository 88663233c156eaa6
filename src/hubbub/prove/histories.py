"""Histories of people at random: what each agrees to, takes back and shares, one deed an hour.

`Life.covers` tells by the words of the deal what may be read of them. It looks at what was done and
at nothing else: it knows of no stamp, no receipt and no dead list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hubbub.prove.chance import Dice
from hubbub.terms.purposes import Cell

type Cells = frozenset[Cell]

_KINDS: Final = 10
_CELLS_MAX: Final = 3  # of one choice
_HOURS_AGO: Final = (0, 0, 0, 1, 3)


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
class Shares:
    """Somebody sends where she was, some hours ago."""

    hours_ago: int


type Deed = Agrees | ChoosesAnew | TakesBack | Shares


@dataclass(frozen=True, slots=True)
class Life:
    """What one person does, hour by hour."""

    deeds: tuple[Deed, ...]

    def shared(self) -> list[int]:
        """List the hours at which she shares."""
        return [hour for hour, deed in enumerate(self.deeds) if isinstance(deed, Shares)]

    def until(self, hour: int) -> "Life":
        """Give the same life up to that hour."""
        return Life(self.deeds[: hour + 1])

    def is_late(self, hour: int) -> bool:
        """Tell whether what she shared at `hour` was not sent at once."""
        shared = self.deeds[hour]
        return isinstance(shared, Shares) and shared.hours_ago > 0

    def covers(self, hour: int, cell: Cell) -> bool:
        """Tell whether what she shared at `hour` may be read for `cell` after all of it.

        It was collected when the cell was open, and the cell was not closed since.
        """
        shared, since = self.deeds[hour], self._open_since(cell)
        assert isinstance(shared, Shares), "something was shared at that hour"
        return since is not None and since <= hour - shared.hours_ago

    def _open_since(self, cell: Cell) -> int | None:
        """Tell since when the cell is open without a break, if it is open in the end."""
        since: int | None = None
        for hour, deed in enumerate(self.deeds):
            match deed:
                case Agrees(cells) | ChoosesAnew(cells) if cell in cells:
                    since = hour if since is None else since
                case ChoosesAnew() | TakesBack(None):
                    since = None
                case TakesBack(cells) if cells is not None and cell in cells:
                    since = None
                case _:
                    pass
        return since


def thrown(dice: Dice, offered: Sequence[Cell], *, people: int, hours: int) -> list[Life]:
    """Throw so many lives: half of all deeds share, and the others choose among what is offered."""
    count = people * hours
    kinds, ago = dice.whole(_KINDS, count), dice.whole(len(_HOURS_AGO), count)
    chosen = dice.whole(len(offered), count * _CELLS_MAX).reshape(count, _CELLS_MAX)
    many = 1 + dice.whole(_CELLS_MAX, count)
    deeds = [
        _deed(kind, frozenset(offered[n] for n in cells[:several]), hours_ago=_HOURS_AGO[back])
        for kind, cells, several, back in zip(
            kinds.tolist(), chosen.tolist(), many.tolist(), ago.tolist(), strict=True
        )
    ]
    return [Life(tuple(deeds[first : first + hours])) for first in range(0, count, hours)]


def _deed(kind: int, cells: Cells, *, hours_ago: int) -> Deed:
    match kind:
        case 0 | 1:
            return Agrees(cells)
        case 2:
            return ChoosesAnew(cells)
        case 3:
            return TakesBack(cells)
        case 4:
            return TakesBack(None if hours_ago else cells)
        case _:
            return Shares(hours_ago)
