"""Signals of browsers and apps: they narrow a stamp by what they say no to, and never widen it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deal.tc_strings import core
from hubbub.deal.signals import (
    NO_SIGNALS,
    TCF_PURPOSES,
    Signal,
    Signals,
    closed_by_tcf,
    read_signals,
)
from hubbub.deal.stamp import NOTHING, Stamps, cells_of, stamps
from hubbub.deal.tcf import NotTcf, read_tc_string
from hubbub.terms.purposes import (
    OWN,
    PURPOSES,
    RECIPIENTS_MAX,
    Category,
    Cell,
    LiveTraffic,
    Offers,
    Recipient,
    RecipientKey,
    Suggestions,
    Traffic,
    Usage,
)

KNOWN = (OWN, *(Recipient(RecipientKey(f"r{slot}"), slot) for slot in range(1, RECIPIENTS_MAX)))
EVERYTHING = stamps(
    (
        Cell(category, purpose, recipient.key)
        for category in Category
        for purpose in PURPOSES.values()
        for recipient in KNOWN
    ),
    KNOWN,
)
GPC = read_signals(gpc=["1"])


def left(signals: Signals, granted: Stamps = EVERYTHING) -> set[Cell]:
    """Give the cells that `signals` leave of what was granted."""
    return set(cells_of(signals.narrow(granted), KNOWN))


def tcf(*purposes: int, precise: bool = True) -> Signals:
    """Give the signals of an app whose dialogue was told these purposes."""
    told = core(purposes=purposes, special_features=(1,) if precise else ())
    return read_signals(tc_strings=[told])


def test_gpc_leaves_the_own_service_everything_but_ads_and_nobody_else_anything() -> None:
    assert left(GPC) == {
        cell
        for cell in cells_of(EVERYTHING, KNOWN)
        if cell.recipient == OWN.key and cell.purpose is not Offers
    }


@pytest.mark.parametrize("value", [["1"], [" 1"], ["yes"], [""], ["0", "1"]])
def test_whatever_is_sent_as_gpc_counts(value: list[str]) -> None:
    assert left(read_signals(gpc=value)) == left(GPC)


@pytest.mark.parametrize("value", [[], ["0"]])
def test_no_gpc_narrows_nothing(value: list[str]) -> None:
    assert left(read_signals(gpc=value)) == left(NO_SIGNALS) == left(Signals())
    assert len(left(NO_SIGNALS)) == 8 * 8 * 7


def test_a_string_that_agrees_to_everything_closes_nothing() -> None:
    assert left(tcf(*range(2, 12))) == left(NO_SIGNALS)


@pytest.mark.parametrize(
    ("purpose", "number"), [(p, n) for p, numbers in TCF_PURPOSES.items() for n in numbers]
)
def test_one_purpose_of_tcf_that_was_refused_closes_what_it_is_a_part_of(
    purpose: type[Offers], number: int
) -> None:
    closed = left(NO_SIGNALS) - left(tcf(*({*range(2, 12)} - {number})))
    assert purpose in {cell.purpose for cell in closed}
    assert {cell.purpose for cell in closed} == {
        each for each, numbers in TCF_PURPOSES.items() if number in numbers
    }


@pytest.mark.parametrize(("purpose", "numbers"), TCF_PURPOSES.items())
def test_a_string_that_agrees_to_just_what_is_wanted_leaves_a_purpose_open(
    purpose: type[Offers], numbers: frozenset[int]
) -> None:
    assert purpose in {cell.purpose for cell in left(tcf(*numbers))}


def test_a_string_that_agrees_to_nothing_leaves_what_tcf_does_not_speak_of() -> None:
    kept = left(tcf(precise=False))
    assert {cell.purpose for cell in kept} == set(PURPOSES.values()) - TCF_PURPOSES.keys()
    assert Category.LOCATION not in {cell.category for cell in kept}
    assert Cell(Category.SERVICE_USE, Traffic) in kept


def test_without_special_feature_one_no_precise_place_is_read_for_anything() -> None:
    closed = left(NO_SIGNALS) - left(tcf(*range(2, 12), precise=False))
    assert {cell.category for cell in closed} == {Category.LOCATION}
    assert len(closed) == 8 * 7


def test_legitimate_interest_is_no_yes() -> None:
    told = read_tc_string(core(purposes=(), legitimate_interest=range(2, 12)))
    assert closed_by_tcf(told) == closed_by_tcf(read_tc_string(core(purposes=())))


def test_a_bad_string_is_refused_and_never_read_as_a_yes() -> None:
    with pytest.raises(NotTcf):
        read_signals(gpc=["1"], tc_strings=["CQuI"])


def test_two_signals_narrow_together() -> None:
    both = read_signals(gpc=["1"], tc_strings=[core(purposes=(8, 9), special_features=(1,))])
    assert left(both) == left(GPC) & left(tcf(8, 9))


masks = st.tuples(*[st.integers(0, 2**63 - 1)] * len(Category))


@given(granted=masks, one=masks, other=masks)
def test_no_signal_ever_widens(granted: Stamps, one: Stamps, other: Stamps) -> None:
    signals = Signals(closes=((Signal.GPC, one), (Signal.TCF, other)))
    narrowed = signals.narrow(granted)
    assert all(may & ~before == 0 for may, before in zip(narrowed, granted, strict=True))
    assert all(may & (a | b) == 0 for may, a, b in zip(narrowed, one, other, strict=True))


def test_a_signal_says_to_what_of_a_persons_yes_it_says_no() -> None:
    granted = stamps(
        [
            Cell(Category.LOCATION, LiveTraffic),
            Cell(Category.LOCATION, Traffic, KNOWN[2].key),
            Cell(Category.INTERACTIONS, Suggestions),
        ],
        KNOWN,
    )
    signals = read_signals(gpc=["1"], tc_strings=[core(purposes=(8, 9), special_features=(1,))])
    told = {signal: set(cells_of(cells, KNOWN)) for signal, cells in signals.against(granted)}
    assert told == {
        Signal.GPC: {Cell(Category.LOCATION, Traffic, KNOWN[2].key)},
        Signal.TCF: {Cell(Category.INTERACTIONS, Suggestions)},
    }
    assert signals.against(stamps([Cell(Category.SERVICE_USE, Usage)], KNOWN)) == ()
    assert signals.against(NOTHING) == ()
