"""The vocabulary of the deal: our categories and purposes in the words of others.

`vocabulary.json` beside this module has the keys of fideslang, and what each of ours is called in
fideslang, in IAB TCF and its Global Vendor List, and in W3C DPV. It is checked when it is read.
"""

from collections.abc import Iterable, Iterator

import msgspec

from hubbub.terms.errors import HubbubError
from hubbub.terms.purposes import PURPOSES, Category

_TCF_PURPOSES = range(1, 12)
_GVL_CATEGORIES = range(1, 12)
_TCF_FEATURES = range(1, 3)


class VocabularyBroken(HubbubError):
    """The vocabulary that this hubbub brings does not fit its code: install it anew."""


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of our words, in the words of others."""

    key: str
    name: str  # as the source text of the deal has it
    fides: tuple[str, ...]
    dpv: tuple[str, ...]
    gvl: tuple[int, ...] = ()  # data categories of the Global Vendor List
    tcf: tuple[int, ...] = ()  # purposes of TCF
    tcf_features: tuple[int, ...] = ()  # special features of TCF


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    source: str
    categories: tuple[Word, ...]
    purposes: tuple[Word, ...]
    fides_categories: frozenset[str]
    fides_uses: frozenset[str]

    def category(self, key: str) -> Word:
        """Give the words for a category."""
        return next(word for word in self.categories if word.key == key)


def read_vocabulary(text: bytes) -> Vocabulary:
    """Read the vocabulary. Raises `VocabularyBroken` unless it fits our own words, all of them."""
    try:
        vocabulary = msgspec.json.decode(text, type=Vocabulary)
    except msgspec.MsgspecError as error:
        raise VocabularyBroken(f"the vocabulary cannot be read: {error}") from None
    if faults := "; ".join(_faults(vocabulary)):
        raise VocabularyBroken(f"the vocabulary does not fit: {faults}")
    return vocabulary


def _faults(vocabulary: Vocabulary) -> Iterator[str]:
    for words, ours, theirs in (
        (vocabulary.categories, tuple(Category), vocabulary.fides_categories),
        (vocabulary.purposes, tuple(PURPOSES), vocabulary.fides_uses),
    ):
        if [word.key for word in words] != [*ours]:
            yield f"expected the words {', '.join(ours)}, each once and in this order"
        for word in words:
            if strangers := {*word.fides} - theirs:
                yield f"{word.key}: {', '.join(sorted(strangers))} is no key of fideslang"
            if not word.dpv:
                yield f"{word.key}: DPV has no word for it"
    for word in (*vocabulary.categories, *vocabulary.purposes):
        yield from _outside(word, "GVL category", word.gvl, of=_GVL_CATEGORIES)
        yield from _outside(word, "TCF purpose", word.tcf, of=_TCF_PURPOSES)
        yield from _outside(word, "TCF special feature", word.tcf_features, of=_TCF_FEATURES)


def _outside(word: Word, what: str, numbers: Iterable[int], *, of: range) -> Iterator[str]:
    yield from (f"{word.key}: there is no {what} {n}" for n in numbers if n not in of)
