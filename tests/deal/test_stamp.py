"""The stamp: what was granted, as one integer."""

from hypothesis import given
from hypothesis import strategies as st

from hubbub.deal.stamp import CELLS, cells_of, stamp
from hubbub.terms.purposes import PURPOSES, Recipient, Traffic, cell_bit


@given(cells=st.sets(st.sampled_from(CELLS)))
def test_a_stamp_says_what_was_granted_and_nothing_else(cells: set[tuple[type, Recipient]]) -> None:
    assert set(cells_of(stamp(cells))) == cells


def test_every_cell_has_a_bit_of_its_own() -> None:
    bits = [cell_bit(*cell) for cell in CELLS]
    assert len(CELLS) == len(PURPOSES)
    assert sum(bits) == stamp(CELLS)
    assert all(bit.bit_count() == 1 for bit in bits)


def test_an_unknown_bit_grants_nothing() -> None:
    unknown = 1 << 62
    assert cells_of(unknown) == ()
    assert cells_of(unknown | cell_bit(Traffic, Recipient.OWN)) == ((Traffic, Recipient.OWN),)
