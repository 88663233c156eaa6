"""What the outlet tells one person of themselves, as it goes over the wire."""

from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from hubbub.deal.desk import AgeBand
from hubbub.deal.identity import Means, Passkey
from hubbub.deal.notice_changes import Change
from hubbub.deal.signals import Signal
from hubbub.outlet.wire import ReadsHead
from hubbub.terms.purposes import OWN, Category, Cell
from hubbub.terms.time import iso


class SessionCard(msgspec.Struct, frozen=True):
    """Who is signed in, how, and for how long. Times are of the real clock, also in a replay."""

    device: str
    by: Means
    since: str
    ends_at: str | None  # null: the token itself was shown, and nothing ends
    fresh_until: str | None  # what wants somebody who signed in lately is done until then
    sessions: int
    passkeys: int
    passkeys_here: bool  # whether this very page was opened at `passkeys_origin`
    passkeys_origin: str


class PasskeyCard(msgspec.Struct, frozen=True):
    """One passkey, without its key."""

    id: int
    name: str
    added_at: str
    used_at: str | None

    @classmethod
    def of(cls, passkey: Passkey) -> Self:
        """Tell of a passkey what its person may want to know."""
        return cls(
            id=passkey.number,
            name=passkey.name,
            added_at=iso(passkey.added_at),
            used_at=None if passkey.used_at is None else iso(passkey.used_at),
        )


class AddPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that a browser has just made, under a name that helps to know it again."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    credential: msgspec.Raw  # as `PublicKeyCredential.toJSON()` writes it


class ShowPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that a browser shows."""

    credential: msgspec.Raw  # as `PublicKeyCredential.toJSON()` writes it


class DayGiven(msgspec.Struct, frozen=True):
    """How many rows of one local day."""

    day: str
    rows: int


class CategoryGiven(msgspec.Struct, frozen=True):
    """What was given of one category, and is kept."""

    category: Category
    rows: int
    first: str | None
    last: str | None
    days: list[DayGiven]  # oldest first


class RefusedGiven(msgspec.Struct, frozen=True):
    """How many rows were not kept, and why not."""

    reason: str
    rows: int


class Given(msgspec.Struct, frozen=True):
    """What a person gave, in numbers. Days are local ones of `zone`."""

    zone: str
    rows: int
    categories: list[CategoryGiven]
    refused: list[RefusedGiven]  # since the house started: whose they were is written nowhere


class DayOfUse(msgspec.Struct, frozen=True):
    """How much somebody sent on one local day."""

    day: str
    messages: int
    pictures: int  # and other files; in encrypted conversations they look like messages
    calls: int


class HourOfUse(msgspec.Struct, frozen=True):
    """How much somebody sent in one stretch of time, an hour as a rule."""

    at: str
    until: str
    messages: int
    pictures: int
    calls: int


class DeviceOfMine(msgspec.Struct, frozen=True):
    """How much of it was sent from one kind of device."""

    kind: str
    times: int


class CountsOfMine(msgspec.Struct, frozen=True):
    """What the messenger counted of a person, as far as they agreed to each. Nothing was read."""

    zone: str
    rows: int
    days: list[DayOfUse]  # oldest first
    hours: list[HourOfUse]  # the newest ones, oldest first
    devices: list[DeviceOfMine]
    conversations: int
    conversations_named: int  # in which the other one is named, since both agreed to that


class Points(msgspec.Struct, frozen=True):
    """Where a person was on one local day: parallel columns, thinned to what a phone can draw."""

    day: str | None  # null: there are no rows
    rows: int  # of that day
    shown: int
    bbox: tuple[float, float, float, float] | None  # west, south, east, north
    lon_e6: list[int]
    lat_e6: list[int]
    at: list[str]


class HelpedRoad(msgspec.Struct, frozen=True):
    """A road of which something was released that a person's passes counted in."""

    segment: int  # its number in /v1/traffic/segments
    name: str
    length_m: float
    passes: int
    windows: int  # released ones that they counted in


class HelpedRoads(msgspec.Struct, frozen=True):
    """Which roads a person's trips helped this week. Worked out from their own rows, when asked."""

    since: str  # local days, Monday to Sunday
    until: str
    zone: str
    passes: int
    roads: int  # that these passes were on
    released: int  # of these, in a release that they counted in
    words: str  # what counts, and what not
    helped: list[HelpedRoad]  # most windows first


class CountedCell(msgspec.Struct, frozen=True):
    """A place in an hour of this week in which visits of a person count."""

    place: str  # its id in /v1/places/{id}
    name: str
    category: str
    day: str  # a local day
    hour: int  # of its begin, on the city's clocks
    visits: int


class CountedVisits(msgspec.Struct, frozen=True):
    """Where a person's visits count this week. Worked out from their own rows, when asked."""

    since: str  # local days, Monday to Sunday
    until: str
    zone: str
    visits: int  # held of the days of this week that are over
    words: str  # what counts, and what not
    cells: list[CountedCell]  # the latest first


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Be erased, and mean it; with the account of the messenger, or without."""

    sure: Literal[True]
    messenger: bool = False


class Left(msgspec.Struct, frozen=True):
    """The erasure was asked for. The secret is told this once: it is the way to the certificate."""

    secret: str
    requested_at: str


class ErasureCard(msgspec.Struct, frozen=True):
    """How far an erasure is."""

    state: Literal["waiting", "done"]
    requested_at: str
    certificate: msgspec.Raw | None


class CellName(msgspec.Struct, frozen=True):
    """Which switch: a category of data, what for, and for whom."""

    category: Category
    purpose: str
    recipient: str

    @classmethod
    def of(cls, cell: Cell) -> Self:
        """Name a cell."""
        return cls(category=cell.category, purpose=cell.purpose.key, recipient=cell.recipient)


class CellCard(CellName, frozen=True):
    """A switch, in the words of the notice in force, and how it stands."""

    category_title: str
    title: str
    words: str
    published: str  # what everybody gets to see of it
    recipient_name: str
    retention_days: int | None
    legal_basis: str
    on: bool
    since: str | None
    offered: bool  # one that is on and no longer offered can still be switched off
    alone: bool  # agreed to by itself only, never together with others
    conflicts: list[Signal]  # that said no to it


class ConflictCard(msgspec.Struct, frozen=True):
    """A signal said no to what its person had said yes to. It was heeded."""

    signal: Signal
    cells: list[CellName]
    first_at: str
    last_at: str
    times: int


class ReadCard(msgspec.Struct, frozen=True):
    """How often rows of a person were read for something on one local day: at most so often."""

    day: str
    category: str
    purpose: str
    recipient: str
    recipient_name: str
    times: int
    last_at: str


class MyReads(msgspec.Struct, frozen=True):
    """Who read rows of a person that are still here, newest day first."""

    zone: str
    reads: list[ReadCard]
    head: ReadsHead  # of the log that this is from


class NoticeCard(msgspec.Struct, frozen=True):
    """The notice in force: GET /v1/notice has all of it."""

    version: int
    sha256: str
    title: str
    region: str
    language: str


class MyDeal(msgspec.Struct, frozen=True):
    """A person's deal: every switch that there is, on or off."""

    device: str
    age_band: AgeBand
    standing: Literal["sharing", "paused", "stopped"]
    paused_since: str | None
    since: str  # of the receipt in force
    receipt: int  # its number in GET /v1/me/receipts
    agreed_version: int  # of the oldest notice that anything is on under
    changes: list[Change]  # what the notice in force says otherwise than that one
    changes_dismissed: bool  # then nobody asks about them again
    notice: NoticeCard
    cells: list[CellCard]  # in the notice's order
    conflicts: list[ConflictCard]  # the latest first


class SwitchCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Switch one cell on or off."""

    category: Category
    purpose: Annotated[str, Meta(max_length=64)]
    on: bool
    recipient: Annotated[str, Meta(max_length=64)] = OWN.key


class PauseDeal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pause everything, or go on."""

    paused: bool


class DismissChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say that the changes up to a version of the notice were seen. It agrees to nothing."""

    version: Annotated[int, Meta(ge=1)]


class ReceiptCard(msgspec.Struct, frozen=True):
    """One receipt in short. Receipts count from 1, a person's own, oldest first."""

    number: int
    at: str
    status: Literal["given", "withdrawn"]
    method: str
    notice_version: int
    granted: list[CellName]
    closed: list[str]  # category, purpose and recipient in a line
