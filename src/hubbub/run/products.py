"""Which products this house has, and what each may spend."""

from collections.abc import Mapping
from typing import Any, Final

from hubbub.crowd.book import Cap, standard_caps
from hubbub.crowd.declaration import Declaration
from hubbub.products.traffic.declarations import (
    LIVE_DAY,
    LIVE_PASSAGE,
    TYPICAL,
    LivePromise,
    live_declaration,
)

CAPS: Final = standard_caps(
    (LIVE_DAY, LIVE_PASSAGE, TYPICAL), everything=Cap(epsilon=6.1, delta=1e-8)
)
"""Each product has its own budget, and all of the person-day promise one together."""


def declarations(live_promise: LivePromise) -> Mapping[str, Declaration[Any]]:
    """List what this house releases, by name."""
    return {each.name: each for each in (live_declaration(live_promise), TYPICAL)}
