"""Who may do what, as the running house keeps it: every route is asked by everybody, and looked at.

`python -m outlet.policy_matrix`, in tests/, writes policy.txt anew. Look at what changes.
"""

import asyncio
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import msgspec

from hubbub.deal.identity import FRESH_US, NewPasskey
from hubbub.deal.policy import Action, Resource
from hubbub.deal.recipients import Scope
from hubbub.intake.door import ADAPTERS, Door
from hubbub.intake.messenger import PATH as MESSENGER
from hubbub.intake.messenger import MessengerDoor
from hubbub.outlet.app import operations_of, outlet_app
from hubbub.outlet.operations import Operation
from hubbub.outlet.pages import PAGES
from hubbub.outlet.recognising import COOKIE
from hubbub.record.use_store import UseStore
from hubbub.run.web import dispatch
from hubbub.terms.purposes import LiveTraffic, Places, Traffic
from hubbub.terms.time import Instant
from intake.intake_house import FakeJournal, FakeSeen
from outlet.fake_house import OPERATOR, House
from record.deal_store_rig import database

GOLDEN = Path(__file__).with_name("policy.txt")
OURS = {"sec-fetch-site": "same-origin"}
ACTORS = (
    "anybody",
    "person",
    "a while ago",
    "other person",
    "her cookie, other site",
    "once erased",
    "partner",
    "operator",
)
WIDTHS = (24, 6, 38)
"""Of what stands before the marks: the same for ever, so that a diff shows what changed."""
HEAD = """\
Who may do what: each route of the house, asked by each of these (test_policy.py).

    person           whose it is, and who has signed in within the last minutes
    a while ago      the same person, who signed in before that
    other person     somebody else who has signed in, and asks for what is hers
    her cookie, ...  a page of another site, in her name
    partner          a partner's registered client
    once erased      the person, when she has been erased, with the secret that she was told then

"""


class Way(NamedTuple):
    """One route, and how it is asked."""

    resource: Resource
    action: Action
    method: str
    path: str
    body: bytes | None = None

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"


class Her(NamedTuple):
    """Somebody of whom there is one thing of every kind."""

    name: str
    subject: int
    token: str
    cookie: str
    words: tuple[str, ...]  # that stand in her answers and in nobody else's
    holes: dict[str, str]  # the numbers of her things


class Matrix:
    """A house in which everybody asks for everything."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.house.open_enrolment = False
        self.operations = operations_of(self.house)
        self.house.metrics = type(self.house.metrics)()
        door = Door(self.house.deals, FakeJournal(), FakeSeen(), clock=self.house)
        messenger = MessengerDoor(
            self.house.deals.histories,
            UseStore(folder / "use.sqlite", erased=self.house.deals.erasures.subjects),
            door.admission.refusals,
            secret=secrets.token_urlsafe(32),
            clock=self.house,
        )
        self._app: Any = dispatch(door, outlet_app(self.house), messenger=messenger)
        self._people = 0
        registry = self.house.deals.registry
        scopes = (Scope("traffic.live", LiveTraffic.key), Scope("places.hours", Places.key))
        registry.add("acme", name="Acme Maps", kind="partner")
        _, token = registry.add_client("acme", scopes, requests_a_minute=1000)
        self._client = token.secret

    def ways(self) -> Iterator[Way]:
        """List every route there is."""
        for path in PAGES:
            yield Way(Resource.PAGES, "read", "GET", path)
        for path, adapter in ADAPTERS.items():
            for method in sorted(adapter.methods):
                yield Way(Resource.PINGS, "make", method, path, b"[]")
        yield Way(Resource.COUNTS, "make", "POST", MESSENGER, b'{"rows": []}')
        for operation in self.operations:
            body = None if operation.body is None else msgspec.json.encode(example(operation))
            what = (operation.resource, operation.action)
            yield Way(*what, operation.method, operation.path.replace(":int}", "}"), body)

    def somebody(self) -> Her:
        """Let somebody agree, sign in, and leave one thing of every kind."""
        self._people += 1
        name = f"canary-{self._people:03}"
        enrolled = self.house.deals.enrol(name, frozenset({Traffic}), "test")
        subject, identities = enrolled.badge.subject, self.house.identities()
        secret, _ = identities.sign_in(subject, "token")
        new = NewPasskey(name=name, credential=name.encode(), public_key=b"key", uses=0)
        passkey = identities.add_passkey(subject, new)
        self.house.deals.messenger.join(f"@{name}:localhost", subject)
        at = int(self.house.now()) - self._people
        told = {"accuracy_dm": -1, "speed_cms": -1, "course_deg": -1, "source": 0}
        lat_e6 = 61_000_001 + 10 * self._people  # as text, none begins another
        where = {"at": at, "lat_e6": lat_e6, "lon_e6": 24_000_000}
        self.house.given.append({"subject": subject, **where, **told})
        return Her(
            name=name,
            subject=subject,
            token=enrolled.token.secret,
            cookie=secret.secret,
            words=(name, enrolled.receipt.person, enrolled.receipt.identifier, str(lat_e6 / 1e6)),
            holes={
                "passkeys/{id}": str(passkey.number),
                "receipts/{number}": str(enrolled.badge.receipt),
                "{id}": "none",
                "{product}": "traffic.live",
                "{z}": "14",
                "{x}": "9326",
                "{y}": "4742",
            },
        )

    def is_allowed(self, way: Way, actor: str) -> bool:
        """Let one of them ask, and tell whether they got at it."""
        her = self.somebody()
        headers = self._headers(way, actor, her)
        before = self._of(her)
        answer = asyncio.run(self._ask(way, her, headers))
        if answer.status_code >= 500:
            raise AssertionError(f"{way.route} faults for {actor}")
        if actor == "a while ago":
            self.house.at = Instant(self.house.at - FRESH_US)
        reached = any(word in answer.text for word in her.words) or self._of(her) != before
        if actor == "other person" and "one's" in way.resource:
            return reached
        allowed = answer.status_code not in {401, 403}
        assert allowed or not reached, f"{way.route} refuses {actor}, and does it all the same"
        return allowed

    def _headers(self, way: Way, actor: str, her: Her) -> dict[str, str]:
        hers = {"cookie": f"{COOKIE}={her.cookie}", **OURS}
        if way.resource is Resource.PINGS or way.route == "POST /v1/me/session":
            hers = {"authorization": f"Bearer {her.token}", **hers}
        match actor:
            case "anybody":
                return {}
            case "a while ago":
                self.house.at = Instant(self.house.at + FRESH_US)
                hers.pop("authorization", None)
            case "other person":
                hers = {"cookie": f"{COOKIE}={self.somebody().cookie}", **OURS}
            case "her cookie, other site":
                hers = {"cookie": f"{COOKIE}={her.cookie}", "sec-fetch-site": "cross-site"}
            case "once erased":
                hers = {"authorization": f"Bearer {self.house.erase(her.subject).secret}"}
            case "partner":
                hers = {"authorization": f"Bearer {self._client}"}
            case "operator":
                hers = {"authorization": f"Bearer {OPERATOR}"}
        return hers

    async def _ask(self, way: Way, her: Her, headers: dict[str, str]) -> httpx.Response:
        path = way.path
        for hole, filled in her.holes.items():
            path = path.replace(hole, hole.partition("{")[0] + filled)
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hubbub.test") as client:
            return await client.request(way.method, path, content=way.body, headers=headers)

    def _of(self, her: Her) -> list[Any]:
        """Give all that the deal's file holds of her."""
        with database(self.house.folder) as deal:
            return [
                deal.exec_driver_sql(
                    f"SELECT * FROM {table} WHERE subject = ?", (her.subject,)
                ).all()
                for table in (
                    "device",
                    "receipt",
                    "session",
                    "passkey",
                    "erasure",
                    "messenger_account",
                )
            ]


def example(operation: Operation) -> object:
    """Give a body that says something: it need not be the truth."""
    if operation.example is not None:
        return operation.example
    if "messenger" in operation.path:
        return {} if operation.path.endswith("invites") else {"token": "payload.mac"}
    return {"name": "x", "credential": {}} if "passkeys" in operation.path else {"credential": {}}


@contextmanager
def matrix() -> Iterator[Matrix]:
    """Open a house for the while."""
    with TemporaryDirectory() as folder:
        made = Matrix(Path(folder))
        try:
            yield made
        finally:
            made.house.deals.close()


def table(there: Matrix, is_allowed: Callable[[Way, str], bool]) -> str:
    """Write the table, a line a route."""
    ways = sorted(there.ways(), key=lambda way: (way.resource, way.action, way.route))
    rows = [("resource", "action", "route", *ACTORS)]
    for way in ways:
        marks = ["yes" if is_allowed(way, actor) else "-" for actor in ACTORS]
        rows.append((way.resource, way.action, way.route, *marks))
    widths = [*WIDTHS, *map(len, ACTORS)]
    assert all(len(cell) <= width for row in rows for cell, width in zip(row, widths, strict=True))
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Write the golden file."""
    with matrix() as there:
        GOLDEN.write_text(table(there, there.is_allowed))
    sys.stdout.write(f"{GOLDEN.name} is written: look at what changed\n")


if __name__ == "__main__":
    main()
