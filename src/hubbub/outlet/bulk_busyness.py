"""How busy all places are, in one piece: for a map as GeoJSON, for a table as Parquet.

The same rules hold as for releases in bulk (`fetching`).
"""

import gzip
import io
from collections.abc import Sequence
from http import HTTPStatus
from itertools import chain
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet.busyness import BusyPlaces
from hubbub.outlet.fetching import REFUSALS, Fetchers
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.pages import is_known, packed, tag, unchanged
from hubbub.outlet.problems import NotFound
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import Hides
from hubbub.outlet.wire_places import GeoPoint
from hubbub.products.places.busyness import WEEK_HOURS, CityBusyness, PlaceBusyness
from hubbub.products.places.search import PlaceBook
from hubbub.terms.places import Place, PlaceCategory
from hubbub.terms.time import iso

PRODUCT: Final = "places.hours"
"""What a client has to be registered for: of the releases that a week is made of, the largest."""
GEOJSON: Final = "application/geo+json"
PARQUET: Final = "application/vnd.apache.parquet"

_FRESH: Final = {"cache-control": "no-cache"}
type _Told = list[tuple[Place, PlaceBusyness]]


class BusyProperties(msgspec.Struct, frozen=True):
    """What the feature of a place tells: each list has the 168 hours of a week, from Monday on."""

    name: str
    category: PlaceCategory
    percent: list[int]  # of the place's own peak hour; 0 where it is closed
    low: list[int]
    high: list[int]
    closed: list[bool]
    hours: str
    evidence: str
    weeks: int
    stay_minutes: tuple[int, int]


class BusyFeature(msgspec.Struct, frozen=True):
    """A place as a feature of GeoJSON."""

    id: str
    geometry: GeoPoint
    properties: BusyProperties
    type: str = "Feature"


class BusyFeatures(msgspec.Struct, frozen=True):
    """How busy all places of the city are, as GeoJSON (RFC 7946)."""

    at: str  # the end of the newest week in it
    hides: Hides
    attribution: str
    features: list[BusyFeature]
    type: str = "FeatureCollection"


class BusyBulkOutlet:
    """Hands out the busyness of all places at once."""

    def __init__(
        self, sources: Sources, *, book: PlaceBook, busy: BusyPlaces, fetchers: Fetchers
    ) -> None:
        self._sources, self._book, self._busy, self._fetchers = sources, book, busy, fetchers
        self._attribution = "" if sources.city is None else sources.city.attribution
        self._made: tuple[CityBusyness | None, dict[str, bytes]] = (None, {})

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        told = (
            ("geojson", GEOJSON, BusyFeatures, "A feature a place, with its week."),
            ("parquet", PARQUET, None, "A row a place and hour of the week."),
        )
        return tuple(
            Operation(
                method="GET",
                path=f"/v1/bulk/busyness.{kind}",
                resource=Resource.RELEASES,
                action="read",
                summary=f"How busy all places are. {what}",
                perform=self.geojson if kind == "geojson" else self.parquet,
                answer=answer,
                media=media,
                problems=(HTTPStatus.NOT_FOUND, *REFUSALS),
                waits=True,
            )
            for kind, media, answer, what in told
        )

    def geojson(self, asked: Asked) -> Response:
        """Answer with features."""
        return self._handed_out(asked, GEOJSON)

    def parquet(self, asked: Asked) -> Response:
        """Answer with a table."""
        return self._handed_out(asked, PARQUET)

    def _handed_out(self, asked: Asked, media: str) -> Response:
        reader = self._fetchers.reader(self._fetchers.client(asked.request), PRODUCT)
        busy = self._busy.taken_out()
        if (city := busy.week) is None:
            raise NotFound("a released week of how busy places are")
        self._fetchers.note(reader, [city.at])
        body = self._body(city, busy.hides, media)
        headers = _FRESH | {"etag": tag(body)}
        if is_known(asked.request, headers["etag"]):
            return unchanged(headers)
        return packed(body, asked.request, headers, media=media)

    def _body(self, city: CityBusyness, hidden: Hides, media: str) -> bytes:
        """Write it once: it is the same until a newer week is out."""
        if self._made[0] is not city:
            self._made = (city, {})
        kept = self._made[1]
        if media not in kept:
            known = (place for place in self._book.all if place.id in city.places)
            told = [(place, city.places[place.id]) for place in known]
            write = self._features if media == GEOJSON else self._table
            plain = write(city, hidden, told)
            kept[media] = gzip.compress(plain, compresslevel=6, mtime=0)
        return kept[media]

    def _features(self, city: CityBusyness, hidden: Hides, told: _Told) -> bytes:
        features = [_feature(place, week) for place, week in told]
        return msgspec.json.encode(BusyFeatures(iso(city.at), hidden, self._attribution, features))

    def _table(self, city: CityBusyness, hidden: Hides, told: _Told) -> bytes:
        beside = {
            "at": iso(city.at),
            "attribution": self._attribution,
            "hides": msgspec.json.encode(hidden).decode(),
        }
        sink = io.BytesIO()
        pq.write_table(_rows(told).replace_schema_metadata(beside), sink, compression="zstd")
        return sink.getvalue()


def _feature(place: Place, week: PlaceBusyness) -> BusyFeature:
    properties = BusyProperties(
        name=place.name,
        category=place.category,
        percent=list(week.percent),
        low=list(week.low),
        high=list(week.high),
        closed=list(week.closed),
        hours=week.hours,
        evidence=week.evidence,
        weeks=week.weeks,
        stay_minutes=week.stay_min,
    )
    return BusyFeature(place.id, GeoPoint((place.lon_e6 / 1e6, place.lat_e6 / 1e6)), properties)


def _rows(told: _Told) -> pa.Table:
    hours = list(range(24)) * 7
    weekdays = [hour // 24 for hour in range(WEEK_HOURS)]
    return pa.table(
        {
            "place": _each_hour([place.id for place, _ in told]),
            "name": _each_hour([place.name for place, _ in told]),
            "category": _each_hour([str(place.category) for place, _ in told]),
            "lat": _each_hour([place.lat_e6 / 1e6 for place, _ in told]),
            "lon": _each_hour([place.lon_e6 / 1e6 for place, _ in told]),
            "weekday": pa.array(weekdays * len(told), pa.int8()),  # Monday is 0
            "hour": pa.array(hours * len(told), pa.int8()),
            "percent": _numbers(b"".join(week.percent for _, week in told)),
            "low": _numbers(b"".join(week.low for _, week in told)),
            "high": _numbers(b"".join(week.high for _, week in told)),
            "closed": pa.array(
                list(chain.from_iterable(week.closed for _, week in told)), pa.bool_()
            ),
            "evidence": _each_hour([week.evidence for _, week in told]),
            "weeks": pa.array(
                [week.weeks for _, week in told for _ in range(WEEK_HOURS)], pa.int8()
            ),
            "stay_low_min": _each_hour([week.stay_min[0] for _, week in told]),
            "stay_high_min": _each_hour([week.stay_min[1] for _, week in told]),
        }
    )


def _each_hour(values: Sequence[str] | Sequence[float]) -> pa.Array:
    indices = pa.array(
        [place for place in range(len(values)) for _ in range(WEEK_HOURS)], pa.int32()
    )
    return pa.array(values).take(indices)


def _numbers(percents: bytes) -> pa.Array:
    return pa.array(list(percents), pa.int8())
