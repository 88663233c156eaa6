"""The stamps: what was granted, as one integer a category."""

from hypothesis import given
from hypothesis import strategies as st

from hubbub.deal.desk import Badge, LiveReceipt
from hubbub.deal.stamp import NOTHING, cells_of, only, stamps
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.purposes import (
    OWN,
    PURPOSES,
    RECIPIENTS_MAX,
    Category,
    Cell,
    Recipient,
    RecipientKey,
    Traffic,
    cell_bit,
)
from hubbub.terms.time import Instant

RECIPIENTS = (OWN, *(Recipient(RecipientKey(f"r{n}"), n) for n in range(1, RECIPIENTS_MAX)))
CELLS = [
    Cell(category, purpose, recipient.key)
    for category in Category
    for purpose in PURPOSES.values()
    for recipient in RECIPIENTS
]


@given(cells=st.sets(st.sampled_from(CELLS)))
def test_stamps_say_what_was_granted_and_nothing_else(cells: set[Cell]) -> None:
    assert set(cells_of(stamps(cells, RECIPIENTS), RECIPIENTS)) == cells


def test_every_purpose_and_recipient_has_a_bit_of_its_own_in_63() -> None:
    bits = [cell_bit(purpose, to) for purpose in PURPOSES.values() for to in RECIPIENTS]
    assert len({*bits}) == len(PURPOSES) * RECIPIENTS_MAX
    assert all(bit.bit_count() == 1 for bit in bits)
    assert max(bits) < 1 << 63


def test_a_bit_once_given_never_means_anything_else() -> None:
    by_key = {key: purpose.index for key, purpose in PURPOSES.items()}
    assert by_key == {
        "public.traffic": 0,
        "public.traffic.live": 1,
        "public.places": 2,
        "analytics.reporting": 3,
        "functional.service.improve": 4,
        "personalize.content.profiling": 5,
        "personalize.system": 6,
        "marketing.advertising": 7,
    }
    assert [cell_bit(PURPOSES[key], OWN) for key in by_key] == [1 << 8 * n for n in range(8)]


def test_what_is_granted_of_one_category_is_nothing_to_another() -> None:
    granted = stamps([Cell(Category.DEVICE, Traffic)], RECIPIENTS)
    assert granted[Category.DEVICE.number] == cell_bit(Traffic, OWN)
    assert sum(granted) == granted[Category.DEVICE.number]


@given(cells=st.sets(st.sampled_from(CELLS)), category=st.sampled_from(Category))
def test_a_row_is_stamped_by_what_was_granted_of_its_own_category(
    cells: set[Cell], category: Category
) -> None:
    granted = stamps(cells, RECIPIENTS)
    badge = Badge(subject=Subject(1), receipt=ReceiptNumber(1), stamps=granted, since=Instant(0))
    own = {cell for cell in cells if cell.category is category}
    assert badge.stamp(category) == stamps(own, RECIPIENTS)[category.number]


def test_an_unknown_bit_grants_nothing() -> None:
    unknown = 1 << 62
    assert cells_of((*NOTHING[1:], unknown), [OWN]) == ()
    both = (*NOTHING[1:], unknown | cell_bit(Traffic, OWN))
    assert cells_of(both, [OWN]) == (Cell(Category.LOCATION, Traffic),)


def test_nothing_is_stamped_in_a_pause_and_all_as_before_when_it_is_over() -> None:
    stamped = tuple(range(1, len(Category) + 1))
    for paused in (False, True):
        receipt, since = ReceiptNumber(1), Instant(0)
        badge = Badge(
            subject=Subject(1), receipt=receipt, stamps=stamped, since=since, paused=paused
        )
        live = LiveReceipt(subject=Subject(1), stamps=stamped, paused=paused)
        expected = [0 if paused else number for number in stamped]
        assert [badge.stamp(category) for category in Category] == expected
        assert [live.stamp(category) for category in Category] == expected


def test_the_stamps_of_one_category_grant_nothing_of_another() -> None:
    for category in Category:
        alone = only(category, 7)
        assert [may for may in alone if may] == [7]
        assert alone[category.number] == 7
