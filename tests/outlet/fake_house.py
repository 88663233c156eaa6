"""A small house for the outlet's tests: two roads, releases through the real gate, a real deal."""

import asyncio
import gzip
import secrets
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import ibis
import msgspec
import pyarrow as pa
from prometheus_client import CollectorRegistry

from hubbub.crowd.blocks import Windows
from hubbub.crowd.book import Stored
from hubbub.crowd.bounds import OneNorm, Unit, d_q
from hubbub.crowd.declaration import Declaration, Floor
from hubbub.crowd.denoise import PredictedAccuracy, predicted
from hubbub.crowd.gate import Released, postprocess, recall
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G
from hubbub.crowd.measure import TwoCounters
from hubbub.deal.certificate import ErasureProgress
from hubbub.deal.desk import SignedIn
from hubbub.deal.identity import Secret
from hubbub.deal.own import Own, derive_own, own, own_entry
from hubbub.deal.reads import ReadOfMine
from hubbub.outlet.app import outlet_app
from hubbub.outlet.sources import Busy
from hubbub.outlet.wire import CityCard, Health, HouseClock, ReadsHead
from hubbub.products.places.busyness import CityBusyness, CityLive, LiveBusyness, PlaceBusyness
from hubbub.products.places.declarations import HOURS
from hubbub.products.places.own import OwnCell, OwnVisits
from hubbub.products.traffic.flow import LiveFlow, RoadFlow
from hubbub.products.traffic.own import OwnRoad, OwnWeek
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_identity import IdentityStore
from hubbub.record.deal_store_registry import RegistryStore
from hubbub.record.engine import Engine
from hubbub.record.reads_log import ReadsLog
from hubbub.record.reads_shelf import ReadsShelf
from hubbub.record.use_held import HeldUse
from hubbub.record.use_store import UseStore
from hubbub.terms.catalogue import PASSES, PINGS, PINGS_SCHEMA
from hubbub.terms.people import Subject
from hubbub.terms.places import Address, Place, PlaceCategory, PlaceId
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.roads import RoadSegment, SegmentNumber
from hubbub.terms.time import SECOND, Instant, iso
from hubbub.terms.use import UseTable
from outlet.fake_messenger import FakeMessenger

KEYS = ibis.table({"key": "int32", "prior_dm": "int32"}, name="keys")
MORNING = Instant(1_795_500_720 * SECOND)
OPERATOR = "operator-key"

NORTH_ROAD = RoadSegment(
    number=SegmentNumber(0),
    way_id=11,
    forward=True,
    from_frac=0.0,
    to_frac=0.5,
    length_m=120.04,
    limit_kmh=36.0,
    road_class=3,
    name="North road",
    openlr="CxG9LCrJlSuoAgDgAAIrFw==",
    shape_e6=(24_940_000, 60_172_000, 24_942_000, 60_172_000),
)
SOUTH_ROAD = msgspec.structs.replace(
    NORTH_ROAD,
    number=SegmentNumber(1),
    way_id=12,
    name="South road",
    shape_e6=(24_940_000, 60_168_000, 24_942_000, 60_168_000),
)
LIBRARY = Place(
    id=PlaceId("n1"),
    name="Kirjasto Äänekoski",
    other_names=("Library",),
    category=PlaceCategory.CULTURE,
    lat_e6=60_170_000,
    lon_e6=24_940_000,
    address=Address(street="Main Street", house_number="1", postcode="00100", town="Testby"),
    hours_told="Mo-Fr 08:00-20:00; PH off",
)
SLOW = RoadFlow(
    segment=SegmentNumber(0),
    speed_kmh=9.0,
    free_flow_kmh=32.4,
    jam_factor=7.24,
    confidence=0.81,
    age_s=42,
    source="live",
)


BUSY = PlaceBusyness(
    place=LIBRARY.id,
    percent=bytes([0] * 8 + [20, 40, 60, 80, 100, 90, 70, 50, 40, 30, 20, 10] + [0] * 4) * 5
    + bytes(48),
    low=bytes([0] * 8 + [10, 30, 50, 70, 90, 80, 60, 40, 30, 20, 10, 0] + [0] * 4) * 5 + bytes(48),
    high=bytes([0] * 8 + [30, 50, 70, 90, 100, 100, 80, 60, 50, 40, 30, 20] + [0] * 4) * 5
    + bytes(48),
    closed=((True,) * 8 + (False,) * 12 + (True,) * 4) * 5 + (True,) * 48,
    hours="own",
    evidence="blend",
    weeks=4,
    stay_min=(25, 80),
    best=((0, 8, 10), (4, 18, 20)),
    shared_visits_week=41.5,
)
"""A library that is busiest at noon."""


class Keeper:
    """Remembers what was released, as the ledger does."""

    def __init__(self) -> None:
        self.kept: dict[str, Stored] = {}

    def stored(self, release: str) -> Stored | None:
        return self.kept.get(release)

    def keep(
        self,
        release: str,
        *,
        at: Instant = MORNING,
        of: Declaration[Any] | None = None,
    ) -> None:
        declared = LIVE if of is None else of
        sink = pa.BufferOutputStream()
        table = pa.table({"key": pa.array([0], pa.int32()), "up": [3 * G], "down": [G]})
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        output = bytes(sink.getvalue())
        digest = sha256(output).hexdigest()
        self.kept[release] = Stored(
            seq=len(self.kept),
            release=release,
            product=declared.name,
            block=f"window {len(self.kept)}",
            promise=declared.promise().words,
            digest=digest,
            output=output,
            released_at=at,
        )


class House:
    """What the shell would hand to the outlet."""

    def __init__(self, folder: Path) -> None:
        self.city: CityCard | None = CityCard(
            name="Testby",
            bbox=(24.935, 60.164, 24.953, 60.179),
            zone="Europe/Helsinki",
            attribution="Map data (c) OpenStreetMap contributors",
            roads=2,
        )
        self.roads: Sequence[RoadSegment] = (NORTH_ROAD, SOUTH_ROAD)
        self.places: Sequence[Place] = (LIBRARY,)
        self.metrics = CollectorRegistry()
        self.open_enrolment = True
        self.at = MORNING
        self.busy = False
        self.refused: dict[Subject, dict[str, int]] = {}
        self.origin = "http://hubbub.test"
        self.declarations: Mapping[str, Declaration[Any]] = {
            each.name: each for each in (LIVE, HOURS)
        }
        self.keeper = Keeper()
        self.released: Released[LiveFlow] | None = None
        self.busy_week: Released[CityBusyness] | None = None
        self.busy_now: Released[CityLive] | None = None
        self.tiles: dict[tuple[int, int, int], bytes] = {(14, 9326, 4742): gzip.compress(b"mvt")}
        self.folder = folder
        self.given: list[dict[str, int]] = []
        self.read_of: dict[Subject, list[ReadOfMine]] = {}
        self.status = Health(status="ok", reasons=[], lag_s={"published": 31.0})

    @cached_property
    def deals(self) -> DealStore:
        return DealStore(self.folder / "deal.sqlite", self)

    @cached_property
    def messenger(self) -> FakeMessenger | None:
        return FakeMessenger(lambda: self.deals, self, origin=self.origin)

    def now(self) -> Instant:
        return self.at

    def clock(self) -> HouseClock:
        return HouseClock(now=iso(MORNING), speed=30, replay=True)

    def live(self) -> Released[LiveFlow] | None:
        return self.released

    def publish(self, *roads: RoadFlow, at: Instant = MORNING) -> None:
        """Publish traffic that derives from a release in the book."""
        self.keeper.keep("first")
        raw = recall(self.keeper, "first")
        self.released = postprocess(lambda _table: LiveFlow(at=at, roads=roads), raw)

    def tell_weeks(self, *places: PlaceBusyness, weeks: int = 4) -> None:
        """Publish typical weeks that derive from a release in the book."""
        self.keeper.keep("week", of=HOURS)
        told = MappingProxyType({each.place: each for each in places})
        city = CityBusyness(at=MORNING, weeks=weeks, places=told)
        self.busy_week = postprocess(lambda _table: city, recall(self.keeper, "week"))

    def tell_now(self, **places: LiveBusyness) -> None:
        """Publish how busy places are now, from a release in the book."""
        self.keeper.keep("minutes", of=HOURS)
        told = MappingProxyType({PlaceId(place): each for place, each in places.items()})
        city = CityLive(at=MORNING, places=told)
        self.busy_now = postprocess(lambda _table: city, recall(self.keeper, "minutes"))

    def busyness(self) -> Released[CityBusyness] | None:
        return self.busy_week

    def live_busyness(self) -> Released[CityLive] | None:
        return self.busy_now

    def first_busyness_at(self) -> Instant | None:
        return None if self.city is None else Instant(MORNING + 6 * 86_400 * SECOND)

    def release_of(self, digest: str) -> str | None:
        kept = self.keeper.kept.values()
        return next((each.release for each in kept if each.digest == digest), None)

    def is_released(self, digest: str) -> bool:
        return any(stored.digest == digest for stored in self.keeper.kept.values())

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        return self.tiles.get((z, x, y))

    def newest_releases(self, limit: int, *, before: str | None) -> Sequence[Stored]:
        newest = list(reversed(self.keeper.kept.values()))
        names = [stored.release for stored in newest]
        start = names.index(before) + 1 if before in names else 0
        return newest[start : start + limit]

    def stored(self, release: str) -> Stored | None:
        return self.keeper.stored(release)

    def accuracy(self, release: str) -> Released[PredictedAccuracy] | None:
        if "traffic.live" not in self.declarations:
            return None
        keys = PublicKeys(pa.table({"key": pa.array([0], pa.int32())}))
        return postprocess(partial(predicted, LIVE, keys), recall(self.keeper, release))

    def desk(self) -> DealStore:
        return self.deals

    def identities(self) -> IdentityStore:
        return self.deals.identities(self)

    def registry(self) -> RegistryStore:
        return self.deals.registry

    def bulk(
        self, product: str, *, after: str | None, limit: int
    ) -> Sequence[tuple[Stored, Released[pa.Table]]]:
        kept = [each for each in self.keeper.kept.values() if each.product == product]
        start = [each.release for each in kept].index(after) + 1 if after else 0
        return [(each, recall(self.keeper, each.release)) for each in kept[start : start + limit]]

    @cached_property
    def log(self) -> ReadsLog:
        return ReadsLog(
            self.folder / "reads.sqlite", witness=self.folder / "reads.head", clock=self
        )

    @property
    def reads_shelf(self) -> ReadsShelf:
        return ReadsShelf(self.folder / "reads.sqlite", witness=self.folder / "reads.head")

    def reads(self) -> ReadsLog:
        return self.log

    def reads_head(self) -> ReadsHead:
        head = self.reads_shelf.head()
        return ReadsHead(seq=head.seq, hash=head.hash)

    def reads_head_at(self, seq: int) -> ReadsHead | None:
        head = self.reads_shelf.head_at(seq)
        return None if head is None else ReadsHead(seq=head.seq, hash=head.hash)

    def own_reads(self, subject: Subject) -> Own[tuple[ReadOfMine, ...]]:
        return derive_own(own_entry(self.read_of, subject), lambda reads: tuple(reads or ()))

    @cached_property
    def use(self) -> UseStore:
        return UseStore(self.folder / "use.sqlite", erased=self.deals.erasures.subjects)

    @cached_property
    def _use(self) -> HeldUse:
        return HeldUse(self.use, engine=Engine())

    def own_pings(self, subject: Subject) -> Own[pa.Table]:
        theirs = [row for row in self.given if row["subject"] == subject]
        kept = pa.Table.from_pylist(theirs, pa.schema([*PINGS_SCHEMA.items()]))
        return own(PINGS, subject, engine=lambda _asked: kept)

    def own_use(self, subject: Subject, table: UseTable) -> Own[pa.Table]:
        return self._use.own(subject, table)

    def own_refused(self, subject: Subject) -> Own[dict[str, int]]:
        return derive_own(own_entry(self.refused, subject), lambda rows: rows or {})

    def own_roads(self, subject: Subject) -> Own[OwnWeek] | None:
        if self.busy:
            raise Busy
        return derive_own(self.own_pings(subject), self._week)

    def _week(self, theirs: pa.Table) -> OwnWeek:
        helped = (OwnRoad(SegmentNumber(1), 2, 1),) if theirs.num_rows else ()
        return OwnWeek(passes=2 * theirs.num_rows, roads=len(helped), helped=helped)

    def own_visits(self, subject: Subject) -> Own[OwnVisits] | None:
        if self.city is None:
            return None
        return derive_own(self.own_pings(subject), self._visits)

    def _visits(self, theirs: pa.Table) -> OwnVisits:
        cells = (OwnCell(LIBRARY.id, 0, 12, 2), OwnCell(PlaceId("n404"), 1, 7, 1))
        return OwnVisits(visits=3 * theirs.num_rows, cells=cells if theirs.num_rows else ())

    def erase(self, subject: Subject) -> Secret:
        claim = Secret(f"gone_{secrets.token_hex(8)}")
        self.deals.erase(SignedIn(subject), "test", claim=claim)
        return claim

    def erasure(self, secret: Secret) -> ErasureProgress | None:
        return self.deals.erasures.progress(secret)

    def is_operator(self, key: str) -> bool:
        return key == OPERATOR

    def health(self) -> Health:
        return self.status


class Caller:
    """Asks the outlet of a house, in this process."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._app = outlet_app(house)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hubbub.test") as client:
            return await client.request(method, path, **options)


def live_declaration() -> Declaration[LiveTraffic]:
    """Declare something that is released a passage at a time."""
    joined = PASSES.join(KEYS, PASSES.segment == KEYS.key)
    d = d_q(joined.distance_dm, prior=joined.prior_dm, reach=joined.prior_dm)
    return Declaration(
        name="traffic.live",
        purpose=LiveTraffic,
        question=joined.select("subject", "at", "key", d_q=d),
        keys=KEYS,
        key_word="road",
        unit=Unit.PASSAGE,
        measure=TwoCounters(value="speed", prior="the usual speed", reach="as much again"),
        bound=OneNorm(),
        noise=DiscreteLaplace(scale=G // 4),
        epsilon=4,
        delta=0,
        blocks=Windows(),
        floor=Floor(people=3, luck=0.05),
    )


LIVE = live_declaration()
