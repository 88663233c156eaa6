"""What a promise hides, in the words that stand beside whatever is shown under it."""

from typing import Any

from hubbub.crowd.declaration import Declaration
from hubbub.outlet.wire import Hides


def hides(declaration: Declaration[Any]) -> Hides:
    """Tell whose presence is hidden, and whether that is less than a person's day."""
    promise = declaration.promise()
    return Hides(promise.unit, weaker=promise.weaker)
