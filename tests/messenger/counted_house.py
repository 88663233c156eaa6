"""A house beside a homeserver, as far as the module meets it: grants one way, counts the other.

Its deal, its door and its counts are the real ones; the grants are as `hubbub up` tells them.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from hubbub.deal.desk import DeviceName, SignedIn
from hubbub.intake.messenger import PATH, MessengerDoor
from hubbub.intake.refusals import Refusals
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_notices import shipped
from hubbub.record.use_store import UseStore
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home
from hubbub.run.messenger.files import MessengerFiles
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category, Cell, Usage
from hubbub.terms.time import Instant
from hubbub.terms.use import USE_TABLES, UseKind, UseTable

GRANTED = (Category.SERVICE_USE, Category.DEVICE, Category.INTERACTIONS)


class CountedHouse:
    """Serves the module, until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.deals = DealStore(self.home.deal, SystemClock(), told=shipped(messages=True))
        self.use = UseStore(self.home.use, erased=self.deals.erasures.subjects)
        self.refusals = Refusals(self.deals)
        self.secret = MessengerFiles(folder).shared_secret()
        self.door = MessengerDoor(
            self.deals.histories,
            self.use,
            self.refusals,
            secret=self.secret,
            clock=SystemClock(),
        )
        self.people: dict[str, Subject] = {}
        self.is_up = True
        self.loses_answers = False
        self.version = self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.deals.close()

    def agree(self, who: str, *categories: Category) -> Subject:
        """Let somebody of the homeserver agree to counts of some categories."""
        wish = frozenset(Cell(category, Usage) for category in categories or GRANTED)
        if who in self.people:
            self.deals.choose(SignedIn(self.people[who]), wish, "test")
        else:
            self.people[who] = self.deals.enrol(who, wish, "test").badge.subject
        self.version += 1
        return self.people[who]

    def withdraw(self, who: str) -> None:
        self.deals.withdraw(DeviceName(who), None, "test")
        self.version += 1

    def grants(self, after: str | None) -> dict[str, object]:
        version = str(self.version)
        if after == version:
            return {"version": version, "grants": None}
        return {"version": version, "grants": [self._grant(who) for who in self.people]}

    def times(self, table: UseTable = "service_use") -> dict[tuple[int, str], int]:
        """Add up what came: by person and kind."""
        found: dict[tuple[int, str], int] = {}
        rows = self.use.read(table, since=Instant(0), until=Instant(2**62))
        for row in rows.to_pylist():
            key = (row["subject"], UseKind(row["kind"]).name.lower())
            found[key] = found.get(key, 0) + row["times"]
        return found

    def rows(self) -> int:
        """Count what came."""
        whole = {"since": Instant(0), "until": Instant(2**62)}
        return sum(self.use.read(table, **whole).num_rows for table in USE_TABLES)

    def _grant(self, who: str) -> dict[str, object]:
        badge = self.deals.badge_of(SignedIn(self.people[who]))
        return {
            "person": who,
            "receipt": badge.receipt,
            "since_ms": badge.since // 1000,
            "may": {category.value: badge.stamp(category) for category in GRANTED},
        }


@contextmanager
def counted_house(folder: Path) -> Iterator[CountedHouse]:
    """Open such a house for the while."""
    house = CountedHouse(folder)
    try:
        yield house
    finally:
        house.close()


def _answering(house: CountedHouse) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            assert asked.path == "/v1/messenger/grants"
            assert self.headers["authorization"] == f"Bearer {house.secret}"
            house.asked += 1
            after = parse_qs(asked.query).get("after", [None])[0]
            self._send(200 if house.is_up else 503, msgspec.json.encode(house.grants(after)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if not house.is_up:
                self._send(503, b"{}")
                return
            answer = asyncio.run(_through(house, body, self.headers["authorization"]))
            self._send(503 if house.loses_answers else answer.status_code, answer.content)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Answering


async def _through(house: CountedHouse, body: bytes, authorization: str) -> httpx.Response:
    """Hand what was sent to the door, which speaks ASGI."""
    transport = httpx.ASGITransport(house.door)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        answer = await client.post(PATH, content=body, headers={"authorization": authorization})
    await house.refusals.flush()
    return answer
