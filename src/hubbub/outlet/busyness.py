"""How busy places are, as it leaves: looked at once more, and told place by place."""

from typing import Final
from zoneinfo import ZoneInfo

from hubbub.crowd.gate import Released
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

_NOTHING_LIVE: Final = LiveBusyness(
    level="none", reason="no minutes of today were released that tell of this place"
)


class BusyPlaces:
    """What was released of how busy places are. Every answer takes it out through the last look."""

    def __init__(self, sources: Sources, *, zone: ZoneInfo, last_look: LastLook) -> None:
        self._sources, self._zone, self._last_look = sources, zone, last_look
        self._hides = _hides(sources)

    @property
    def hides(self) -> Hides:
        """Tell what the promises hide, where something was released."""
        assert self._hides is not None, "what is released is declared"
        return self._hides

    def city(self) -> CityBusyness | None:
        """Give the typical week of all places. None: nothing was released."""
        released = self._sources.busyness()
        return None if released is None else self._last_look.take_out(released)

    def week(self, place: PlaceId) -> PlaceBusyness | None:
        """Give a place's typical week. None: nothing was released of it."""
        return None if (city := self.city()) is None else city.places.get(place)

    def then(self, place: PlaceId, at: Instant, *, is_now: bool) -> BusyThen | None:
        """Tell how busy a place is at `at`. None: not known, or closed in that hour."""
        week, hour = self.week(place), self.hour_of_week(at)
        if week is None or week.closed[hour]:
            return None
        return BusyThen(
            percent=week.percent[hour],
            low=week.low[hour],
            high=week.high[hour],
            evidence=week.evidence,
            live=self.live(place).level if is_now else "none",
        )

    def live(self, place: PlaceId) -> LiveBusyness:
        """Tell how busy a place is now, or why nobody can tell."""
        return (
            _NOTHING_LIVE if (now := self._now()) is None else now.places.get(place, _NOTHING_LIVE)
        )

    def told(self, place: PlaceId) -> Busyness | None:
        """Tell all that is known of how busy a place is. None: nothing was released of it."""
        released, week = self._sources.busyness(), self.week(place)
        if released is None or week is None:
            return None
        live, now = self.live(place), self._now()
        return Busyness(
            week=days_of(week),
            live=LiveNow(
                level=live.level,
                reason=live.reason,
                of=live.of,
                at=None if now is None else self._local(now.at),
            ),
            stay_minutes=StayMinutes(*week.stay_min),
            best=[_best(*each) for each in week.best],
            hours=week.hours,
            evidence=week.evidence,
            weeks=week.weeks,
            releases=self._named(released),
            hides=self.hides,
        )

    def due(self) -> str | None:
        """Tell when the first week will be out, where none is. None: one is out."""
        if self._sources.busyness() is not None:
            return None
        at = self._sources.first_busyness_at()
        return None if at is None else self._local(at)

    def hour_of_week(self, at: Instant) -> int:
        """Tell in which hour of the week `at` is, on the city's clocks."""
        here = moment(at, self._zone)
        return here.weekday() * DAY_HOURS + here.hour

    def _now(self) -> CityLive | None:
        released = self._sources.live_busyness()
        return None if released is None else self._last_look.take_out(released)

    def _named(self, released: Released[CityBusyness]) -> list[str]:
        named = (self._sources.release_of(digest) for digest in released.sources)
        return sorted(name for name in named if name is not None)

    def _local(self, at: Instant) -> str:
        return moment(at, self._zone).isoformat(timespec="seconds")


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


def _hides(sources: Sources) -> Hides | None:
    """Tell what the promises hide: of several, that of the weakest."""
    hidden = [hides(each) for each in sources.declarations.values() if each.purpose is Places]
    return max(hidden, key=lambda each: each.weaker, default=None)
