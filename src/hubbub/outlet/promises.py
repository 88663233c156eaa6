"""What a promise hides, in the words that stand beside whatever is shown under it."""

from typing import Any, Final

from hubbub.crowd.bounds import Unit
from hubbub.crowd.declaration import Declaration
from hubbub.outlet.wire import Hides

_UNITS: Final = {
    Unit.PERSON_DAY: "everything of one account on one local day",
    Unit.PASSAGE: "one passage of one person over one road in one window",
}


def hides(declaration: Declaration[Any]) -> Hides:
    """Tell whose presence is hidden, and whether that is less than a person's day."""
    return Hides(_UNITS[declaration.unit], weaker=declaration.unit is not Unit.PERSON_DAY)
