"""Whatever few people do in whatever order, rows that no deal covers have no say in any answer."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deal.notices import everything_told
from hubbub.deal.signals import Signal
from hubbub.prove.histories import (
    Agrees,
    ChoosesAnew,
    Deed,
    GoesOn,
    Life,
    Pauses,
    Shares,
    TakesBack,
)
from hubbub.prove.living import faults_of
from hubbub.prove.playing import played_house
from hubbub.terms.purposes import (
    OWN,
    Category,
    Cell,
    LiveTraffic,
    Offers,
    RecipientKey,
    Traffic,
    Usage,
)

TOLD = everything_told()
OFFERED = sorted(TOLD.cells(), key=lambda cell: cell.words)
OF_ROWS = [cell for cell in OFFERED if cell.category is Category.LOCATION]
BARRED = frozenset(cell for cell in OFFERED if not TOLD.use(cell.purpose).fit_for_minors)
USUAL, LIVE = (Cell(Category.LOCATION, each) for each in (Traffic, LiveTraffic))
HOURS = 8

cells = st.frozensets(st.sampled_from(OF_ROWS) | st.sampled_from(OFFERED), min_size=1, max_size=3)
one_cell = cells.map(lambda several: frozenset([min(several, key=OFFERED.index)]))
deeds = st.one_of(
    st.builds(Shares, st.sampled_from((0, 0, 0, 1, 3)), st.sampled_from((None, None, *Signal))),
    st.builds(Agrees, one_cell),
    st.builds(ChoosesAnew, one_cell),
    st.builds(TakesBack, st.one_of(cells, st.none())),
    st.sampled_from((Pauses(), GoesOn())),
)
lives = st.builds(
    Life,
    st.lists(deeds, min_size=HOURS, max_size=HOURS).map(tuple),
    st.sampled_from((frozenset(), frozenset(), BARRED)),
)


@given(crowd=st.lists(lives, min_size=1, max_size=24))
@settings(max_examples=5, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_an_answer_is_what_it_were_if_uncovered_rows_had_never_been_sent(
    crowd: list[Life],
) -> None:
    with played_house() as house:
        house.play(crowd)
        assert faults_of(house, crowd) == []


AT_ONCE, LATE = Shares(0), Shares(2)
A_YES, ANOTHER = frozenset({USUAL}), frozenset({LIVE})
ADS, SISTER, PARTNER = (
    Cell(Category.LOCATION, Offers, RecipientKey(key))
    for key in ("own", "maps-sister", "ads-partner")
)
SISTER_COUNTS = Cell(Category.LOCATION, Usage, SISTER.recipient)
OF_DEVICES = Agrees(frozenset({Cell(Category.DEVICE, Usage)}))


BOTH = Agrees(A_YES), Agrees(ANOTHER)
BY_HAND: dict[str, tuple[tuple[Deed, ...], int, set[Cell]]] = {
    "agreed before": ((Agrees(A_YES), AT_ONCE), 1, {USUAL}),
    "never agreed": ((AT_ONCE,), 0, set()),
    "agreed afterwards": ((AT_ONCE, Agrees(A_YES)), 0, set()),
    "collected before": ((ChoosesAnew(A_YES), Agrees(ANOTHER), LATE), 2, {USUAL}),
    "taken back": ((*BOTH, AT_ONCE, TakesBack(A_YES)), 2, {LIVE}),
    "all taken back": ((*BOTH, AT_ONCE, TakesBack(None)), 2, set()),
    "agreed again": ((Agrees(A_YES), AT_ONCE, TakesBack(A_YES), Agrees(A_YES)), 1, set()),
    "chosen anew, the same": ((Agrees(A_YES), AT_ONCE, ChoosesAnew(A_YES)), 1, {USUAL}),
    "chosen anew, another": ((Agrees(A_YES), AT_ONCE, ChoosesAnew(ANOTHER)), 1, set()),
    "agreed to more": ((Agrees(A_YES), AT_ONCE, Agrees(ANOTHER)), 1, {USUAL}),
    "paused": ((Agrees(A_YES), AT_ONCE, Pauses()), 1, set()),
    "paused, and gone on": ((Agrees(A_YES), AT_ONCE, Pauses(), GoesOn()), 1, {USUAL}),
    "shared in a pause": ((Agrees(A_YES), Pauses(), AT_ONCE, GoesOn()), 2, set()),
    "collected in a pause": ((Agrees(A_YES), Pauses(), GoesOn(), Shares(1)), 3, {USUAL}),
    "agreed in a pause": ((Agrees(A_YES), Pauses(), Agrees(ANOTHER), AT_ONCE), 3, set()),
    "no ads, and nobody else": ((Agrees(A_YES), Shares(0, Signal.GPC)), 1, {USUAL}),
    "another kind of data": ((OF_DEVICES, AT_ONCE), 1, set()),
    "one kind of data of two": (
        (OF_DEVICES, Agrees(A_YES), AT_ONCE, TakesBack(OF_DEVICES.cells)),
        2,
        {USUAL},
    ),
    "a partner, and nobody else": ((Agrees(frozenset({PARTNER})), AT_ONCE), 1, {PARTNER}),
    "a partner taken back": (
        (
            *map(Agrees, map(frozenset, ([PARTNER], [SISTER]))),
            AT_ONCE,
            TakesBack(frozenset({PARTNER})),
        ),
        2,
        {SISTER},
    ),
    "no partner and no ads": (
        (*map(Agrees, map(frozenset, ([ADS], [SISTER_COUNTS], [USUAL]))), Shares(0, Signal.GPC)),
        3,
        {USUAL},
    ),
    "nothing at all": ((Agrees(A_YES), Shares(0, Signal.TCF)), 1, set()),
}


def test_a_minor_agrees_to_what_is_fit_for_minors_and_to_nothing_else() -> None:
    ads = Agrees(frozenset({ADS}))
    asked = (ads, Agrees(A_YES), AT_ONCE, ChoosesAnew(ads.cells), Pauses(), GoesOn())
    minor, adult = Life(asked, BARRED), Life((ads, AT_ONCE))
    assert {cell for cell in OFFERED if minor.covers(2, cell)} == {USUAL}
    assert {cell for cell in OFFERED if adult.covers(1, cell)} == {ADS}
    with played_house() as house:
        house.play([minor, adult])
        assert faults_of(house, [minor, adult]) == []
        assert house.read(Traffic, OWN) == {(0, 2)}
        assert house.read(Offers, OWN) == {(1, 1)}


@pytest.mark.parametrize(("deeds", "hour", "covered"), BY_HAND.values(), ids=BY_HAND)
def test_what_is_covered_is_told_by_the_words_of_the_deal(
    deeds: tuple[Deed, ...], hour: int, covered: set[Cell]
) -> None:
    """Who judges the house is judged by hand."""
    assert {cell for cell in OF_ROWS if Life(deeds).covers(hour, cell)} == covered


def test_what_is_covered_is_read_and_nothing_else() -> None:
    crowd = [Life(deeds) for deeds, _, _ in BY_HAND.values()]
    with played_house() as house:
        house.play(crowd)
        assert faults_of(house, crowd) == []
        own, *others = house.recipients
        assert house.read(Traffic, own)
        assert all(house.read(Offers, each) for each in others)
        assert not house.read(Offers, own)
