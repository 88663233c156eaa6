"""What the outlet says, as it goes over the wire: every answer and body has its type here.

Names within `Flow` are those of HERE's Traffic API v7 (camel case, metres a second), so that its
clients can read ours; `age`, `source` and `segment` are our extensions. Everywhere else names carry
their units.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hubbub.crowd.denoise import CounterError, Method
from hubbub.crowd.promise import MeanError
from hubbub.deal.desk import AgeBand
from hubbub.products.traffic.flow import Source
from hubbub.terms.purposes import OWN, Category, RecipientKey

type Fraction = Annotated[float, Meta(ge=0, le=1)]


class HereShape(msgspec.Struct, frozen=True, rename="camel"):
    """A line, as HERE writes one."""

    links: list["HereLink"]


class HereLink(msgspec.Struct, frozen=True, rename="camel"):
    """One piece of a line."""

    points: list["HerePoint"]
    length: float


class HerePoint(msgspec.Struct, frozen=True):
    """One point of a line, in degrees."""

    lat: float
    lng: float


class HereLocation(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Which road: its name, its length in metres, and the references that were asked for."""

    description: str
    length: float
    olr: str = ""
    shape: HereShape | None = None


class HereFlow(msgspec.Struct, frozen=True, rename="camel"):
    """How traffic flows there. Speeds are metres a second."""

    speed: float  # not above what one may drive
    speed_uncapped: float
    free_flow: float
    jam_factor: Annotated[float, Meta(ge=0, le=10)]
    confidence: Fraction
    traversability: Literal["open", "closed"]
    age: int | None  # seconds since the newest measurement in it; null where nothing was measured
    source: Source


class HereResult(msgspec.Struct, frozen=True, rename="camel"):
    """One road segment in one direction."""

    location: HereLocation
    current_flow: HereFlow
    segment: int  # its number in /v1/traffic/segments


class Hides(msgspec.Struct, frozen=True):
    """What a promise hides: it stands beside every answer that is made under it."""

    unit: str  # one account's day, or one passage
    weaker: bool  # than the person-day promise, which is the default


class Flow(msgspec.Struct, frozen=True, rename="camel"):
    """Traffic now, in the shape of HERE's Traffic API v7."""

    source_updated: str | None
    hides: Hides
    results: list[HereResult]


class LiveMap(msgspec.Struct, frozen=True):
    """Traffic now, for the map: parallel columns, with one place for each road that is not free.

    A road that is missing here has no released measurement: it is drawn at its free flow.
    """

    at: str | None  # when this was published, on the house's clock
    hides: Hides
    segment: list[int]
    speed_kmh: list[int]
    free_flow_kmh: list[int]
    jam: list[int]  # tenths of a jam factor: 0 free .. 100 standing
    confidence: list[int]  # per cent
    age_s: list[int]  # -1: nothing was measured lately
    live: list[int]  # 1 live, 0 usual for this hour


class Segment(msgspec.Struct, frozen=True):
    """A stretch of road in one direction. Public: it says nothing about people."""

    number: int
    key: str
    name: str
    length_m: float
    limit_kmh: float
    road_class: int
    way_id: int
    forward: bool
    from_frac: Fraction
    to_frac: Fraction
    openlr: str
    shape_e6: tuple[int, ...]


class Segments(msgspec.Struct, frozen=True):
    """Every road segment of the city."""

    segments: list[Segment]


class Promise(msgspec.Struct, frozen=True):
    """What a release promises to each person whose rows went into it, and how exact it can be."""

    name: str
    unit: str  # whose presence is hidden: one account's day, or one passage
    epsilon: float
    delta: float
    weaker: bool  # than the person-day promise, which is the default
    guess_percent_max: float  # what a 50 % guess about one unit can become
    block: str  # what is noised once
    words: str
    accuracy: str  # how exact it can be, in words
    noise_people: float  # standard deviation of a count, by the noise alone
    noise_people_95: float  # 95 of 100 counts are off by no more
    means: list[MeanError]  # how far noise moves a mean of 10, 30, 100 people; empty: no mean
    floor_people: int  # a road is shown from about so many people on, on the noisy count


class ReleaseCard(msgspec.Struct, frozen=True):
    """One release: what it was, what it promised, and how far its numbers can be off."""

    id: str
    name: str
    block: str
    at: str
    sha256: str  # of the bytes that were released
    words: str  # the promise as it stood then
    promise: Promise | None  # the promise in force, if it is still the same


class Accuracy(msgspec.Struct, frozen=True):
    """How far off one release is, predicted from its own numbers: root of the mean square a cell.

    `noise` is how far off it was drawn, `error` how far off it is as `denoiser` tells it, and
    `error_95` what it does not exceed in 95 of 100 releases.
    """

    unit: Literal["people"]
    denoiser: Method
    counters: list[CounterError]


class OneRelease(ReleaseCard, frozen=True):
    """One release in full."""

    accuracy: Accuracy | None  # null where its keys or its promise are no longer those in force


class Releases(msgspec.Struct, frozen=True):
    """Releases, newest first."""

    releases: list[ReleaseCard]
    before: str | None  # give this as ?before= for older ones; null at the end


class BulkRelease(msgspec.Struct, frozen=True):
    """One release with its numbers: a line of the answer in bulk."""

    id: str
    block: str
    at: str
    sha256: str  # of the bytes that were released
    words: str  # the promise that it was made under
    grid: int  # the counters are in so many parts of one person's voice
    columns: dict[str, list[int]]


class ReadsHead(msgspec.Struct, frozen=True):
    """The last entry of the log of reads: whoever noted one can tell later whether it was kept."""

    seq: int
    hash: str


class CityCard(msgspec.Struct, frozen=True):
    """The city on the map."""

    name: str
    bbox: tuple[float, float, float, float]  # west, south, east, north
    zone: str  # of its clocks
    attribution: str
    roads: int


class HouseClock(msgspec.Struct, frozen=True):
    """What time it is in the house, and how fast its clock runs: 1 in real life."""

    now: str
    speed: float
    replay: bool


class About(msgspec.Struct, frozen=True):
    """What is served here, and under which promises."""

    city: CityCard | None
    clock: HouseClock
    promises: list[Promise]
    enrolment: Literal["open", "operator"]


class CellChosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One switch: what is shared, what for, and with whom."""

    category: Category
    purpose: str
    recipient: RecipientKey = OWN.key


class Choose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Share from now on for nothing but what is named.

    A purpose alone stands for its one switch of the own service.
    """

    purposes: Annotated[list[str], Meta(max_length=16)] = []
    cells: Annotated[list[CellChosen], Meta(max_length=448)] = []
    age_band: AgeBand | None = None  # without it: as it was; of a new device, an adult's


class Enrol(Choose, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Share from one device: for nothing but what is named."""

    device: Annotated[str, Meta(min_length=1, max_length=64)]


class SetUp(msgspec.Struct, frozen=True):
    """One way to make a phone send: a link to open on it, or the fields to type."""

    app: str
    link: str  # empty where the app has none
    qr_svg: str  # the same link as a picture, where ?qr=yes asked for it
    steps: list[str]


class Enrolled(msgspec.Struct, frozen=True):
    """A device shares from now on. The token is shown this once and kept by nobody else."""

    token: str
    receipt: msgspec.Raw
    set_up: list[SetUp]


class Health(msgspec.Struct, frozen=True):
    """Whether the house works; if degraded, why, in words for the operator."""

    status: Literal["ok", "degraded"]
    reasons: list[str]
    lag_s: dict[str, float]  # ack to queryable, to published
