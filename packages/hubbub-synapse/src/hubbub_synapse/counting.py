# SPDX-License-Identifier: AGPL-3.0-or-later
"""From what was sent to what is counted of it: pure, and as little as was agreed to.

Of a message it is counted that there was one; of a room, only a pseudonym is kept, another one for
each person. Whom somebody wrote to is named where the two are alone in a room and both agreed to
that, and in no other case.
"""

import hmac
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from hubbub_synapse.grants import About, Grant, Known

NOBODY: Final = ""
NO_ROOM: Final = 0
NO_RECEIPT: Final = 0

_ROOM_BITS: Final = 63
_PHONES: Final = ("iphone", "android", "; ios ", "mobile")
_TABLETS: Final = ("ipad", "tablet")
_COMPUTERS: Final = ("windows", "macintosh", "mac os", "x11", "linux", "cros")


class Sent(NamedTuple):
    """One event, as far as it is looked at."""

    place: int  # in the stream of events
    type: str
    room: str
    sender: str
    at_ms: int
    has_file: bool | None

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about a person."""
        return "<Sent>"


class Row(NamedTuple):
    """How often something was done in a stretch of time, as it waits in the outbox."""

    person: str
    receipt: int
    at_ms: int
    until_ms: int
    about: str
    kind: str
    room: int = NO_ROOM
    other_person: str = NOBODY
    other_receipt: int = NO_RECEIPT
    times: int = 1

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about a person."""
        return "<Row>"


class Counting(NamedTuple):
    """What counting goes by."""

    known: Known
    rooms_key: bytes
    period_ms: int
    now_ms: int

    def __repr__(self) -> str:
        """Name the kind and nothing else."""
        return "<Counting>"


def rows_of(
    sent: Sent,
    by: Counting,
    *,
    closed_ms: int,
    members: Callable[[str], list[str]],
    agent: Callable[[str], str | None],
) -> Iterator[Row]:
    """Give the rows that an event adds to. What is over until `closed_ms` is not added to.

    `members` tells who is in a room, up to three of them; `agent` what somebody uses just now.
    """
    grant = by.known.of.get(sent.sender)
    if grant is None:
        return
    at_ms = max(closed_ms, min(sent.at_ms, by.now_ms) // by.period_ms * by.period_ms)
    until_ms = (at_ms // by.period_ms + 1) * by.period_ms
    row = Row(sent.sender, grant.receipt, at_ms, until_ms, About.USE, kind_of(sent))
    if grant.covers(About.USE, at_ms=sent.at_ms):
        yield row
    if grant.covers(About.DEVICE, at_ms=sent.at_ms) and (said := agent(sent.sender)):
        yield row._replace(about=About.DEVICE, kind=device_of(said))
    if grant.covers(About.CONTACTS, at_ms=sent.at_ms):
        other = _other(sent, grant, by.known, members=members(sent.room))
        yield row._replace(
            about=About.CONTACTS,
            room=room_of(sent.sender, sent.room, key=by.rooms_key),
            other_person=other[0],
            other_receipt=other[1],
        )


def kind_of(sent: Sent) -> str:
    """Tell what was sent. In an encrypted room everything is a message: nobody else can tell."""
    if sent.type == "m.call.invite":
        return "calls"
    return "pictures" if sent.has_file else "messages"


def device_of(agent: str) -> str:
    """Tell what kind of device says so of itself, and no more."""
    said = agent.lower()
    for kind, words in (("tablet", _TABLETS), ("phone", _PHONES), ("computer", _COMPUTERS)):
        if any(word in said for word in words):
            return kind
    return "other"


def room_of(person: str, room: str, *, key: bytes) -> int:
    """Give the pseudonym of a room for one person: for nobody else it is the same (RFC 2104)."""
    digest = hmac.digest(key, f"{person}\0{room}".encode(), "sha256")
    return int.from_bytes(digest[:8]) >> (64 - _ROOM_BITS) or 1


def _other(sent: Sent, grant: Grant, known: Known, *, members: list[str]) -> tuple[str, int]:
    """Name who else is there, if it is one, and if both agreed to be named to the same reader."""
    others = [each for each in members if each != sent.sender]
    if len(members) != 2 or len(others) != 1:
        return NOBODY, NO_RECEIPT
    theirs = known.of.get(others[0])
    if theirs is None or not theirs.covers(About.CONTACTS, at_ms=sent.at_ms):
        return NOBODY, NO_RECEIPT
    if theirs.may[About.CONTACTS] & grant.may[About.CONTACTS] == 0:
        return NOBODY, NO_RECEIPT
    return others[0], theirs.receipt
