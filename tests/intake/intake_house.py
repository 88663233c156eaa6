"""Stand-ins for the rooms behind the door, and a client that speaks ASGI to it."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hubbub.deal.desk import Badge
from hubbub.deal.signals import Against
from hubbub.deal.stamp import NOTHING
from hubbub.intake.door import Door
from hubbub.intake.limits import Limits
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.pings import PING, Pings
from hubbub.terms.time import SECOND, Instant

NOW = Instant(1_795_420_800 * SECOND)  # 2026-11-23T08:00:00Z
TOKEN = "a-token-of-anns"


class StillClock:
    def __init__(self, at: Instant = NOW) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at


class FakeDeals:
    def __init__(self) -> None:
        self.badges = {
            TOKEN: badge(),
            "withdrawn": badge(subject=2, may=0),
            "paused": replace(badge(subject=4), paused=True),
            "bobs": badge(subject=3),
        }
        self.refused: Counter[str] = Counter()
        self.conflicts: Counter[tuple[Subject, Against]] = Counter()

    def badge(self, token: str) -> Badge | None:
        return self.badges.get(token)

    def count_refused(self, reason: str, rows: int) -> None:
        self.refused[reason] += rows

    def keep_conflict(self, subject: Subject, against: Against, times: int) -> None:
        self.conflicts[subject, against] += times


class FakeJournal:
    """Keeps rows in a list; durable when the test says so, if it says so at all."""

    def __init__(self) -> None:
        self.rows = np.empty(0, PING)
        self.age_s = 0.0
        self.error: Exception | None = None

    def append(self, rows: Pings) -> asyncio.Future[None]:
        durable = asyncio.get_running_loop().create_future()
        if self.error is not None:
            durable.set_exception(self.error)
            return durable
        self.rows = np.concatenate([self.rows, rows])
        durable.set_result(None)
        return durable

    def backlog_age_s(self) -> float:
        return self.age_s


class FakeSeen:
    def __init__(self) -> None:
        self.keys: set[tuple[int, int]] = set()

    async def unseen(self, rows: Pings) -> NDArray[np.bool_]:
        new = []
        for key in zip(rows["subject"].tolist(), rows["at"].tolist(), strict=True):
            new.append(key not in self.keys)
            self.keys.add(key)
        return np.array(new, bool)


type Receive = Callable[[], Awaitable[dict[str, Any]]]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def badge(subject: int = 1, *, may: int = 257, since: int = NOW - 86_400 * SECOND * 30) -> Badge:
    """Give somebody's badge, whose rows of locations are stamped with `may`."""
    return Badge(
        subject=Subject(subject),
        receipt=ReceiptNumber(7),
        stamps=(*NOTHING[1:], may),
        since=Instant(since),
    )


def scope_of(
    path: str = "",
    *,
    method: str = "POST",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    token: str | None = TOKEN,
) -> dict[str, Any]:
    sent = {"content-type": "application/json"} | dict(headers or {})
    if token is not None:
        sent.setdefault("authorization", f"Bearer {token}")
    return {
        "type": "http",
        "method": method,
        "path": "/v1/intake" + path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }


def whole(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


class House:
    """A door with stand-ins behind it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.deals, self.journal, self.seen = FakeDeals(), FakeJournal(), FakeSeen()
        self.clock = StillClock()
        self.elapsed_s = 0.0
        self.door = Door(
            self.deals,
            self.journal,
            self.seen,
            clock=self.clock,
            limits=limits,
            elapsed=lambda: self.elapsed_s,
        )

    def post(
        self,
        path: str = "",
        body: bytes = b"",
        *,
        method: str = "POST",
        query: str = "",
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
    ) -> Reply:
        scope = scope_of(path, method=method, query=query, headers=headers, token=token)
        return asyncio.run(self.ask(scope, whole(body)))

    async def ask(self, scope: dict[str, Any], receive: Receive) -> Reply:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        await self.door(scope, receive, send)
        await self.door.admission.refusals.flush()
        await self.door.admission.conflicts.flush()
        start, content = said
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], headers, content["body"])
