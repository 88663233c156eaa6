"""The notice: every field of article 13, one text under several laws, named by its content."""

import msgspec
import pytest
from msgspec.structs import replace

from deal.notices import NOTICE, REGIONS, SHIPPED, everything, everything_told
from hubbub.deal.notice import (
    Operator,
    RegionUnknown,
    draft,
    hash_of,
    label,
    read_notice,
    read_notice_text,
    read_regions,
)
from hubbub.record.deal_store_notices import packaged
from hubbub.terms.purposes import (
    OWN,
    PURPOSES,
    Category,
    Cell,
    LiveTraffic,
    Places,
    RecipientKey,
    Traffic,
)

DOCUMENT = NOTICE.canonical()
FIELDS = sorted(msgspec.json.decode(DOCUMENT))


def test_the_notice_we_ship_offers_what_this_hubbub_does_and_no_more() -> None:
    assert NOTICE.purposes() == {Traffic, LiveTraffic, Places}
    assert NOTICE.cells() == {Cell(Category.LOCATION, each) for each in NOTICE.purposes()}
    assert [told.recipient for told in NOTICE.recipients] == [OWN.key]
    assert NOTICE.use(LiveTraffic).purpose == "public.traffic.live"


def test_the_example_offers_eight_categories_every_purpose_and_three_kinds_of_recipients() -> None:
    cells = everything_told().cells()
    assert {cell.category for cell in cells} == set(Category)
    assert {cell.purpose for cell in cells} == set(PURPOSES.values())
    kinds = {everything_told().recipient(cell.recipient).kind for cell in cells}
    assert kinds == {"own", "group", "partner"}
    assert len(cells) == 75


@pytest.mark.parametrize("field", FIELDS)
def test_a_notice_that_leaves_a_field_out_is_refused_by_its_name(field: str) -> None:
    whole = msgspec.json.decode(DOCUMENT)
    del whole[field]
    with pytest.raises(msgspec.ValidationError, match=field):
        read_notice(msgspec.json.encode(whole))


def test_a_notice_with_a_field_that_nobody_knows_is_refused() -> None:
    more = {**msgspec.json.decode(DOCUMENT), "small_print": "all yours"}
    with pytest.raises(msgspec.ValidationError, match="small_print"):
        read_notice(msgspec.json.encode(more))


def test_a_notice_has_one_text_and_one_hash() -> None:
    again = read_notice(NOTICE.canonical())
    assert again == NOTICE
    assert (again.canonical(), again.sha256) == (NOTICE.canonical(), NOTICE.sha256)
    assert NOTICE.sha256 == hash_of(NOTICE.canonical())
    assert len(NOTICE.sha256) == 64


def test_another_operator_or_version_is_another_notice() -> None:
    city = Operator(name="City of Helsinki", contact="privacy@example.org")
    assert replace(NOTICE, operator=city).sha256 != NOTICE.sha256
    assert replace(NOTICE, version=2).sha256 != NOTICE.sha256


def test_regions_differ_as_data_and_the_words_are_the_same() -> None:
    told = {key: msgspec.to_builtins(everything_told(key)) for key in REGIONS}
    assert {"EU", "UK", "IN", "US-CA"} <= told.keys()
    regions = [notice.pop("region") for notice in told.values()]
    assert all(notice == told["EU"] for notice in told.values())
    assert len({msgspec.json.encode(region) for region in regions}) == len(regions)
    ages = {key: region.adult_from_years for key, region in REGIONS.items()}
    assert (ages["EU"], ages["UK"], ages["IN"]) == (16, 13, 18)


def test_what_a_use_rests_on_is_told_by_the_law_of_the_region() -> None:
    bases = {}
    for key in ("EU", "UK", "IN"):
        notice = everything_told(key)
        bases[key] = notice.basis(notice.use(Traffic))
    assert bases["EU"].dpv == "eu-gdpr:A6-1-a"
    assert len({basis.words for basis in bases.values()}) == 3


def test_a_category_is_special_where_the_law_says_so() -> None:
    assert everything_told("US-CA").is_special(Category.LOCATION)
    assert not everything_told("EU").is_special(Category.LOCATION)
    assert not everything_told("US-CA").is_special(Category.DEVICE)


def test_a_region_that_nobody_knows_is_refused_with_those_there_are() -> None:
    text = read_notice_text(SHIPPED)
    with pytest.raises(RegionUnknown, match="EU, IN, UK, US-CA"):
        draft(text, "MOON", REGIONS)


def test_the_regions_that_hubbub_brings_are_read_by_their_keys() -> None:
    regions = read_regions(packaged("regions.json"))
    assert regions == REGIONS
    assert all(region.region == key for key, region in regions.items())


def test_a_part_is_called_by_its_key_or_by_its_number() -> None:
    assert label({"words": "x", "category": "user.device"}, 3) == "user.device"
    assert [label(part, 3) for part in ({"purpose": 7}, {}, "words")] == ["3", "3", "3"]


def test_an_operator_may_bring_a_region_of_their_own() -> None:
    moon = replace(REGIONS["EU"], region="MOON")
    text = replace(read_notice_text(SHIPPED), region=moon)
    assert draft(text, "EU", REGIONS).published(1).region == moon


def test_every_cell_can_be_said_in_the_words_of_the_notice() -> None:
    notice = everything("UK").published(3)
    for cell in notice.cells():
        use, category = notice.use(cell.purpose), notice.category(cell.category)
        recipient = notice.recipient(RecipientKey(cell.recipient))
        told = (use.title, category.title, category.owner, recipient.name, notice.basis(use).words)
        assert all(told)
        assert category.retention_days > 0
