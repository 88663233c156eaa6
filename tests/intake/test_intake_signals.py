"""Signals at the door: rows posted under one are stamped with less, and never with more."""

import asyncio
import json

import pytest

from deal.tc_strings import core
from hubbub.deal.signals import Signal
from hubbub.deal.stamp import only
from hubbub.terms.purposes import (
    OWN,
    Category,
    LiveTraffic,
    Offers,
    Recipient,
    RecipientKey,
    Suggestions,
    Traffic,
    cell_bit,
)
from hubbub.terms.time import SECOND
from intake.intake_house import NOW, TOKEN, House, badge, scope_of, whole

ACME = Recipient(RecipientKey("acme"), slot=2)
TRAFFIC, LIVE, ADS = (cell_bit(each, OWN) for each in (Traffic, LiveTraffic, Offers))
SUGGESTED, TO_ACME = cell_bit(Suggestions, OWN), cell_bit(Traffic, ACME)
EVERYTHING = TRAFFIC | LIVE | ADS | SUGGESTED | TO_ACME
PRECISE = {"purposes": range(2, 12), "special_features": (1,)}

ROW = json.dumps([{"at": NOW // SECOND - 60, "lat": 60, "lon": 24}]).encode()


def given(may: int) -> House:
    """Open a house whose Ann has agreed to `may`."""
    house = House()
    house.deals.badges[TOKEN] = badge(may=may)
    return house


def conflicts(house: House) -> dict[Signal, int]:
    """Tell what was kept of signals against what Ann had said: about locations, and once each."""
    assert set(house.deals.conflicts.values()) <= {1}
    told = {}
    for subject, (signal, cells) in house.deals.conflicts:
        assert subject == 1
        assert cells == only(Category.LOCATION, cells[Category.LOCATION.number])
        told[signal] = cells[Category.LOCATION.number]
    return told


@pytest.mark.parametrize(
    ("headers", "query", "left"),
    [
        ({}, "", EVERYTHING),
        ({"sec-gpc": "0"}, "", EVERYTHING),
        ({"tc-string": core(**PRECISE)}, "", EVERYTHING),
        ({"sec-gpc": "1"}, "", TRAFFIC | LIVE | SUGGESTED),
        ({"tc-string": core(purposes=(2, 3, 4, 7))}, "", TRAFFIC | LIVE | ADS | TO_ACME),
        ({}, f"gdpr_consent={core(purposes=())}", TRAFFIC | LIVE | TO_ACME),
        ({"sec-gpc": "1", "tc-string": core(purposes=())}, "", TRAFFIC | LIVE),
    ],
)
def test_a_row_is_stamped_with_what_no_signal_says_no_to(
    headers: dict[str, str], query: str, left: int
) -> None:
    house = given(EVERYTHING)
    assert house.post(body=ROW, headers=headers, query=query).status == 200
    assert house.journal.rows["may"].tolist() == [left]
    assert bool(conflicts(house)) is (left != EVERYTHING)


def test_what_a_signal_says_no_to_is_kept_with_who_and_which() -> None:
    house = given(EVERYTHING)
    house.post(body=ROW, headers={"sec-gpc": "1", "tc-string": core(purposes=(2, 3, 4, 7))})
    assert conflicts(house) == {Signal.GPC: ADS | TO_ACME, Signal.TCF: SUGGESTED}


def test_a_signal_against_nothing_is_no_conflict() -> None:
    house = given(TRAFFIC)
    house.post(body=ROW, headers={"sec-gpc": "1"})
    assert house.journal.rows["may"].tolist() == [TRAFFIC]
    assert conflicts(house) == {}


def test_a_row_that_is_left_for_nothing_is_refused_counted_and_not_kept() -> None:
    house = given(EVERYTHING)
    reply = house.post(body=ROW, headers={"tc-string": core(special_features=())})
    assert (reply.status, reply.json()["type"]) == (403, "urn:hubbub:problem:signal")
    assert len(house.journal.rows) == 0
    assert house.deals.refused == {"signal": 1}
    assert conflicts(house) == {Signal.TCF: EVERYTHING}


@pytest.mark.parametrize("path", ["", "/owntracks", "/overland", "/traccar", "/gpslogger"])
def test_a_bad_string_is_a_clear_error_and_lets_nothing_in(path: str) -> None:
    house = given(EVERYTHING)
    reply = house.post(path, ROW, headers={"tc-string": "CQuIxQAQuIxQ"})
    assert (reply.status, reply.json()["type"]) == (400, "urn:hubbub:problem:bad-tc-string")
    assert reply.json()["detail"] == "not a TC string of TCF 2.2 or 2.3: it is whole"
    assert len(house.journal.rows) == 0


@pytest.mark.parametrize("twice", [["1", "0"], ["0", "1"]])
def test_every_header_of_a_name_counts(twice: list[str]) -> None:
    house = given(EVERYTHING)
    scope = scope_of()
    scope["headers"] += [(b"sec-gpc", value.encode()) for value in twice]
    assert asyncio.run(house.ask(scope, whole(ROW))).status == 200
    assert house.journal.rows["may"].tolist() == [TRAFFIC | LIVE | SUGGESTED]
