"""Every product that there is, and those that this house has."""

from collections.abc import Mapping
from typing import Any, Final

from hubbub.crowd.declaration import Declaration
from hubbub.products.places.declarations import LIVE, WEEKLY
from hubbub.products.traffic.declarations import (
    LIVE_DAY,
    LIVE_PASSAGE,
    TYPICAL,
    LivePromise,
    live_declaration,
)

EVERY_DECLARATION: Final[tuple[Declaration[Any], ...]] = (
    TYPICAL,
    LIVE_DAY,
    LIVE_PASSAGE,
    *WEEKLY,
    LIVE,
)
"""The registry: whatever is released is declared here. docs/epsilons.md is written from it."""


def declarations(live_promise: LivePromise) -> Mapping[str, Declaration[Any]]:
    """List what this house releases, by name."""
    return {each.name: each for each in (live_declaration(live_promise), TYPICAL, *WEEKLY, LIVE)}
