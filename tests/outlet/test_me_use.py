"""What a person asks about what the messenger counted of them."""

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from hubbub.deal.desk import Token
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.time import SECOND, Instant
from hubbub.terms.use import Counted, DeviceKind, Named, UseKind, UseTable
from outlet.fake_house import Caller, House
from outlet.test_deal import bearer, enrolled
from outlet.test_me import given

HOUR = 3600 * SECOND
NOON = 1_795_608_000 * SECOND  # 2026-11-25T12:00Z


def count(
    subject: int,
    *,
    table: UseTable = "service_use",
    kind: int = UseKind.MESSAGES,
    at: int = NOON,
    times: int = 1,
    other: int | None = None,
) -> Counted:
    named = None
    if other is not None:
        named = Named(subject=Subject(other), receipt=ReceiptNumber(other), may=1)
    return Counted(
        id=f"{subject}{table}{kind}{at}".encode(),
        table=table,
        subject=Subject(subject),
        receipt=ReceiptNumber(subject),
        may=1,
        at=Instant(at),
        until=Instant(at + HOUR),
        kind=kind,
        times=times,
        room=7 if table == "interactions" else 0,
        other=named,
    )


def who(house: House, caller: Caller, name: str = "ann") -> tuple[str, int]:
    token = enrolled(caller, name)["token"]
    return token, house.deals.badge_of(Token(token)).subject


def counts(caller: Caller, token: str) -> Any:
    return given(caller, token, "/v1/me/counts")


def test_what_was_counted_is_told_by_hour_and_local_day(house: House, caller: Caller) -> None:
    token, ann = who(house, caller)
    evening = NOON + 10 * HOUR  # midnight in Helsinki
    house.use.add(
        [
            count(ann, times=5),
            count(ann, kind=UseKind.CALLS),
            count(ann, at=evening, times=2),
            count(ann, table="device_use", kind=DeviceKind.TABLET, times=8),
            count(ann + 1, times=99),
        ]
    )
    told = counts(caller, token)
    assert told["days"] == [
        {"day": "2026-11-25", "messages": 5, "pictures": 0, "calls": 1},
        {"day": "2026-11-26", "messages": 2, "pictures": 0, "calls": 0},
    ]
    assert told["hours"] == [
        {
            "at": "2026-11-25T12:00:00Z",
            "until": "2026-11-25T13:00:00Z",
            "messages": 5,
            "pictures": 0,
            "calls": 1,
        },
        {
            "at": "2026-11-25T22:00:00Z",
            "until": "2026-11-25T23:00:00Z",
            "messages": 2,
            "pictures": 0,
            "calls": 0,
        },
    ]
    assert told["devices"] == [{"kind": "tablet", "times": 8}]
    assert told["rows"] == 4


def test_of_conversations_it_is_told_how_many_and_not_with_whom(
    house: House, caller: Caller
) -> None:
    (token, ann), (_, ben) = who(house, caller), who(house, caller, "ben")
    house.use.add([count(ann, table="interactions", other=ben)])
    told = counts(caller, token)
    assert (told["conversations"], told["conversations_named"]) == (1, 1)
    assert "ben" not in json.dumps(told)


def test_who_shares_no_counts_is_told_of_none(house: House, caller: Caller) -> None:
    token, _ = who(house, caller)
    told = counts(caller, token)
    assert (told["rows"], told["days"], told["hours"], told["devices"]) == (0, [], [], [])


def test_counts_are_a_category_of_what_one_gave(house: House, caller: Caller) -> None:
    token, ann = who(house, caller)
    house.use.add([count(ann)])
    told = given(caller, token, "/v1/me/given")
    assert [each["category"] for each in told["categories"]] == [
        "user.location.precise",
        "user.telemetry",
    ]
    assert told["rows"] == 1


def test_counts_are_in_what_one_takes_away(house: House, caller: Caller) -> None:
    token, ann = who(house, caller)
    house.use.add([count(ann, times=3), count(ann, table="interactions", other=ann + 1)])
    archive = caller.get("/v1/me/export", headers=bearer(token))
    with ZipFile(BytesIO(archive.content)) as zipped:
        lines = [json.loads(line) for line in zipped.read("counts.ndjson").splitlines()]
        assert "counts.ndjson" in zipped.read("README.txt").decode()
    stretch = {"from": "2026-11-25T12:00:00Z", "to": "2026-11-25T13:00:00Z", "kind": "messages"}
    assert lines == [
        {"what": "service_use", "times": 3, **stretch},
        {"what": "interactions", "times": 1, "room": 7, "named": True, **stretch},
    ]
