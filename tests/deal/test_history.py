"""The auditor's view: what was open when, by the documents of the receipts alone."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deal.notices import NOTICE
from hubbub.deal.history import SLACK_US, History, Pause
from hubbub.deal.receipt import Choice, Receipt, make_receipt
from hubbub.terms.purposes import Category, Cell, LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
USUAL, LIVE = Cell(Category.LOCATION, Traffic), Cell(Category.LOCATION, LiveTraffic)
HOUR = 3600 * SECOND
DAWN = 1_764_000_000 * SECOND


def receipt(hour: int, *granted: Cell, closed: tuple[Cell, ...] = ()) -> Receipt:
    choice = Choice(
        identifier=f"urn:uuid:{hour}",
        person="urn:uuid:ann",
        granted=granted,
        closed=closed,
        method="page",
        at=at(hour),
    )
    return make_receipt(NOTICE, choice, KEY)


def at(hour: float) -> Instant:
    return Instant(int(DAWN + hour * HOUR))


def test_a_row_may_be_read_from_when_its_cell_was_opened() -> None:
    history = History([receipt(1, USUAL), receipt(5, USUAL, LIVE)])
    assert history.cells() == {USUAL, LIVE}
    asked = [(cell, hour) for cell in (USUAL, LIVE) for hour in (0, 3, 7)]
    told = [history.may_read(cell, collected=at(hour)) for cell, hour in asked]
    assert told == [False, True, True, False, False, True]


def test_a_row_may_not_be_read_once_its_cell_was_closed_not_even_when_it_is_open_again() -> None:
    taken_back = [receipt(1, USUAL, LIVE), receipt(3, LIVE, closed=(USUAL,))]
    history = History(taken_back)
    assert history.may_read(USUAL, collected=at(2)) is False
    assert history.may_read(LIVE, collected=at(2)) is True
    again = History([*taken_back, receipt(5, USUAL, LIVE)])
    told = [again.may_read(USUAL, collected=at(hour)) for hour in (2, 4, 6)]
    assert told == [False, False, True]


def test_a_receipt_that_says_closed_is_believed_whatever_it_grants() -> None:
    history = History([receipt(1, USUAL), receipt(3, USUAL, closed=(USUAL,))])
    assert history.may_read(USUAL, collected=at(2)) is False


def test_nothing_may_be_read_in_a_pause_nor_what_was_collected_in_one() -> None:
    given = [receipt(1, USUAL)]
    paused = History(given, pauses=[Pause(since=at(4), until=None)])
    assert paused.may_read(USUAL, collected=at(2)) is False
    gone_on = History(given, pauses=[Pause(since=at(4), until=at(6))])
    told = [gone_on.may_read(USUAL, collected=at(hour)) for hour in (2, 5, 7)]
    assert told == [True, False, True]


def test_nothing_may_be_read_for_who_was_revoked() -> None:
    history = History([receipt(1, USUAL)], revoked=frozenset({USUAL.recipient}))
    assert history.cells() == frozenset()
    assert history.may_read(USUAL, collected=at(2)) is False


def test_near_a_change_either_verdict_is_right_and_no_further() -> None:
    history = History([receipt(1, USUAL)], pauses=[Pause(since=at(4), until=at(6))])
    for change, before, after in ((1, False, True), (4, True, False), (6, False, True)):
        moment = at(change)
        told = [
            history.may_read(USUAL, collected=Instant(moment + shift))
            for shift in (-SLACK_US - 1, -SLACK_US, 0, SLACK_US - 1, SLACK_US)
        ]
        assert told == [before, None, None, None, after]


def test_no_receipt_is_a_no() -> None:
    assert History([]).may_read(USUAL, collected=at(2)) is False
