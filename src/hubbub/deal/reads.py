"""Reads of people's rows, as they are written down: who, what for, of which time; and nobody in it.

A log of them is kept by the hour. From it and from where a person's own rows are, each person can
be told who read rows of theirs.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from hubbub.terms.people import Personal
from hubbub.terms.time import SECOND, Instant

HOUR: Final = 3600 * SECOND

type What = Literal["rows", "releases"]
"""People's rows through gate 1; or what gate 2 released, in bulk, by a partner."""

type Reader = tuple[str, str, str]
"""Of what (a category, a product), for which purpose, by which recipient: their keys."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One read, told before anything is handed out."""

    what: What
    reader: Reader
    since: Instant  # the time of the rows that are read, not that of reading
    until: Instant
    dead: str = ""  # the SHA-256 of the dead list that it is judged by


class Reads(Protocol):
    """Where each read is told of before it happens."""

    def note(self, read: Read) -> None:
        """Write down `read`, or raise."""
        ...

    def close(self) -> None:
        """Write down what is counted so far."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """The reads of one reader in one process within one hour."""

    what: What
    reader: Reader
    begun_at: Instant
    last_at: Instant
    times: int  # at least so often
    is_counted: bool  # if not, it goes on, or was cut off by a kill
    since: Instant
    until: Instant


class ReadOfMine(Personal, frozen=True, kw_only=True):
    """Who read rows of one person within an hour: at most so often, and no one else did."""

    category: str
    purpose: str
    recipient: str
    at: Instant
    last_at: Instant
    times: int


class Given(Personal, frozen=True, kw_only=True):
    """The hours in which one person gave rows that a reader may read, until they took it back."""

    hours: tuple[Instant, ...]  # their beginnings, ascending
    closed_at: Instant | None = None


def reads_of_mine(
    log: Iterable[Stretch], given: Mapping[Reader, Sequence[Given]]
) -> list[ReadOfMine]:
    """Tell who read rows of the person who has `given`, the newest first."""
    found = list(_found(log, given))
    return sorted(found, key=lambda read: read.last_at, reverse=True)


def _found(log: Iterable[Stretch], given: Mapping[Reader, Sequence[Given]]) -> Iterator[ReadOfMine]:
    for stretch in log:
        if stretch.what == "rows" and any(
            _holds(stretch, each) for each in given.get(stretch.reader, ())
        ):
            category, purpose, recipient = stretch.reader
            yield ReadOfMine(
                category=category,
                purpose=purpose,
                recipient=recipient,
                at=stretch.begun_at,
                last_at=stretch.last_at,
                times=stretch.times,
            )


def _holds(stretch: Stretch, given: Given) -> bool:
    if given.closed_at is not None and given.closed_at <= stretch.begun_at:
        return False
    first = bisect_left(given.hours, stretch.since - HOUR + 1)
    return first < len(given.hours) and given.hours[first] < stretch.until
