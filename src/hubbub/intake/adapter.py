"""What a wire format is to the door: how it is read, and which answer its clients need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

from hubbub.intake.ping import Parsed, Unreadable

_PARAMETERS_MAX = 100


class Sent(NamedTuple):
    """One request as it arrived, its body inflated."""

    method: str
    content_type: str  # without parameters, lower case
    query: Mapping[str, str]
    body: bytes
    rows_max: int

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about a person."""
        return "<Sent>"


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """One wire format at the door."""

    read: Callable[[Sent], Parsed]
    methods: frozenset[str]
    # The bytes its clients take for "delivered", their type; none: our own account of the rows.
    answer: tuple[bytes, str] | None
    # Where its clients can put a token other than the header `Authorization`.
    token_parameters: tuple[str, ...] = ()
    token_in_body: Callable[[Sent], str | None] | None = None


def form(text: bytes) -> dict[str, str]:
    """Read `a=1&b=2`, the form of queries and of simple POST bodies. The first of a name counts."""
    try:
        pairs = parse_qsl(
            text.decode(), keep_blank_values=True, max_num_fields=_PARAMETERS_MAX, errors="strict"
        )
    except ValueError:
        raise Unreadable("parameters in the form a=1&b=2, in UTF-8") from None
    return dict(reversed(pairs))
