"""Traffic as it leaves: for the map, and in the shape of HERE's Traffic API v7."""

import gzip
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet.boxes import Box, read_box
from hubbub.outlet.leaving import LastLook
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.pages import is_known, packed, tag, unchanged
from hubbub.outlet.problems import BadParameter, NotFound
from hubbub.outlet.promises import hides
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import (
    Flow,
    HereFlow,
    HereLink,
    HereLocation,
    HerePoint,
    HereResult,
    HereShape,
    Hides,
    LiveMap,
    Segment,
    Segments,
)
from hubbub.products.traffic.flow import LiveFlow, RoadFlow
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.roads import RoadSegment
from hubbub.terms.time import iso

KMH_PER_MPS: Final = 3.6
CONFIDENCE_OF_LIMIT: Final = 0.3
"""As HERE reads it: up to 0.5 a speed is the road's own limit, and nothing was measured."""

NUMBERS_MAX: Final = 200
_NUMBER: Final = re.compile(r"[0-9]{1,9}")

_NO_STORE: Final = {"cache-control": "no-cache"}
_PUBLIC: Final = {"cache-control": "public, max-age=300"}
_REFERENCES: Final = ("olr", "shape", "none")


class TrafficOutlet:
    """Answers what is asked about traffic."""

    def __init__(self, sources: Sources, *, last_look: LastLook) -> None:
        self._sources = sources
        self._last_look = last_look
        self._roads = tuple(sources.roads)
        self._boxes = [_box_of(road) for road in self._roads]
        self._segments = _pack(Segments([_segment(road) for road in self._roads]))
        self._segments_tag = tag(self._segments)
        declared = sources.declarations.values()
        (self._hides,) = (hides(live) for live in declared if live.purpose is LiveTraffic)
        self._drawn: tuple[LiveFlow | None, bytes, str] = (None, *_drawn(None, self._hides))

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/traffic/flow",
                resource=Resource.TRAFFIC,
                action="read",
                summary="Traffic now, in the shape of HERE's Traffic API v7.",
                perform=self.flow,
                answer=Flow,
                parameters=_FLOW_PARAMETERS,
                problems=(HTTPStatus.BAD_REQUEST,),
            ),
            Operation(
                method="GET",
                path="/v1/traffic/live.json",
                resource=Resource.TRAFFIC,
                action="read",
                summary="Traffic now as the map draws it: small, tagged, made to be polled.",
                perform=self.live_map,
                answer=LiveMap,
            ),
            Operation(
                method="GET",
                path="/v1/traffic/segments",
                resource=Resource.MAP,
                action="read",
                summary="The road segments of the city: public, the same for everybody.",
                perform=self.segments,
                answer=Segments,
                parameters=_SEGMENTS_PARAMETERS,
                problems=(HTTPStatus.BAD_REQUEST,),
            ),
            Operation(
                method="GET",
                path="/tiles/{z:int}/{x:int}/{y:int}.mvt",
                resource=Resource.MAP,
                action="read",
                summary="A tile of the map (Mapbox Vector Tile).",
                perform=self.tile,
                media="application/vnd.mapbox-vector-tile",
                parameters=tuple(
                    Parameter(
                        name=name,
                        meaning=f"The tile's {name}.",
                        example=example,
                        within="path",
                        schema={"type": "integer", "minimum": 0},
                    )
                    for name, example in (("z", "14"), ("x", "9326"), ("y", "4742"))
                ),
                problems=(HTTPStatus.NOT_FOUND,),
            ),
        )

    def flow(self, asked: Asked) -> Response:
        """Answer with every road that touches the box."""
        box, references = _box_asked(asked), _references_asked(asked)
        flow = self._flow()
        known = {} if flow is None else {road.segment: road for road in flow.roads}
        results = [
            _result(road, known.get(road.number), references)
            for road, around in zip(self._roads, self._boxes, strict=True)
            if box is None or box.touches(around)
        ]
        answer = Flow(
            source_updated=None if flow is None else iso(flow.at),
            hides=self._hides,
            results=results,
        )
        return packed(_pack(answer), asked.request, _NO_STORE, media="application/json")

    def live_map(self, asked: Asked) -> Response:
        """Answer with the picture, or with the news that it is the one the client has."""
        flow = self._flow()
        if flow is not self._drawn[0]:
            self._drawn = (flow, *_drawn(flow, self._hides))
        _, body, entity_tag = self._drawn
        headers = _NO_STORE | {"etag": entity_tag}
        if is_known(asked.request, entity_tag):
            return unchanged(headers)
        return packed(body, asked.request, headers, media="application/json")

    def segments(self, asked: Asked) -> Response:
        """Answer with all roads, or with those that were asked for."""
        numbers = _numbers_asked(asked)
        if numbers is not None:
            some = [_segment(self._roads[n]) for n in numbers if n < len(self._roads)]
            return packed(_pack(Segments(some)), asked.request, _PUBLIC, media="application/json")
        headers = _PUBLIC | {"etag": self._segments_tag}
        if is_known(asked.request, self._segments_tag):
            return unchanged(headers)
        return packed(self._segments, asked.request, headers, media="application/json")

    def tile(self, asked: Asked) -> Response:
        """Answer with a tile, or with nothing where the map is empty."""
        place = asked.request.path_params
        z, x, y = (int(place[name]) for name in "zxy")
        if z > 30 or x >= 1 << z or y >= 1 << z:
            raise NotFound("that tile")
        body = self._sources.tile(z, x, y)
        if body is None:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=_PUBLIC)
        headers = _PUBLIC | {"etag": tag(body)}
        if is_known(asked.request, headers["etag"]):
            return unchanged(headers)
        return packed(body, asked.request, headers, media="application/vnd.mapbox-vector-tile")

    def _flow(self) -> LiveFlow | None:
        released = self._sources.live()
        return None if released is None else self._last_look.take_out(released)


_FLOW_PARAMETERS: Final = (
    Parameter(
        name="bbox",
        meaning="west,south,east,north in degrees; without it, the whole city.",
        example="24.93,60.16,24.96,60.18",
    ),
    Parameter(
        name="in",
        meaning="The same as HERE writes it.",
        example="bbox:24.93,60.16,24.96,60.18",
    ),
    Parameter(
        name="locationReferencing",
        meaning="Any of olr (OpenLR, the default), shape, none; with commas.",
        example="olr,shape",
    ),
)

_SEGMENTS_PARAMETERS: Final = (
    Parameter(
        name="numbers",
        meaning=f"Only these segments, with commas, {NUMBERS_MAX} at most; without it, all.",
        example="17,42",
    ),
)


def _numbers_asked(asked: Asked) -> list[int] | None:
    given = asked.query("numbers")
    if given is None:
        return None
    numbers = given.split(",")
    if len(numbers) > NUMBERS_MAX or not all(map(_NUMBER.fullmatch, numbers)):
        raise BadParameter("numbers", expected=f"at most {NUMBERS_MAX} numbers, with commas")
    return [int(number) for number in numbers]


def _box_asked(asked: Asked) -> Box | None:
    bbox, within = asked.query("bbox"), asked.query("in")
    if bbox is not None and within is not None:
        raise BadParameter("in", expected="either bbox or in, not both")
    if within is not None:
        kind, _, bbox = within.partition(":")
        if kind != "bbox":
            raise BadParameter("in", expected="bbox:west,south,east,north")
    if bbox is None:
        return None
    return read_box("bbox" if within is None else "in", bbox)


def _references_asked(asked: Asked) -> frozenset[str]:
    given = asked.query("locationReferencing")
    references = frozenset(("olr",) if given is None else given.split(","))
    if not references <= frozenset(_REFERENCES):
        raise BadParameter("locationReferencing", expected=", ".join(_REFERENCES))
    return references


def _result(road: RoadSegment, flow: RoadFlow | None, references: frozenset[str]) -> HereResult:
    location = HereLocation(
        description=road.name,
        length=round(road.length_m, 1),
        olr=road.openlr if "olr" in references else "",
        shape=_shape(road) if "shape" in references else None,
    )
    return HereResult(location=location, current_flow=_current(road, flow), segment=road.number)


def _current(road: RoadSegment, flow: RoadFlow | None) -> HereFlow:
    if flow is None:
        free = _mps(road.limit_kmh)
        return HereFlow(
            speed=free,
            speed_uncapped=free,
            free_flow=free,
            jam_factor=0.0,
            confidence=CONFIDENCE_OF_LIMIT,
            traversability="open",
            age=None,
            source="free-flow",
        )
    return HereFlow(
        speed=_mps(min(flow.speed_kmh, road.limit_kmh)),
        speed_uncapped=_mps(flow.speed_kmh),
        free_flow=_mps(flow.free_flow_kmh),
        jam_factor=round(flow.jam_factor, 1),
        confidence=round(flow.confidence, 2),
        traversability="open",
        age=flow.age_s,
        source=flow.source,
    )


def _drawn(flow: LiveFlow | None, hidden: Hides) -> tuple[bytes, str]:
    roads: Sequence[RoadFlow] = (
        () if flow is None else [road for road in flow.roads if road.source != "free-flow"]
    )
    picture = LiveMap(
        at=None if flow is None else iso(flow.at),
        hides=hidden,
        segment=[road.segment for road in roads],
        speed_kmh=[round(road.speed_kmh) for road in roads],
        free_flow_kmh=[round(road.free_flow_kmh) for road in roads],
        jam=[round(road.jam_factor * 10) for road in roads],
        confidence=[round(road.confidence * 100) for road in roads],
        age_s=[-1 if road.age_s is None else road.age_s for road in roads],
        live=[int(road.source == "live") for road in roads],
    )
    body = _pack(picture)
    return body, tag(body)


def _segment(road: RoadSegment) -> Segment:
    return Segment(
        number=road.number,
        key=road.key,
        name=road.name,
        length_m=round(road.length_m, 1),
        limit_kmh=road.limit_kmh,
        road_class=road.road_class,
        way_id=road.way_id,
        forward=road.forward,
        from_frac=road.from_frac,
        to_frac=road.to_frac,
        openlr=road.openlr,
        shape_e6=road.shape_e6,
    )


def _shape(road: RoadSegment) -> HereShape:
    lons, lats = road.shape_e6[::2], road.shape_e6[1::2]
    points = [HerePoint(lat=lat / 1e6, lng=lon / 1e6) for lon, lat in zip(lons, lats, strict=True)]
    return HereShape(links=[HereLink(points=points, length=round(road.length_m, 1))])


def _box_of(road: RoadSegment) -> Box:
    lons, lats = road.shape_e6[::2], road.shape_e6[1::2]
    return Box(min(lons) / 1e6, min(lats) / 1e6, max(lons) / 1e6, max(lats) / 1e6)


def _mps(kmh: float) -> float:
    return round(kmh / KMH_PER_MPS, 2)


def _pack(answer: msgspec.Struct) -> bytes:
    return gzip.compress(msgspec.json.encode(answer), compresslevel=6, mtime=0)
