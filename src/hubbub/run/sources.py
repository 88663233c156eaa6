"""What the outlet is handed in this house."""

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import pyarrow as pa
import structlog
from prometheus_client import CollectorRegistry

from hubbub.crowd.blocks import Days, day_number
from hubbub.crowd.book import Stored
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.denoise import PredictedAccuracy
from hubbub.crowd.gate import Released, recall
from hubbub.deal.certificate import ErasureProgress
from hubbub.deal.desk import DealDesk, SignedIn
from hubbub.deal.identity import Identities, Secret
from hubbub.deal.own import Own, derive_own, own_entry
from hubbub.deal.reads import ReadOfMine, Reads
from hubbub.deal.recipients import Registry
from hubbub.intake.door import Door
from hubbub.outlet.deal import METHOD
from hubbub.outlet.wire import CityCard, Health, HouseClock, ReadsHead
from hubbub.products.places.busyness import CityBusyness, CityLive
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.own import OwnVisits, own_visits
from hubbub.products.traffic.declarations import Roads, live_declaration
from hubbub.products.traffic.flow import LiveFlow
from hubbub.products.traffic.own import OwnWeek
from hubbub.record.deal_store import DealStore
from hubbub.record.engine import Engine
from hubbub.record.journal import Journal
from hubbub.record.roads.city import City
from hubbub.run.accuracy import accuracy_of
from hubbub.run.busyness import BusyView
from hubbub.run.city import current_city
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home
from hubbub.run.house import open_reads, open_reads_shelf, open_record, open_shelf, operator_key
from hubbub.run.live import LiveView, ReleasedWindows
from hubbub.run.messenger.desk import MessengerDesk
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.presence import has_messenger
from hubbub.run.metrics import HouseMetrics, registry
from hubbub.run.own_roads import OwnRoads
from hubbub.run.place_numbers import NumbersLost, place_numbers
from hubbub.run.places import places_of
from hubbub.run.products import declarations
from hubbub.run.reads import reads_of
from hubbub.run.settings import Settings
from hubbub.run.status import KeeperStatus, read_note
from hubbub.terms.errors import BadInput
from hubbub.terms.people import Subject
from hubbub.terms.places import Place
from hubbub.terms.roads import RoadSegment
from hubbub.terms.time import SECOND, Clock, Instant, iso
from hubbub.terms.use import UseTable

log = structlog.get_logger()

_BEAT_S_MAX: Final = 15.0
_BACKLOG_S_MAX: Final = 10.0
_BULK_BYTES_MAX: Final = 8 << 20  # of releases as stored, in one answer; a release is never cut


class HouseSources:
    """The house, as far as the outlet may see it."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        deals: DealStore,
        clock: Clock,
        door: Door,
        journal: Journal,
        origin: str,
    ) -> None:
        self._home, self._settings, self._clock = home, settings, clock
        self._deals, self._journal, self._door = deals, journal, door
        self._origin = origin
        self._identities = deals.identities(SystemClock())
        self._city = _city(home)
        self._public = None if self._city is None else Roads(self._city.segments)
        self._shelf = open_shelf(home)
        self._reads = open_reads(home, clock)
        self._key = operator_key(home)
        self._messenger = self._open_messenger()
        self._metrics = registry(HouseMetrics(door, journal, notes=home))
        self._declarations = declarations(settings.traffic.live_promise)
        self._own_roads = self._open_own_roads()
        self._live = None if self._city is None else self._view(self._city)
        self._engine = Engine(threads=1)
        self._numbers = None if self._city is None else self._number_places(self._city)
        self._busy = None if self._city is None else self._open_busyness(self._city)
        self._known: set[str] = set()

    @property
    def city(self) -> CityCard | None:
        """Give the city on the map."""
        if self._city is None:
            return None
        box = self._city.box
        return CityCard(
            name=self._city.name,
            bbox=(box.west, box.south, box.east, box.north),
            zone=self._city.zone.key,
            attribution=self._city.attribution,
            roads=len(self._city.segments),
        )

    @property
    def roads(self) -> Sequence[RoadSegment]:
        """Give the public road segments."""
        return () if self._city is None else self._city.segments

    @property
    def places(self) -> Sequence[Place]:
        """Give the public places, as the operator has corrected them."""
        return () if self._city is None else places_of(self._home, self._city)

    @property
    def declarations(self) -> Mapping[str, Declaration[Any]]:
        """Give what is released here, by name."""
        return self._declarations

    @property
    def metrics(self) -> CollectorRegistry:
        """Give the metrics that are exposed."""
        return self._metrics

    @property
    def open_enrolment(self) -> bool:
        """Tell whether anybody may enrol a device here."""
        return self._settings.server.open_enrolment

    @property
    def origin(self) -> str:
        """Give the address at which people's browsers reach this house."""
        return self._origin

    @property
    def messenger(self) -> MessengerDesk | None:
        """Give the messenger, where there is one."""
        return self._messenger

    def now(self) -> Instant:
        """Tell the instant in the house."""
        return self._clock.now()

    def clock(self) -> HouseClock:
        """Tell the time in the house."""
        replay = self._settings.replay
        speed = 1.0 if replay is None else replay.speed
        return HouseClock(now=iso(self._clock.now()), speed=speed, replay=replay is not None)

    def live(self) -> Released[LiveFlow] | None:
        """Give traffic now."""
        return None if self._live is None else self._live.now()

    def busyness(self) -> Released[CityBusyness] | None:
        """Give how busy places are in an ordinary week."""
        return None if self._busy is None else self._busy.week()

    def first_busyness_at(self) -> Instant | None:
        """Tell when the week of now will be released."""
        return None if self._busy is None else self._busy.first_week_at()

    def live_busyness(self) -> Released[CityLive] | None:
        """Give how busy places are now."""
        return None if self._busy is None else self._busy.now()

    def is_released(self, digest: str) -> bool:
        """Tell whether the ledger knows bytes of this digest as released."""
        if digest not in self._known and self._shelf.known(digest):
            self._known.add(digest)  # nothing is ever taken out of a ledger
        return digest in self._known

    def release_of(self, digest: str) -> str | None:
        """Give the name of the release whose bytes have this digest."""
        return self._shelf.release_of(digest)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Give a map tile, if there is one."""
        return None if self._city is None else self._city.tile(z, x, y)

    def newest_releases(self, limit: int, *, before: str | None) -> Sequence[Stored]:
        """Give releases, newest first."""
        return self._shelf.newest(limit, before=before)

    def stored(self, release: str) -> Stored | None:
        """Give one release."""
        return self._shelf.stored(release)

    def accuracy(self, release: str) -> Released[PredictedAccuracy] | None:
        """Predict how far off a release is."""
        if self._public is None:
            return None
        return accuracy_of(
            release, self._shelf, declarations=self._declarations, roads=self._public
        )

    def desk(self) -> DealDesk:
        """Give the desk where deals are made and ended."""
        return self._deals

    def identities(self) -> Identities:
        """Give the desk where people show who they are. Its clock is the machine's."""
        return self._identities

    def registry(self) -> Registry:
        """Give the list of who may read, and of their clients."""
        return self._deals.registry

    def bulk(
        self, product: str, *, after: str | None, limit: int
    ) -> Sequence[tuple[Stored, Released[pa.Table]]]:
        """Give releases of a product with what was released, oldest first, later than `after`."""
        found: list[tuple[Stored, Released[pa.Table]]] = []
        size_bytes = 0
        for stored in self._shelf.following(product, after=after, limit=limit):
            size_bytes += len(stored.output)
            if found and size_bytes > _BULK_BYTES_MAX:
                break
            found.append((stored, recall(self._shelf, stored.release)))
        return found

    def reads(self) -> Reads:
        """Give the log where reads are written down before they happen."""
        return self._reads

    def reads_head(self) -> ReadsHead:
        """Give the head of that log."""
        head = open_reads_shelf(self._home).head()
        return ReadsHead(seq=head.seq, hash=head.hash)

    def reads_head_at(self, seq: int) -> ReadsHead | None:
        """Give what the head was at entry `seq`, if there is one."""
        head = open_reads_shelf(self._home).head_at(seq)
        return None if head is None else ReadsHead(seq=head.seq, hash=head.hash)

    def own_reads(self, subject: Subject) -> Own[tuple[ReadOfMine, ...]]:
        """Tell one person who read rows of theirs, an hour each, the newest first."""
        theirs = {subject: reads_of(self._home, self._deals, subject)}
        return derive_own(own_entry(theirs, subject), lambda reads: tuple(reads or ()))

    def own_pings(self, subject: Subject) -> Own[pa.Table]:
        """Give what one person gave, for that person alone."""
        return open_record(self._home, self._deals).own(subject)

    def own_use(self, subject: Subject, table: UseTable) -> Own[pa.Table]:
        """Give what was counted of one person in `table`, for that person alone."""
        return open_record(self._home, self._deals).use.own(subject, table)

    def own_refused(self, subject: Subject) -> Own[dict[str, int]]:
        """Give how many of one person's rows were not kept, by reason, since this process began."""
        return self._door.admission.refusals.own(subject)

    def own_roads(self, subject: Subject) -> Own[OwnWeek] | None:
        """Give which roads one person's trips of this week helped."""
        if self._own_roads is None:
            return None
        theirs = open_record(self._home, self._deals).own(subject, stamped=True)
        return self._own_roads.week(theirs, now=self._clock.now())

    def own_visits(self, subject: Subject) -> Own[OwnVisits] | None:
        """Give in which cells one person's visits of this week count: of the days that are over."""
        if self._city is None or self._numbers is None:
            return None
        zone = self._city.zone
        week = Days(days=7).block(day_number(self._clock.now(), zone), zone)
        visits = open_record(self._home, self._deals).visits
        theirs = visits.own(subject, since=week.since, until=week.until)
        counted = partial(own_visits, week=week, numbers=self._numbers, engine=self._engine.run)
        return derive_own(theirs, counted)

    def erase(self, subject: Subject) -> Secret:
        """Take everything back and erase it: the keeper does, soon."""
        claim = Secret(f"gone_{secrets.token_urlsafe(32)}")
        self._deals.erase(SignedIn(subject), METHOD, claim=claim)
        return claim

    def erasure(self, secret: Secret) -> ErasureProgress | None:
        """Tell how far the erasure of this secret is."""
        return self._deals.erasures.progress(secret)

    def is_operator(self, key: str) -> bool:
        """Tell whether `key` is the operator's."""
        return secrets.compare_digest(key.encode(), self._key.encode())

    def health(self) -> Health:
        """Tell whether everything works, and if not, what does not."""
        reasons = []
        if self._city is None:
            reasons.append("there is no city yet: add one with `hubbub city add`, and start anew")
        keeper, age_s = self._keeper(), self._journal.backlog_age_s()
        beat_s = -1.0
        if keeper is None:
            reasons.append("the keeper has not reported yet")
        else:
            beat_s = (SystemClock().now() - keeper.beat_wall) / SECOND
            if beat_s > _BEAT_S_MAX:
                reasons.append(f"the keeper has been silent for {beat_s:.0f} s")
            if keeper.trouble:
                reasons.append(keeper.trouble)
        if age_s > _BACKLOG_S_MAX:
            reasons.append(f"rows have waited {age_s:.0f} s for the store")
        lag_s = {"journal": age_s, "keeper": beat_s}
        if self._live is not None and (published_s := self._live.age_s()) is not None:
            lag_s["published"] = published_s
        return Health(
            status="degraded" if reasons else "ok",
            reasons=reasons,
            lag_s={name: round(value, 3) for name, value in lag_s.items()},
        )

    def _view(self, city: City) -> LiveView:
        declared = live_declaration(self._settings.traffic.live_promise)
        shelf, roads = open_shelf(self._home), Roads(city.segments)
        windows = ReleasedWindows(shelf, declared, roads, zone=city.zone)
        return LiveView(windows, shelf=shelf, clock=self._clock)

    def _open_messenger(self) -> MessengerDesk | None:
        if not has_messenger(self._settings):
            return None
        files = MessengerFiles(self._home.folder)
        return MessengerDesk(files, self._settings, deals=self._deals, origin=self._origin)

    def _open_busyness(self, city: City) -> BusyView | None:
        if self._numbers is None:
            return None
        shelf, places = open_shelf(self._home), places_of(self._home, city)
        return BusyView(shelf, places, self._numbers, zone=city.zone, clock=self._clock)

    def _number_places(self, city: City) -> PlaceNumbers | None:
        try:
            places = places_of(self._home, city)
            return place_numbers(self._home, places, now=self._clock.now())
        except NumbersLost as error:
            log.warning("how busy places are is not told", why=str(error))
            return None

    def _open_own_roads(self) -> OwnRoads | None:
        if self._city is None or self._public is None:
            return None
        declared = live_declaration(self._settings.traffic.live_promise)
        return OwnRoads(self._city, self._public, self._shelf, declared=declared)

    def _keeper(self) -> KeeperStatus | None:
        return read_note(self._home.keeper_status, KeeperStatus)


def _city(home: Home) -> City | None:
    try:
        return current_city(home)
    except BadInput:
        return None
