"""The vocabulary: our words in the words of others, checked when it is read."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from deal.notices import VOCABULARY
from hubbub.deal.vocabulary import VocabularyBroken, read_vocabulary
from hubbub.record.deal_store_notices import packaged
from hubbub.terms.purposes import PURPOSES, Category


def test_every_word_of_ours_is_there_in_the_words_of_others() -> None:
    assert [word.key for word in VOCABULARY.categories] == [*Category]
    assert [word.key for word in VOCABULARY.purposes] == [*PURPOSES]
    assert (len(VOCABULARY.fides_categories), len(VOCABULARY.fides_uses)) == (85, 56)
    assert {*Category} <= VOCABULARY.fides_categories


def test_only_what_is_ours_alone_has_no_word_in_fideslang() -> None:
    ours = {word.key for word in VOCABULARY.purposes if not word.fides}
    assert ours == {"public.traffic", "public.traffic.live", "public.places"}


def test_tcf_speaks_of_all_that_its_purposes_may_close() -> None:
    by_purpose = {word.key: word.tcf for word in VOCABULARY.purposes if word.tcf}
    assert by_purpose == {
        "analytics.reporting": (8, 9),
        "functional.service.improve": (10,),
        "personalize.content.profiling": (5, 6),
        "personalize.system": (6, 11),
        "marketing.advertising": (2, 3, 4, 7),
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda raw: raw["categories"].pop(), "expected the words user.account"),
        (lambda raw: raw["purposes"].reverse(), "expected the words public.traffic"),
        (lambda raw: raw["purposes"][3]["fides"].append("spy"), "spy is no key of fideslang"),
        (lambda raw: raw["categories"][0].update(dpv=[]), "DPV has no word"),
        (lambda raw: raw["purposes"][3]["tcf"].append(12), "no TCF purpose 12"),
        (lambda raw: raw["categories"][0]["gvl"].append(0), "no GVL category 0"),
        (lambda raw: raw["purposes"][0]["tcf_features"].append(3), "no TCF special feature 3"),
        (lambda raw: raw.update(more=1), "cannot be read"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(
    change: Callable[[dict[str, Any]], object], told: str
) -> None:
    raw = msgspec.json.decode(packaged("vocabulary.json"))
    change(raw)
    with pytest.raises(VocabularyBroken, match=told):
        read_vocabulary(msgspec.json.encode(raw))


def test_all_that_does_not_fit_is_told_in_these_words() -> None:
    raw = msgspec.json.decode(packaged("vocabulary.json"))
    raw["categories"][0]["fides"] += ["spy", "eye"]
    raw["purposes"].reverse()
    with pytest.raises(VocabularyBroken) as broken:
        read_vocabulary(msgspec.json.encode(raw))
    assert str(broken.value) == (
        "the vocabulary does not fit: user.account: eye, spy is no key of fideslang; "
        f"expected the words {', '.join(PURPOSES)}, each once and in this order"
    )


def test_a_word_that_dpv_does_not_have_is_told_and_no_other() -> None:
    raw = msgspec.json.decode(packaged("vocabulary.json"))
    raw["categories"][0]["dpv"] = []
    with pytest.raises(VocabularyBroken) as broken:
        read_vocabulary(msgspec.json.encode(raw))
    assert str(broken.value).endswith("does not fit: user.account: DPV has no word for it")
