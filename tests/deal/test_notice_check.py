"""What is wrong with a notice is told at once, all of it, by its field."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from deal.notices import EVERYTHING, REGIONS, SHIPPED, VOCABULARY, WITH_MESSAGES
from hubbub.deal.notice_check import Fault, NoticeRefused, checked
from hubbub.terms.purposes import PURPOSES

type Text = dict[str, Any]


def faults(change: Callable[[Text], object], *, text: bytes = EVERYTHING) -> dict[str, str]:
    """Change a whole notice, and list what is then wrong with it."""
    raw = msgspec.json.decode(text)
    change(raw)
    try:
        checked(msgspec.json.encode(raw), region=REGIONS["EU"], vocabulary=VOCABULARY)
    except NoticeRefused as refused:
        return {fault.field: fault.expected for fault in refused.faults}
    return {}


@pytest.mark.parametrize("text", [SHIPPED, WITH_MESSAGES, EVERYTHING])
def test_what_hubbub_brings_is_whole(text: bytes) -> None:
    assert faults(lambda raw: raw, text=text) == {}


LAWLESS = {**msgspec.to_builtins(REGIONS["EU"]), "legal_bases": {}}
FIELDS = [
    *(name for name in msgspec.json.decode(EVERYTHING) if name != "region"),
    "operator.contact",
    "categories.user.device.owner",
    "categories.user.device.retention_days",
    "uses.public.traffic.words",
    "uses.public.traffic.fit_for_minors",
    "recipients.ads-partner.transfer",
    "recipients.ads-partner.transfer.safeguard",
    "rights.withdrawal",
]


def leave_out(raw: Text, field: str) -> None:
    """Leave a field out, wherever it is."""
    value, path = raw, field
    while path not in value:
        name = path.split(".")[0]
        value, path = value[name], path[len(name) + 1 :]
        if isinstance(value, list):
            keys = ("purpose", "category", "recipient")
            key, value = next(
                (part[key], part)
                for part in value
                for key in keys
                if key in part and path.startswith(part[key])
            )
            path = path[len(key) + 1 :]
    del value[path]


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_missing_is_named(field: str) -> None:
    assert faults(lambda raw: leave_out(raw, field)) == {field: "to be told: it is missing"}


def test_all_that_is_missing_is_told_at_once() -> None:
    def leave_all_out(raw: Text) -> None:
        for field in reversed(FIELDS):
            leave_out(raw, field)

    whole = {field for field in FIELDS if "." not in field}
    assert faults(leave_all_out).keys() == whole
    some = ("operator.contact", "uses.public.traffic.words", "rights.withdrawal")
    found = faults(lambda raw: [leave_out(raw, field) for field in some])
    assert found.keys() == {*some}


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        (lambda raw: raw.update(small_print="x"), "small_print", "not to be there"),
        (lambda raw: raw.update(title=" "), "title", "words"),
        (lambda raw: raw.update(language=7), "language", "words"),
        (
            lambda raw: raw.update(condition_of_service=0),
            "condition_of_service",
            "true or false",
        ),
        (lambda raw: raw.update(operator=[]), "operator", "an object"),
        (lambda raw: raw.update(uses={}), "uses", "a list"),
        (lambda raw: raw.update(region={"region": "X"}), "region.law", "to be told"),
        (lambda raw: raw.update(region=1), "region", "an object"),
        (
            lambda raw: raw["categories"][5].update(retention_days=True),
            "categories.user.device.retention_days",
            "a whole number from 1 to 3660",
        ),
        (
            lambda raw: raw["categories"][0].update(retention_days=0),
            "categories.user.account.retention_days",
            "a whole number from 1 to 3660",
        ),
        (
            lambda raw: raw["categories"][5].update(category="user.soul"),
            "categories.user.soul.category",
            "one of user.account",
        ),
        (
            lambda raw: raw["uses"][0].update(legal_basis="legitimate interest"),
            "uses.public.traffic.legal_basis",
            "one of consent",
        ),
        (
            lambda raw: raw["uses"][0].update(recipients=[]),
            "uses.public.traffic.recipients",
            "a list of 1 or more",
        ),
        (
            lambda raw: raw["recipients"][2].update(recipient="Ads & Co"),
            "recipients.Ads & Co.recipient",
            "a-key-like-this",
        ),
    ],
)
def test_what_is_of_another_kind_is_named(
    change: Callable[[Text], object], field: str, expected: str
) -> None:
    assert faults(change)[field].startswith(expected)


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        (lambda raw: raw.update(condition_of_service=True), "condition_of_service", "false"),
        (lambda raw: raw["uses"].append(raw["uses"][0]), "uses.public.traffic", "to be told once"),
        (
            lambda raw: raw["categories"].pop(5),
            "categories.user.device",
            "to be told: for analytics.reporting, functional",
        ),
        (
            lambda raw: raw["recipients"].pop(2),
            "recipients.ads-partner",
            "to be told: for marketing.advertising",
        ),
        (lambda raw: raw["uses"].pop(7), "recipients.ads-partner", "a use"),
        (
            lambda raw: raw["uses"][0].update(purpose="essential.service"),
            "uses.essential.service.purpose",
            "one of public.traffic",
        ),
        (
            lambda raw: raw["uses"][0].update(dpv_purpose="dpv:Marketing"),
            "uses.public.traffic.dpv_purpose",
            "one of dpv:ImproveTransportMobility",
        ),
        (
            lambda raw: raw["categories"][5].update(dpv="pd:Age"),
            "categories.user.device.dpv",
            "one of pd:DeviceBased",
        ),
        (
            lambda raw: raw["uses"][7].update(fit_for_minors=True),
            "uses.marketing.advertising.fit_for_minors",
            "false",
        ),
        (
            lambda raw: raw["recipients"][1].update(kind="own"),
            "recipients.maps-sister.kind",
            "`own` for",
        ),
        (
            lambda raw: raw["uses"][7]["recipients"].append("own"),
            "uses.marketing.advertising.recipients",
            "own once",
        ),
        (
            lambda raw: raw.update(region=LAWLESS),
            "region.legal_bases.consent",
            "to be told",
        ),
        (lambda raw: raw.update(uses=[]), "uses", "at least 1"),
    ],
)
def test_what_contradicts_itself_is_named(
    change: Callable[[Text], object], field: str, expected: str
) -> None:
    assert faults(change)[field].startswith(expected)


OWN_LAW = msgspec.to_builtins(REGIONS["EU"])


def exactly(change: Callable[[Text], object]) -> dict[str, str]:
    """Change a notice that brings the law of its own region, and list what is then wrong."""

    def under_own_law(raw: Text) -> None:
        raw["region"] = msgspec.json.decode(msgspec.json.encode(OWN_LAW))
        change(raw)

    return faults(under_own_law)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: None, {}),
        (
            lambda raw: raw["region"]["legal_bases"].update(consent={"dpv": 7}),
            {
                "region.legal_bases.consent.dpv": "words",
                "region.legal_bases.consent.words": "to be told: it is missing",
            },
        ),
        (lambda raw: raw["region"].update(legal_bases=[]), {"region.legal_bases": "an object"}),
        (lambda raw: raw.update(categories={}), {"categories": "a list of 0 or more"}),
        (lambda raw: raw.update(uses=[7]), {"uses.0": "an object"}),
        (
            lambda raw: raw["operator"].update(motto="x"),
            {"operator.motto": "not to be there: no notice has it"},
        ),
        (
            lambda raw: raw["recipients"][1].update(kind="friend"),
            {"recipients.maps-sister.kind": "one of group, own, partner"},
        ),
        (
            lambda raw: raw["uses"][0]["categories"].append("user.location.precise"),
            {"uses.public.traffic.categories": "user.location.precise once"},
        ),
    ],
)
def test_a_fault_is_told_in_these_words(
    change: Callable[[Text], object], expected: dict[str, str]
) -> None:
    assert exactly(change) == expected


@pytest.mark.parametrize(("days", "is_right"), [(0, False), (1, True), (3660, True), (3661, False)])
def test_rows_are_kept_for_a_day_to_ten_years(days: int, *, is_right: bool) -> None:
    found = exactly(lambda raw: raw["categories"][0].update(retention_days=days))
    assert found == (
        {}
        if is_right
        else {"categories.user.account.retention_days": "a whole number from 1 to 3660"}
    )


def test_what_one_may_write_instead_is_listed() -> None:
    found = faults(lambda raw: raw["uses"][0].update(purpose="essential.service"))
    assert found["uses.essential.service.purpose"] == f"one of {', '.join(PURPOSES)}"
    where, _, words = TWO_TERMS
    found = faults(lambda raw: raw["uses"][where].update(dpv_purpose="dpv:Marketing0"))
    assert [*found.values()] == [f"one of {', '.join(words)}"]


TWO_TERMS = next(
    (number, use["purpose"], word.dpv)
    for number, use in enumerate(msgspec.json.decode(EVERYTHING)["uses"])
    for word in VOCABULARY.purposes
    if word.key == use["purpose"] and len(word.dpv) > 1
)


def test_seven_recipients_have_room_in_a_stamp() -> None:
    def fill_up(raw: Text) -> None:
        for number in range(len(raw["recipients"]), 7):
            raw["recipients"].append({**raw["recipients"][1], "recipient": f"sister-{number}"})

    assert "recipients" not in faults(fill_up)


def test_a_refusal_is_a_line_for_each_fault() -> None:
    refused = NoticeRefused([Fault("a", "b"), Fault("c", "d")])
    assert str(refused) == "nobody can agree to this notice:\n  a: b\n  c: d"


@pytest.mark.parametrize(
    ("text", "expected"), [(b"{", ("the file", "JSON")), (b"[]", ("the file", "an object"))]
)
def test_what_is_no_notice_is_told_what_one_is(text: bytes, expected: tuple[str, str]) -> None:
    with pytest.raises(NoticeRefused) as refused:
        checked(text, region=None, vocabulary=VOCABULARY)
    assert [(fault.field, fault.expected) for fault in refused.value.faults] == [expected]


def test_more_recipients_than_a_stamp_has_room_for_are_refused() -> None:
    def more(raw: Text) -> None:
        for number in range(5):
            raw["recipients"].append({**raw["recipients"][1], "recipient": f"sister-{number}"})

    assert faults(more)["recipients"] == "at most 7"


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[]", b"null"])
def test_what_is_no_notice_at_all_is_refused(text: bytes) -> None:
    with pytest.raises(NoticeRefused, match="the file"):
        checked(text, region=None, vocabulary=VOCABULARY)


def test_the_refusal_says_every_field_in_words() -> None:
    raw = {**msgspec.json.decode(EVERYTHING), "condition_of_service": True, "uses": []}
    with pytest.raises(NoticeRefused) as refused:
        checked(msgspec.json.encode(raw), region=None, vocabulary=VOCABULARY)
    for fault in refused.value.faults:
        assert f"{fault.field}: {fault.expected}" in str(refused.value)
    assert "sharing is never a condition" in str(refused.value)
