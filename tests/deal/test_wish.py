"""What a wish comes to, and what nobody can wish for like that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deal.notices import NOTICE, everything_told
from hubbub.deal.desk import AgeBand, ChoiceRefused
from hubbub.deal.wish import cells_left, cells_wished, read_cell
from hubbub.terms.purposes import (
    Category,
    Cell,
    LiveTraffic,
    Offers,
    Places,
    RecipientKey,
    Suggestions,
    Traffic,
    Usage,
)

ADULT, MINOR = AgeBand.ADULT, AgeBand.MINOR
TRAFFIC, LIVE = Cell(Category.LOCATION, Traffic), Cell(Category.LOCATION, LiveTraffic)
DEVICE, ACCOUNT = Cell(Category.DEVICE, Usage), Cell(Category.ACCOUNT, Usage)
ALL = everything_told()
cells = st.sampled_from(sorted(ALL.cells(), key=lambda cell: cell.words))


@given(wish=st.frozensets(cells, min_size=1))
def test_what_is_wished_for_by_the_cell_is_that_and_nothing_else(wish: frozenset[Cell]) -> None:
    assert cells_wished(wish, ALL, age=ADULT) == wish


def test_a_purpose_alone_stands_for_its_one_cell_of_the_own_service() -> None:
    assert cells_wished(frozenset({Traffic}), ALL, age=ADULT) == {TRAFFIC}
    with pytest.raises(ChoiceRefused, match=r"analytics\.reporting: offered for several"):
        cells_wished(frozenset({Usage}), ALL, age=ADULT)


def test_a_purpose_of_two_cells_does_not_tell_which_is_meant() -> None:
    granted = [Cell(Category.DEVICE, Traffic)]
    with pytest.raises(ChoiceRefused, match=r"public\.traffic: offered for several"):
        cells_wished(frozenset({Traffic}), NOTICE, granted=granted, age=ADULT)


@pytest.mark.parametrize(
    "cell",
    [
        Cell(Category.DEVICE, Traffic),
        Cell(Category.LOCATION, Offers),
        Cell(Category.LOCATION, Traffic, RecipientKey("ads-partner")),
    ],
)
def test_what_the_notice_does_not_offer_cannot_be_wished_for(cell: Cell) -> None:
    with pytest.raises(ChoiceRefused, match=f"{cell.words}: not offered"):
        cells_wished(frozenset({cell}), NOTICE, age=ADULT)


def test_nothing_is_no_wish() -> None:
    with pytest.raises(ChoiceRefused, match="nothing was chosen"):
        cells_wished(frozenset(), NOTICE, age=ADULT)


def test_what_was_granted_may_stay_when_it_is_not_offered_any_more() -> None:
    assert cells_wished(frozenset({DEVICE, TRAFFIC}), NOTICE, granted=[DEVICE], age=ADULT) == {
        DEVICE,
        TRAFFIC,
    }


def test_a_special_category_is_never_chosen_in_bulk() -> None:
    notice = everything_told("US-CA")
    for bulk in ({TRAFFIC, LIVE}, {TRAFFIC, DEVICE}):
        with pytest.raises(ChoiceRefused, match="one at a time"):
            cells_wished(frozenset(bulk), notice, age=ADULT)
    assert cells_wished(frozenset({TRAFFIC}), notice, age=ADULT) == {TRAFFIC}
    more = cells_wished(frozenset({TRAFFIC, LIVE}), notice, granted=[TRAFFIC], age=ADULT)
    assert more == {TRAFFIC, LIVE}
    assert cells_wished(frozenset({DEVICE, ACCOUNT}), notice, age=ADULT) == {DEVICE, ACCOUNT}


def test_a_minor_chooses_one_at_a_time() -> None:
    with pytest.raises(ChoiceRefused, match="one at a time"):
        cells_wished(frozenset({TRAFFIC, LIVE}), ALL, age=MINOR)
    assert cells_wished(frozenset({TRAFFIC}), ALL, age=MINOR) == {TRAFFIC}


@pytest.mark.parametrize("purpose", [Suggestions, Offers])
def test_a_minor_is_not_offered_what_is_not_fit_for_minors(purpose: type) -> None:
    wish = frozenset({Cell(Category.DEVICE, purpose)})
    with pytest.raises(ChoiceRefused, match="not offered to minors"):
        cells_wished(wish, ALL, age=MINOR)
    assert cells_wished(wish, ALL, age=ADULT) == wish


def test_a_minor_keeps_what_was_granted() -> None:
    kept = Cell(Category.DEVICE, Offers)
    assert cells_wished(frozenset({kept}), ALL, granted=[kept], age=MINOR) == {kept}


def test_what_is_taken_back_by_purpose_is_every_cell_of_it() -> None:
    granted = (TRAFFIC, DEVICE, ACCOUNT)
    assert cells_left(frozenset({Usage}), granted) == (TRAFFIC,)
    assert cells_left(frozenset({DEVICE}), granted) == (TRAFFIC, ACCOUNT)
    assert cells_left(frozenset({Places}), granted) == granted
    assert cells_left(None, granted) == ()


@given(cell=cells)
def test_a_cell_is_read_as_it_is_written(cell: Cell) -> None:
    assert read_cell(cell.words.replace(" ", ":")) == cell


def test_a_cell_that_names_no_recipient_is_for_the_own_service() -> None:
    assert read_cell("user.location.precise:public.traffic") == TRAFFIC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "user.device",
        "user.soul:public.traffic",
        "user.device:everything",
        "user.device:public.traffic:own:x",
    ],
)
def test_what_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(ChoiceRefused, match="a cell is CATEGORY:PURPOSE"):
        read_cell(text)
