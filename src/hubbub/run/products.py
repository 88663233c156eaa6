"""Which products this house has."""

from collections.abc import Mapping
from typing import Any

from hubbub.crowd.declaration import Declaration
from hubbub.products.traffic.declarations import TYPICAL, LivePromise, live_declaration


def declarations(live_promise: LivePromise) -> Mapping[str, Declaration[Any]]:
    """List what this house releases, by name."""
    return {each.name: each for each in (live_declaration(live_promise), TYPICAL)}
