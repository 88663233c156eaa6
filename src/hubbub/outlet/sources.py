"""What the outlet is handed: everything it shows comes from here, and the shell makes one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa
from prometheus_client import CollectorRegistry

from hubbub.crowd.book import Stored
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.denoise import PredictedAccuracy
from hubbub.crowd.gate import Released
from hubbub.deal.certificate import ErasureProgress
from hubbub.deal.desk import DealDesk
from hubbub.deal.identity import Identities, Secret
from hubbub.deal.messenger import Messenger
from hubbub.deal.own import Own
from hubbub.deal.reads import ReadOfMine, Reads
from hubbub.deal.recipients import Registry
from hubbub.outlet.wire import CityCard, Health, HouseClock, ReadsHead
from hubbub.products.places.busyness import CityBusyness, CityLive
from hubbub.products.places.own import OwnVisits
from hubbub.products.traffic.flow import LiveFlow
from hubbub.products.traffic.own import OwnWeek
from hubbub.terms.errors import HubbubError
from hubbub.terms.people import Subject
from hubbub.terms.places import Place
from hubbub.terms.roads import RoadSegment
from hubbub.terms.time import Instant
from hubbub.terms.use import UseTable


class Busy(HubbubError):
    """Others are being answered, and this takes a while. Ask again in a moment."""

    def __init__(self) -> None:
        super().__init__("this takes a while, and others asked first; ask again in a moment")


class Sources(Protocol):
    """The house, as far as the outlet may see it: a row about a person is that person's `Own`."""

    @property
    def city(self) -> CityCard | None:
        """Give the city on the map. None: no city was added yet."""
        ...

    @property
    def roads(self) -> Sequence[RoadSegment]:
        """Give the public road segments; `roads[n].number == n`."""
        ...

    @property
    def places(self) -> Sequence[Place]:
        """Give the public places, as the operator has corrected them."""
        ...

    @property
    def declarations(self) -> Mapping[str, Declaration[Any]]:
        """Give what is released here, and under which promise, by name."""
        ...

    @property
    def metrics(self) -> CollectorRegistry:
        """Give the metrics that are exposed."""
        ...

    @property
    def open_enrolment(self) -> bool:
        """Tell whether anybody may enrol a device here."""
        ...

    @property
    def origin(self) -> str:
        """Give the address at which people's browsers reach this house; passkeys are of it."""
        ...

    @property
    def messenger(self) -> Messenger | None:
        """Give the messenger. None: this house has none."""
        ...

    def now(self) -> Instant:
        """Tell the instant in the house: in a replay, the recording's."""
        ...

    def clock(self) -> HouseClock:
        """Tell the time in the house."""
        ...

    def live(self) -> Released[LiveFlow] | None:
        """Give traffic now: the same object until there is a newer one, None before the first."""
        ...

    def busyness(self) -> Released[CityBusyness] | None:
        """Give how busy places are in an ordinary week: the same object until there is a newer one.

        None before the first week.
        """
        ...

    def first_busyness_at(self) -> Instant | None:
        """Tell when the first week will be released. None: there is no city."""
        ...

    def live_busyness(self) -> Released[CityLive] | None:
        """Give how busy places are now. None before the first minutes."""
        ...

    def is_released(self, digest: str) -> bool:
        """Tell whether the ledger knows bytes of this digest as released."""
        ...

    def release_of(self, digest: str) -> str | None:
        """Give the name of the release whose bytes have this digest."""
        ...

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Give a map tile (gzipped MVT), if there is one."""
        ...

    def newest_releases(self, limit: int, *, before: str | None) -> Sequence[Stored]:
        """Give releases, newest first, older than the one called `before`."""
        ...

    def stored(self, release: str) -> Stored | None:
        """Give one release."""
        ...

    def accuracy(self, release: str) -> Released[PredictedAccuracy] | None:
        """Predict how far off a release is. None: what it was made of is no longer in force."""
        ...

    def desk(self) -> DealDesk:
        """Give the desk where deals are made and ended."""
        ...

    def identities(self) -> Identities:
        """Give the desk where people show who they are."""
        ...

    def registry(self) -> Registry:
        """Give the list of who may read, and of their clients."""
        ...

    def bulk(
        self, product: str, *, after: str | None, limit: int
    ) -> Sequence[tuple[Stored, Released[pa.Table]]]:
        """Give releases of a product with what was released, oldest first, later than `after`."""
        ...

    def reads(self) -> Reads:
        """Give the log where reads are written down before they happen."""
        ...

    def reads_head(self) -> ReadsHead:
        """Give the head of that log."""
        ...

    def reads_head_at(self, seq: int) -> ReadsHead | None:
        """Give what the head was at entry `seq`, if there is one."""
        ...

    def own_reads(self, subject: Subject) -> Own[tuple[ReadOfMine, ...]]:
        """Tell one person who read rows of theirs, an hour each, the newest first."""
        ...

    def own_pings(self, subject: Subject) -> Own[pa.Table]:
        """Give what one person gave, for that person alone."""
        ...

    def own_use(self, subject: Subject, table: UseTable) -> Own[pa.Table]:
        """Give what was counted of one person in `table`, for that person alone."""
        ...

    def own_refused(self, subject: Subject) -> Own[dict[str, int]]:
        """Give how many of one person's rows were not kept, by reason, since the house started."""
        ...

    def own_roads(self, subject: Subject) -> Own[OwnWeek] | None:
        """Give which roads one person's trips of this week helped. None: there is no city.

        Raises `Busy` when too many ask at once.
        """
        ...

    def own_visits(self, subject: Subject) -> Own[OwnVisits] | None:
        """Give in which cells one person's visits of this week count. None: there is no city."""
        ...

    def erase(self, subject: Subject) -> Secret:
        """Take everything back and erase it; give the secret by which to hear how that went."""
        ...

    def erasure(self, secret: Secret) -> ErasureProgress | None:
        """Tell how far the erasure of this secret is. None: it is of none."""
        ...

    def is_operator(self, key: str) -> bool:
        """Tell, in constant time, whether `key` is the operator's."""
        ...

    def health(self) -> Health:
        """Tell whether everything works."""
        ...
