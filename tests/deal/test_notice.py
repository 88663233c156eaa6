"""The notice: complete, read strictly, named by its content."""

from importlib import resources

import msgspec
import pytest

from hubbub.deal.notice import Operator, read_notice
from hubbub.terms.purposes import OWN, Category, Cell, LiveTraffic, Places, Traffic

TEXT = resources.files("hubbub.deal").joinpath("notice.json").read_bytes()
NOTICE = read_notice(TEXT)
FIELDS = sorted(msgspec.json.decode(TEXT))


def test_the_notice_we_ship_offers_what_this_hubbub_does_and_no_more() -> None:
    assert NOTICE.purposes() == {Traffic, LiveTraffic, Places}
    assert set(NOTICE.recipients) == {OWN.key}
    assert NOTICE.cells() == {Cell(Category.LOCATION, each) for each in NOTICE.purposes()}
    assert NOTICE.use(LiveTraffic).purpose == "public.traffic.live"


@pytest.mark.parametrize("field", FIELDS)
def test_a_notice_that_leaves_a_field_out_is_refused_by_its_name(field: str) -> None:
    whole = msgspec.json.decode(TEXT)
    del whole[field]
    with pytest.raises(msgspec.ValidationError, match=field):
        read_notice(msgspec.json.encode(whole))


def test_a_notice_with_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="small_print"):
        read_notice(msgspec.json.encode({**msgspec.json.decode(TEXT), "small_print": "all yours"}))


def test_a_notice_has_one_text_and_one_hash() -> None:
    again = read_notice(NOTICE.canonical())
    assert again == NOTICE
    assert (again.canonical(), again.sha256) == (NOTICE.canonical(), NOTICE.sha256)
    assert len(NOTICE.sha256) == 64


def test_another_word_is_another_hash() -> None:
    other = NOTICE.published(1, Operator(name="City of Helsinki", contact="privacy@example.org"))
    assert other.sha256 != NOTICE.sha256
    assert other.published(1, NOTICE.operator).sha256 == NOTICE.sha256
    assert NOTICE.published(2, NOTICE.operator).sha256 != NOTICE.sha256


def test_every_piece_of_a_notice_says_something() -> None:
    def texts(value: object) -> list[str]:
        match value:
            case str():
                return [value]
            case dict():
                return [text for part in value.values() for text in texts(part)]
            case list():
                return [text for part in value for text in texts(part)]
        return []

    told = texts(msgspec.json.decode(NOTICE.canonical()))
    assert len(told) > 40
    assert all(text.strip() for text in told)
