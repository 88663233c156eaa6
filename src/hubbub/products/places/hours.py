"""When a place is open: opening hours as OpenStreetMap writes them, read and evaluated.

What cannot be read is said to be unreadable, and what is not told is not known: never closed.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple, assert_never
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State, validate

from hubbub.terms.places import Place
from hubbub.terms.time import SECOND, Instant, instant, local_day, moment

HORIZON: Final = timedelta(days=366)
"""How far ahead a change is looked for: rules may name days that never come."""

_DAY_US: Final = 86_400 * SECOND


class Site(NamedTuple):
    """Where hours hold: sunset, public holidays and clocks are those of the place."""

    lat: float
    lon: float
    zone: ZoneInfo


class NotTold(NamedTuple):
    """Nobody has told when it is open."""


class Unreadable(NamedTuple):
    """What is told cannot be read."""

    told: str


class Readable(NamedTuple):
    """Opening hours that can be evaluated."""

    text: str  # as read, after what can be put right was
    rule: OpeningHours
    zone: ZoneInfo

    @property
    def tells_holidays(self) -> bool:
        """Tell whether public holidays are named in them."""
        return "PH" in _without_comments(self.text)

    @property
    def has_open_end(self) -> bool:
        """Tell whether a closing time is left open (`16:00+`): midnight stands for it."""
        return re.search(r"\d\+", _without_comments(self.text)) is not None


type Hours = NotTold | Unreadable | Readable

type Openness = Literal["open", "closed", "unsure"]
"""`unsure`: it depends, as by appointment; the comment may say on what."""


class Span(NamedTuple):
    """A stretch of time through which a place stays as it is."""

    since: Instant
    until: Instant
    openness: Openness
    comment: str


class Status(NamedTuple):
    """How a place is at a moment. `is_open` is None where that is not known."""

    is_open: bool | None
    changes_at: Instant | None  # None: not known, or not within a year
    comment: str = ""


class Opening(NamedTuple):
    """A time of opening. `is_sure` is false where it depends."""

    opens: Instant
    closes: Instant
    is_sure: bool
    comment: str


class Day(NamedTuple):
    """A local day and the openings that begin on it, also where they end after midnight."""

    day: date
    openings: tuple[Opening, ...]


def site_of(place: Place, zone: ZoneInfo) -> Site:
    """Tell where a place's hours hold."""
    return Site(place.lat_e6 / 1e6, place.lon_e6 / 1e6, zone)


def read_hours(told: str, site: Site) -> Hours:
    """Read opening hours: as they are, or else with the usual slips of the pen put right."""
    if not told.strip():
        return NotTold()
    for text in (told, sanitised(told)):
        if validate(text):
            # The country, and with it the public holidays, follow from the coordinates.
            rule = OpeningHours(text, timezone=site.zone, coords=(site.lat, site.lon))
            return Readable(str(rule), rule, site.zone)
    return Unreadable(told)


def status(hours: Hours, at: Instant) -> Status:
    """Tell whether it is open at `at`, and when that changes."""
    match hours:
        case NotTold() | Unreadable():
            return Status(None, None)
        case Readable():
            return _status(hours, at)
    assert_never(hours)


def is_open(hours: Hours, at: Instant) -> bool | None:
    """Tell whether it is open at `at`; None where that is not known."""
    return status(hours, at).is_open


def week(hours: Readable, first: date, *, days: int = 7) -> tuple[Day, ...]:
    """List the openings of each local day from `first` on.

    An opening belongs to the day that it begins on. One of more than a day is cut at midnights.
    """
    zone = hours.zone
    # What lasts longer than a day is told from a night by what of it lies before the first day.
    since = instant(datetime.combine(first, time(12), zone) - timedelta(days=2))
    until = instant(datetime.combine(first, time(12), zone) + timedelta(days=days + 1))
    of_day: dict[date, list[Opening]] = {first + timedelta(days=n): [] for n in range(days)}
    for span in spans(hours, since, until):
        if span.openness != "closed":
            for opening in _openings(span, zone):
                of_day.get(local_day(opening.opens, zone), []).append(opening)
    return tuple(Day(day, tuple(openings)) for day, openings in of_day.items())


def spans(hours: Readable, since: Instant, until: Instant) -> Iterator[Span]:
    """List how it is from `since` to `until`, without gaps.

    They are stretches of real time: an hour that the clocks show twice is twice in them. `since`
    must not be in such an hour, for it has no second name there.
    """
    last: Span | None = None
    zone = hours.zone
    for start, end, state, comment in hours.rule.intervals(
        moment(since, zone), moment(until, zone)
    ):
        now = Span(instant(start), instant(end), _OPENNESS[state], comment)
        if now.until <= now.since:
            continue  # it lies in the hour that the clocks leave out
        if last is not None and (last.openness, last.comment) == (now.openness, now.comment):
            last = last._replace(until=now.until)
            continue
        if last is not None:
            yield last
        last = now
    if last is not None:
        yield last


def public_holidays(site: Site, first: date, *, days: int = 7) -> frozenset[date] | None:
    """Tell which days are public holidays of the country; None where its calendar is not known.

    Holidays of a part of a country are in no calendar here.
    """
    calendar = read_hours("PH", site)
    assert isinstance(calendar, Readable), "it is plain grammar"
    first_noon = instant(datetime.combine(first, time(12), site.zone))
    year = spans(calendar, first_noon, Instant(first_noon + 366 * _DAY_US))
    if all(span.openness == "closed" for span in year):
        return None
    return frozenset(day.day for day in week(calendar, first, days=days) if day.openings)


def sanitised(told: str) -> str:
    """Put right the slips that leave no doubt about what was meant."""
    text = " ".join(told.translate(_SIGNS).split()).strip(" ;,")
    text = re.sub(r"\b(\d{1,2})\.(\d\d)\b", r"\1:\2", text)  # 9.30 as Finns and Germans write it
    text = re.sub(rf"\b({_DAY}):? ?(?=\d)", r"\1 ", text)  # Fr11:00, Fr: 11:00
    text = re.sub(rf"\b({_DAY}) ({_RANGE}(?:, ?{_RANGE})*)", _with_minutes, text)  # Mo 9-17
    return re.sub(rf"(\d:\d\d\+?) (?={_DAY}\b)", r"\1; ", text)  # 09:00-17:00 Sa 10:00-15:00


def _status(hours: Readable, at: Instant) -> Status:
    # From noon on: the clocks are never changed then. See `spans`.
    noon = datetime.combine(local_day(at, hours.zone), time(12), hours.zone) - timedelta(days=1)
    found: Span | None = None
    for span in spans(hours, instant(noon), instant(noon + HORIZON)):
        if found is not None and span.openness != found.openness:
            return _told(found, span.since)
        if span.since <= at < span.until:
            found = span
    assert found is not None, "the spans are without gaps"
    return _told(found, None)


def _told(span: Span, changes_at: Instant | None) -> Status:
    known = {"open": True, "closed": False, "unsure": None}[span.openness]
    return Status(known, changes_at, span.comment)


def _openings(span: Span, zone: ZoneInfo) -> Iterator[Opening]:
    is_sure = span.openness == "open"
    if span.until - span.since <= _DAY_US:
        yield Opening(span.since, span.until, is_sure, span.comment)
        return
    since = span.since
    while since < span.until:
        tomorrow = local_day(since, zone) + timedelta(days=1)
        until = min(span.until, instant(datetime.combine(tomorrow, time(), zone)))
        yield Opening(since, until, is_sure, span.comment)
        since = until


def _with_minutes(found: re.Match[str]) -> str:
    day, ranges = found.groups()
    return f"{day} " + re.sub(r"(?<![\d:])(\d{1,2})(?![\d:])", r"\1:00", ranges)


def _without_comments(text: str) -> str:
    return re.sub(r'"[^"]*"', "", text)


_OPENNESS: Final[dict[State, Openness]] = {
    State.OPEN: "open",
    State.CLOSED: "closed",
    State.UNKNOWN: "unsure",
}
_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("–—‒―−‐‑", "-"),
        **dict.fromkeys("“”„«»", '"'),
        "：": ":",
        "；": ";",
        "，": ",",
    }
)
_DAY: Final = "(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)"
_HOUR: Final = r"\d{1,2}(?::\d\d)?"
_RANGE: Final = rf"{_HOUR} ?- ?{_HOUR}(?![\d:])"
