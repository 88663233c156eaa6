"""How busy places are, as it leaves: looked at once more, and told place by place."""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from hubbub.outlet.leaving import LastLook
from hubbub.outlet.promises import hides
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import Hides
from hubbub.outlet.wire_places import (
    BestTime,
    BusyDay,
    Busyness,
    BusyThen,
    LiveNow,
    StayMinutes,
    Weekday,
)
from hubbub.products.places.busyness import CityBusyness, CityLive, LiveBusyness, PlaceBusyness
from hubbub.terms.places import PlaceId
from hubbub.terms.purposes import Places
from hubbub.terms.time import Instant, moment

WEEKDAYS: Final[tuple[Weekday, ...]] = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
DAY_HOURS: Final = 24

_NOTHING_LIVE: Final = LiveBusyness(level="none", reason="nothing of the last minutes was released")


class BusyPlaces:
    """Takes out what was released of how busy places are: once for each answer."""

    def __init__(self, sources: Sources, *, zone: ZoneInfo, last_look: LastLook) -> None:
        self._sources, self._zone, self._last_look = sources, zone, last_look
        self._hides = _hides(sources)

    def taken_out(self) -> "Busy":
        """Give what is known now, through the last look."""
        week, live = self._sources.busyness(), self._sources.live_busyness()
        return Busy(
            week=None if week is None else self._last_look.take_out(week),
            live=None if live is None else self._last_look.take_out(live),
            zone=self._zone,
            hides=self._hides,
            made_of=frozenset() if week is None else week.sources,
        )

    def told(self, place: PlaceId) -> Busyness | None:
        """Tell all that is known of how busy a place is. None: nothing was released of it."""
        busy = self.taken_out()
        named = (self._sources.release_of(digest) for digest in busy.made_of)
        return busy.told(place, releases=sorted(name for name in named if name is not None))

    def due(self) -> str | None:
        """Tell when the first week will be out, where none is. None: one is out."""
        if self._sources.busyness() is not None:
            return None
        at = self._sources.first_busyness_at()
        return None if at is None else _local(at, self._zone)


@dataclass(frozen=True, kw_only=True)
class Busy:
    """How busy places are, as it was released: in the typical week, and now."""

    week: CityBusyness | None
    live: CityLive | None
    zone: ZoneInfo
    hides: Hides
    made_of: frozenset[str]  # the digests of the week's releases

    def of(self, place: PlaceId) -> PlaceBusyness | None:
        """Give a place's typical week. None: nothing was released of it."""
        return None if self.week is None else self.week.places.get(place)

    def then(self, place: PlaceId, at: Instant, *, is_now: bool) -> BusyThen | None:
        """Tell how busy a place is at `at`. None: not known, or closed in that hour."""
        week, here = self.of(place), moment(at, self.zone)
        hour = here.weekday() * DAY_HOURS + here.hour
        if week is None or week.closed[hour]:
            return None
        return BusyThen(
            percent=week.percent[hour],
            low=week.low[hour],
            high=week.high[hour],
            evidence=week.evidence,
            live=self.now(place).level if is_now else "none",
        )

    def now(self, place: PlaceId) -> LiveBusyness:
        """Tell how busy a place is now, or why nobody can tell."""
        return _NOTHING_LIVE if self.live is None else self.live.places.get(place, _NOTHING_LIVE)

    def told(self, place: PlaceId, *, releases: list[str]) -> Busyness | None:
        """Tell all that is known of a place."""
        week, live = self.of(place), self.now(place)
        if week is None:
            return None
        return Busyness(
            week=days_of(week),
            live=LiveNow(
                level=live.level,
                reason=live.reason,
                of=live.of,
                at=None if self.live is None else _local(self.live.at, self.zone),
            ),
            stay_minutes=StayMinutes(*week.stay_min),
            best=[_best(*each) for each in week.best],
            hours=week.hours,
            evidence=week.evidence,
            weeks=week.weeks,
            releases=releases,
            hides=self.hides,
        )


def days_of(week: PlaceBusyness) -> list[BusyDay]:
    """Cut a week into its days, from Monday on."""
    days = []
    for number, name in enumerate(WEEKDAYS):
        hours = slice(number * DAY_HOURS, (number + 1) * DAY_HOURS)
        days.append(
            BusyDay(
                name=name,
                percent=list(week.percent[hours]),
                low=list(week.low[hours]),
                high=list(week.high[hours]),
                closed=list(week.closed[hours]),
            )
        )
    return days


def _best(weekday: int, begin: int, end: int) -> BestTime:
    return BestTime(day=WEEKDAYS[weekday], begins=f"{begin:02}:00", ends=f"{end:02}:00")


def _hides(sources: Sources) -> Hides:
    """Tell what the promises hide: of several, that of the weakest."""
    hidden = [hides(each) for each in sources.declarations.values() if each.purpose is Places]
    return max(hidden, key=lambda each: each.weaker)


def _local(at: Instant, zone: ZoneInfo) -> str:
    return moment(at, zone).isoformat(timespec="seconds")
