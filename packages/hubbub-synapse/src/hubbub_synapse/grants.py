# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people agreed to, as hubbub last told it. Older than a minute, it agrees to nothing."""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

FRESH_S: Final = 60.0
"""For how long an answer of hubbub's holds."""


class About(StrEnum):
    """What a row is about: for each, one has to have agreed to a category of its own."""

    USE = "use"
    DEVICE = "device"
    CONTACTS = "contacts"


_CATEGORY: Final = {
    About.USE: "user.telemetry",
    About.DEVICE: "user.device",
    About.CONTACTS: "user.social",
}


class Grant(NamedTuple):
    """What one person agreed to, and under which receipt."""

    receipt: int
    since_ms: int  # what was sent before came under no deal
    may: Mapping[About, int]  # the cells: a bit for each purpose and recipient
    deal: Mapping[str, Any] | None = None  # the switches, for her own devices

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about a person."""
        return "<Grant>"

    def covers(self, about: About, *, at_ms: int) -> bool:
        """Tell whether something sent at `at_ms` may be shared."""
        return self.may[about] != 0 and at_ms >= self.since_ms


class Known(NamedTuple):
    """Everybody's grants, as of one answer."""

    version: str
    of: Mapping[str, Grant]

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about people."""
        return "<Known>"


class Unreadable(ValueError):
    """hubbub answered something else than grants: another version of it, or not hubbub."""

    def __init__(self) -> None:
        super().__init__("hubbub's answer is no list of grants")


def _seconds() -> float:
    """Tell seconds that go on while the machine sleeps, where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Grants:
    """The newest grants, and how old they are."""

    def __init__(self, *, seconds: Callable[[], float] = _seconds) -> None:
        """Know nothing yet."""
        self._seconds = seconds
        self._known: Known | None = None
        self._asked_s = 0.0

    @property
    def version(self) -> str | None:
        """Tell after which answer there may be something new."""
        return None if self._known is None else self._known.version

    def now(self) -> float:
        """Tell the moment to hand to `take`: that of asking, since an answer may linger."""
        return self._seconds()

    def take(self, answer: Any, *, asked_s: float) -> None:  # noqa: ANN401 - as it came
        """Take hubbub's answer to what was asked at `asked_s`. Raises `Unreadable`."""
        self._known = _read(answer, before=self._known)
        self._asked_s = asked_s

    def fresh(self) -> Known | None:
        """Give the grants. None: hubbub has not been heard of lately, so nobody agreed."""
        if self._known is None or self._seconds() - self._asked_s > FRESH_S:
            return None
        return self._known


def _read(answer: Any, *, before: Known | None) -> Known:  # noqa: ANN401 - as it came
    if not isinstance(answer, dict) or not isinstance(answer.get("version"), str):
        raise Unreadable
    if "grants" in answer and answer["grants"] is None and before is not None:
        return before._replace(version=answer["version"])
    try:
        given = {_text(each["person"]): _grant(each) for each in answer["grants"]}
    except (KeyError, TypeError, AttributeError):
        raise Unreadable from None
    return Known(answer["version"], given)


def _grant(told: dict[str, Any]) -> Grant:
    deal = told.get("deal")
    if deal is not None and not isinstance(deal, dict):
        raise Unreadable
    return Grant(
        receipt=_whole(told["receipt"]),
        since_ms=_whole(told["since_ms"]),
        may={about: _whole(told["may"].get(key, 0)) for about, key in _CATEGORY.items()},
        deal=deal,
    )


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise Unreadable
    return told


def _whole(told: object) -> int:
    if type(told) is not int or told < 0:
        raise Unreadable
    return told
