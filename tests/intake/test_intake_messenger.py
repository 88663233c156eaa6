"""The door for what the messenger counted: of nobody by name, judged by receipts, never twice."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import httpx
import msgspec
import pytest

from hubbub.deal.desk import LiveReceipt
from hubbub.deal.stamp import NOTHING
from hubbub.intake.messenger import PATH, MessengerDoor
from hubbub.intake.refusals import Refusals
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.purposes import OWN, Category, Improvement, Usage, cell_bit
from hubbub.terms.time import Instant
from hubbub.terms.use import Counted, DeviceKind, UseKind
from intake.intake_house import NOW, FakeDeals, StillClock

SECRET = "the secret of house and homeserver"
USAGE, IMPROVEMENT = cell_bit(Usage, OWN), cell_bit(Improvement, OWN)
ANN, BOB, CAY, DAN = range(1, 5)
NOON_MS = NOW // 1000 - 7_200_000


def live(subject: int, *, paused: bool = False, **may: int) -> LiveReceipt:
    stamps = [*NOTHING]
    for name, mask in may.items():
        stamps[Category[name].number] = mask
    return LiveReceipt(subject=Subject(subject), stamps=tuple(stamps), paused=paused)


class House:
    """A deal with a few receipts, and counts in memory."""

    def __init__(self) -> None:
        self.receipts = {
            10: live(ANN, SERVICE_USE=USAGE, DEVICE=USAGE, INTERACTIONS=USAGE),
            20: live(BOB, INTERACTIONS=USAGE | IMPROVEMENT),
            30: live(CAY, INTERACTIONS=IMPROVEMENT),
            40: live(DAN, paused=True, SERVICE_USE=USAGE, INTERACTIONS=USAGE),
        }
        self.rows: dict[bytes, Counted] = {}
        self.deals = FakeDeals()
        self.refusals = Refusals(self.deals)
        self.is_full = False
        self.door = MessengerDoor(self, self, self.refusals, secret=SECRET, clock=StillClock())

    def live(self, receipts: Collection[ReceiptNumber]) -> Mapping[ReceiptNumber, LiveReceipt]:
        return {
            ReceiptNumber(number): self.receipts[number]
            for number in receipts
            if number in self.receipts
        }

    def add(self, rows: Sequence[Counted]) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        new = {row.id: row for row in rows if row.id not in self.rows}
        self.rows |= new
        return len(new)

    def send(
        self, *rows: Any, token: str = SECRET, body: bytes | None = None, method: str = "POST"
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.door)
            async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
                content = msgspec.json.encode({"rows": rows}) if body is None else body
                headers = {"authorization": f"Bearer {token}".encode()}
                answer = await client.request(method, PATH, content=content, headers=headers)
            await self.refusals.flush()
            return answer

        return asyncio.run(ask())


@pytest.fixture
def house() -> House:
    return House()


def row(**told: Any) -> dict[str, Any]:
    use = {
        "id": "00112233445566778899aabbccddeeff",
        "receipt": 10,
        "at_ms": NOON_MS,
        "until_ms": NOON_MS + 3_600_000,
        "about": "use",
        "kind": "messages",
        "times": 4,
    }
    return {name: value for name, value in (use | told).items() if value is not None}


def contact(**told: Any) -> dict[str, Any]:
    return row(**{"about": "contacts", "room": 7} | told)


def test_a_count_comes_to_rest_under_its_receipt(house: House) -> None:
    answer = house.send(row())
    assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert list(house.rows.values()) == [
        Counted(
            id=bytes.fromhex("00112233445566778899aabbccddeeff"),
            table="service_use",
            subject=Subject(ANN),
            receipt=ReceiptNumber(10),
            may=USAGE,
            at=Instant(NOON_MS * 1000),
            until=Instant((NOON_MS + 3_600_000) * 1000),
            kind=UseKind.MESSAGES,
            times=4,
        )
    ]


def test_a_count_that_comes_twice_is_told_so(house: House) -> None:
    house.send(row())
    assert house.send(row()).json() == {"accepted": 0, "duplicates": 1, "rejected": []}


def test_devices_and_contacts_rest_in_tables_of_their_own(house: House) -> None:
    house.send(row(about="device", kind="tablet"), contact(id="0" * 32, kind="calls"))
    device, contacts = house.rows.values()
    assert (device.table, device.kind) == ("device_use", DeviceKind.TABLET)
    assert (contacts.table, contacts.kind, contacts.room) == ("interactions", UseKind.CALLS, 7)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (row(receipt=99), "unknown-receipt"),
        (row(receipt=20), "withdrawn"),  # agreed to something else
        (row(receipt=40), "paused"),
    ],
)
def test_what_no_deal_covers_is_refused_and_counted_and_not_kept(
    house: House, told: Any, reason: str
) -> None:
    answer = house.send(told, row(id="f" * 32))
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [(each["row"], each["field"]) for each in answer.json()["rejected"]] == [(0, "receipt")]
    assert house.deals.refused == {reason: 1}
    assert [each.subject for each in house.rows.values()] == [ANN]


def test_somebody_is_named_if_both_agreed(house: House) -> None:
    house.send(contact(other_receipt=20))
    (named,) = house.rows.values()
    assert named.other is not None
    assert (named.other.subject, named.other.may) == (BOB, USAGE | IMPROVEMENT)


@pytest.mark.parametrize("other", [30, 40, 99])
def test_somebody_who_did_not_agree_to_the_same_is_not_named(house: House, other: int) -> None:
    assert house.send(contact(other_receipt=other)).json()["accepted"] == 1
    (unnamed,) = house.rows.values()
    assert unnamed.other is None
    assert unnamed.times == 4


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (row(id="00"), "id"),
        (row(id="G" * 32), "id"),
        (row(receipt=0), "receipt"),
        (row(receipt="10"), "receipt"),
        (row(receipt=True), "receipt"),
        (row(receipt=None), "receipt"),
        (row(at_ms=NOON_MS + 86_400_000), "at_ms"),
        (row(at_ms=-1), "at_ms"),
        (row(at_ms=1.5), "at_ms"),
        (row(until_ms=NOON_MS), "until_ms"),
        (row(at_ms=NOON_MS - 90_000_000), "until_ms"),
        (row(until_ms=NOON_MS + 86_400_000), "until_ms"),  # is to come
        (row(about="content"), "about"),
        (row(kind="phone"), "kind"),
        (row(kind=""), "kind"),
        (row(about="device"), "kind"),
        (row(times=0), "times"),
        (row(times=1 << 40), "times"),
        (row(room=7), "room"),
        (row(about="contacts"), "room"),
        (contact(room=0), "room"),
        (contact(room=1 << 63), "room"),
        (row(other_receipt=20), "other_receipt"),
        (row(person="@ann:localhost"), ""),
        (row(body="what was said"), ""),
        ([], ""),
        ("row", ""),
        (None, ""),
    ],
    ids=str,
)
def test_a_bad_row_is_told_with_its_field_and_the_others_are_taken(
    house: House, told: Any, field: str
) -> None:
    answer = house.send(row(id="1" * 32), told, row(id="2" * 32))
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert {(each["row"], each["field"]) for each in answer.json()["rejected"]} == {(1, field)}
    assert "said" not in answer.text
    assert "ann" not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"rows": {}}', b"\xff", b"[" * 100_000, b'{"rows": [1,}']
)
def test_a_body_that_cannot_be_read_is_a_clear_error(house: House, body: bytes) -> None:
    answer = house.send(body=body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:hubbub:problem:bad-body"


@pytest.mark.parametrize("token", ["", "another secret", SECRET[:-1], "é"])
def test_nobody_counts_but_the_homeserver(house: House, token: str) -> None:
    assert house.send(row(), token=token).status_code == 401
    assert house.rows == {}


def test_the_door_takes_post_alone(house: House) -> None:
    assert house.send(row(), method="GET").status_code == 405


def test_more_rows_than_the_door_takes_are_refused_whole(house: House) -> None:
    assert house.send(*[row()] * 10_001).status_code == 413
    assert house.rows == {}


def test_what_cannot_be_made_durable_is_to_be_sent_again(house: House) -> None:
    house.is_full = True
    answer = house.send(row())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_no_answer_tells_whose_a_row_is(house: House) -> None:
    assert house.send(row(receipt=20)).json()["rejected"] == [
        {"row": 0, "field": "receipt", "expected": "the number of a receipt that covers this"}
    ]
