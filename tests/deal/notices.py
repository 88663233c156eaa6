"""The notices that hubbub brings, under the law of each region: shared by the tests of the deal."""

import msgspec

from hubbub.deal.notice import Draft, Notice, draft, read_notice_text
from hubbub.deal.vocabulary import read_vocabulary
from hubbub.record.deal_store_notices import packaged, packaged_regions, shipped

SHIPPED, EVERYTHING = packaged("notice.json"), packaged("notice_of_everything.json")
WITH_MESSAGES = msgspec.json.encode(shipped(messages=True).text)
REGIONS = packaged_regions()
VOCABULARY = read_vocabulary(packaged("vocabulary.json"))


def everything(region: str = "EU") -> Draft:
    """Give the notice with every category, purpose and kind of recipient."""
    return draft(read_notice_text(EVERYTHING), region, REGIONS)


def everything_told(region: str = "EU") -> Notice:
    """Give the same as it is published."""
    return everything(region).published(1)


NOTICE = draft(read_notice_text(SHIPPED), "EU", REGIONS).published(1)
