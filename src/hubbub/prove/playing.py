"""A house in which histories are played: the real door, deal, journal, record and both gates.

Everybody does one deed an hour. Now and then the keeper comes round, all is opened anew, and the
notice is another. Where a row was says whose it is and of which hour: a pass of it is made without
a map, as a pure step on permitted rows.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from hubbub.crowd.blocks import Days
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.noise import Integers
from hubbub.deal.desk import AgeBand, ChoiceRefused, Token
from hubbub.deal.gate import Permitted, derive
from hubbub.deal.notice import Operator, draft, read_notice_text
from hubbub.deal.signals import Signal
from hubbub.intake.door import PREFIX, Door
from hubbub.intake.request import Message
from hubbub.prove.histories import (
    Agrees,
    Choice,
    ChoosesAnew,
    GoesOn,
    Life,
    Pauses,
    Shares,
    TakesBack,
)
from hubbub.prove.worlds import NOON, Passes
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_notices import REGION, packaged, packaged_regions
from hubbub.run.clock import StillClock
from hubbub.run.home import Home
from hubbub.run.house import open_record
from hubbub.run.settings import read_settings
from hubbub.run.web import open_door
from hubbub.terms.purposes import OWN, Category, Cell, LiveTraffic, Purpose, Recipient
from hubbub.terms.time import SECOND, Instant

type Row = tuple[int, int]
"""Whose it is, and at which hour it was sent."""

ROADS_EACH: Final = 2
"""Roads of each person, where nobody else is."""
APART: Final = 10
"""Roads are numbered in steps of so many: windows end at the same time on all of them."""
HOURS_MAX: Final = 32

_HOUR_US: Final = 3600 * SECOND
_ROUND_HOURS: Final = 4  # the keeper comes so often
_BEGIN: Final = Instant(NOON - HOURS_MAX * _HOUR_US)
_SOUTH_E6: Final = 60_000_000
_WEST_E6: Final = 20_000_000
_METHOD: Final = "a drill"
_SENT_ALONG: Final[Mapping[Signal, Mapping[str, str]]] = {
    Signal.GPC: {"sec-gpc": "1"},
    Signal.TCF: {"tc-string": "CQt50OAQt50OFAKADBENCWFgAAAAAAAAAJBAH0QAAPogAAAA"},
}
"""How each signal is sent. The TC string agrees to no purpose and no special feature."""


class PlayedHouse:
    """A house, and everybody who deals with it. People are numbered as their lives are."""

    def __init__(self, home: Home) -> None:
        """Open it."""
        self._home, self._clock = home, StillClock(_BEGIN)
        self._settings = read_settings(home.folder)
        self._tokens: dict[int, Token] = {}
        self.taken: set[Row] = set()  # rows that the door took
        self._door_deals, self._desk = self._opened(0), self._opened(0)
        for told in self._desk.notice().recipients:
            if told.recipient != OWN.key:
                self._desk.registry.add(told.recipient, name=told.name, kind=told.kind)
        self.recipients = self._desk.registry.recipients()
        self._record = open_record(home, self._door_deals)
        self._after = self._record.version()

    def close(self) -> None:
        """Let go of it."""
        self._door_deals.close()
        self._desk.close()

    def offered(self) -> list[Cell]:
        """List what one may agree to here."""
        return sorted(self._desk.notice().cells(), key=lambda cell: cell.words)

    def offered_of_rows(self) -> list[Cell]:
        """List those of it that are about the kind of rows that is sent here."""
        return [cell for cell in self.offered() if cell.category is Category.LOCATION]

    def barred(self) -> frozenset[Cell]:
        """List what no minor is offered, as the notice says."""
        notice = self._desk.notice()
        return frozenset(c for c in notice.cells() if not notice.use(c.purpose).fit_for_minors)

    def play(self, lives: Sequence[Life]) -> None:
        """Let everybody live."""
        hours = range(max(len(life.deeds) for life in lives))
        for number, some in enumerate(batched(hours, _ROUND_HOURS, strict=False)):
            self._desk.close()
            self._desk = self._opened(number)
            asyncio.run(self._live(lives, some))
            self._go_round()

    def came_round(self, hour: int) -> int:
        """Tell at which hour the keeper came for what was sent at `hour`."""
        return hour - hour % _ROUND_HOURS + _ROUND_HOURS - 1

    def read(self, purpose: type[Purpose], recipient: Recipient) -> set[Row]:
        """Tell which rows are read for a purpose by a recipient."""
        asked = self._record.read(purpose, since=_BEGIN, until=NOON, recipient=recipient)
        numbers = self._record.collect(asked).rows["lon_e6"].to_numpy() - _WEST_E6
        return {divmod(number, HOURS_MAX) for number in numbers.tolist()}

    def passes(self, declared: Declaration[Any]) -> Permitted[pa.Table, Any]:
        """Give the passes that a product asks about, by the way on which it gets them."""
        if isinstance(declared.blocks, Days) or declared.purpose is not LiveTraffic:
            asked = self._record.read(declared.purpose, since=_BEGIN, until=NOON)
            return derive(self._record.collect(asked), passes_of)
        until = Instant(NOON + _HOUR_US)
        held = self._record.read_passes(declared.purpose, since=NOON, until=until)
        return self._record.collect(held)

    def subject(self, person: int) -> int:
        """Tell which number the house gave somebody."""
        return self._desk.badge_of(self._tokens[person]).subject

    def _opened(self, edition: int) -> DealStore:
        """Open the deal as a process of its own has it; its notice is another edition."""
        operator = Operator(name=f"a drill, {edition}", contact="nobody")
        text = replace(read_notice_text(packaged("notice_of_everything.json")), operator=operator)
        told = draft(text, REGION, packaged_regions())
        return DealStore(self._home.deal, self._clock, told=told)

    async def _live(self, lives: Sequence[Life], hours: Sequence[int]) -> None:
        deals, clock = self._door_deals, self._clock
        door, journal = open_door(self._home, self._settings, deals=deals, clock=clock)
        for hour in hours:
            clock.at = Instant(_BEGIN + hour * _HOUR_US)
            for person, life in enumerate(lives):
                match life.deeds[hour : hour + 1]:
                    case (Shares() as shared,):
                        await self._share(door, (person, hour), shared)
                    case (Agrees() | ChoosesAnew() | TakesBack() | Pauses() | GoesOn() as choice,):
                        self._choose(person, life, choice)
        journal.close()

    def _choose(self, person: int, life: Life, choice: Choice) -> None:
        try:
            self._chosen(person, choice, AgeBand.MINOR if life.barred else AgeBand.ADULT)
        except ChoiceRefused:
            assert isinstance(choice, Agrees | ChoosesAnew), "what is taken back is not refused"
            assert not life.is_heard(choice), "what is offered is not refused"

    def _chosen(self, person: int, choice: Choice, age: AgeBand) -> None:
        token = self._tokens.get(person)
        match choice:
            case Agrees(cells) | ChoosesAnew(cells) if token is None:
                told = self._desk.enrol(f"somebody {person}", cells, _METHOD, age=age)
                self._tokens[person] = told.token
            case Agrees(cells) if token is not None:
                self._desk.choose(token, cells, _METHOD)
            case ChoosesAnew(cells) if token is not None:
                self._tokens[person] = self._desk.renew(token, cells, _METHOD).token
            case TakesBack(cells) if token is not None:
                self._desk.withdraw(token, cells, _METHOD)
            case Pauses() if token is not None:
                self._desk.pause(token, _METHOD)
            case GoesOn() if token is not None:
                self._desk.resume(token, _METHOD)
            case _:
                pass  # a stranger has nothing to take back, and no deal to pause

    async def _share(self, door: Door, row: Row, shared: Shares) -> None:
        person, hour = row
        token = self._tokens.get(person)
        number = person * HOURS_MAX + hour
        ping = {
            "at": (_BEGIN + (hour - shared.hours_ago) * _HOUR_US + hour) / SECOND,
            "lat": (_SOUTH_E6 + _road(person, hour)) / 1e6,
            "lon": (_WEST_E6 + number) / 1e6,
        }
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {'nobody' if token is None else token.secret}",
            **(_SENT_ALONG[shared.signal] if shared.signal else {}),
        }
        status, answer = await post(door, msgspec.json.encode([ping]), headers)
        if status == HTTPStatus.OK and msgspec.json.decode(answer, type=_Admitted).accepted:
            self.taken.add(row)

    def _go_round(self) -> None:
        """Do what the keeper does: put to rest what came, and hold the passes of it."""
        self._record.drain()
        pings, self._after = self._record.tail(LiveTraffic, after=self._after)
        self._record.hold(derive(pings, passes_of), since=NOON)


class _Admitted(msgspec.Struct):
    accepted: int


@contextmanager
def played_house() -> Iterator[PlayedHouse]:
    """Open a house to play in, and take it all away again."""
    with TemporaryDirectory(prefix="hubbub-playing-") as folder:
        house = PlayedHouse(Home(Path(folder)))
        try:
            yield house
        finally:
            house.close()


def passes_of(pings: pa.Table) -> pa.Table:
    """Make a pass of each ping, all of them in the minutes after noon."""
    number = pings["lon_e6"].to_numpy().astype(np.int64) - _WEST_E6
    rows = Passes(
        subject=pings["subject"].to_numpy(),
        at=_moment(number),
        segment=pings["lat_e6"].to_numpy().astype(np.int64) - _SOUTH_E6,
        receipt=pings["receipt"].to_numpy(),
        may=pings["may"].to_numpy(),
    )
    return rows.table(Purpose)  # each row keeps the stamp that it has


def pass_rows(rows: Sequence[Row], subjects: Sequence[int]) -> Passes:
    """Make the passes of rows that are all there is, each under a deal of its own."""
    person, hour = np.array(rows, np.int64).reshape(-1, 2).T
    return Passes(
        subject=np.array(subjects, np.int64),
        at=_moment(person * HOURS_MAX + hour),
        segment=_road(person, hour),
    )


def _road[Number: (int, Integers)](person: Number, hour: Number) -> Number:
    return (person * ROADS_EACH + hour % ROADS_EACH) * APART


def _moment(number: Integers) -> Integers:
    return NOON + number % 250 * SECOND


async def post(door: Door, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Post pings to the door, as a phone does."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PREFIX,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await door(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]
