"""Which account is whose, what each agreed to, and who was told of what."""

from pathlib import Path

import pytest

from hubbub.deal.desk import SignedIn
from hubbub.deal.messenger import AccountTaken, MessengerSilent
from hubbub.record.deal_store import DealStore
from hubbub.run.messenger.postman import Postman
from hubbub.terms.people import Subject
from hubbub.terms.purposes import LiveTraffic, Traffic
from record.deal_store_rig import HandClock, opened

ANN, BOB = "@ann:localhost", "@bob:localhost"


class Homeserver:
    """Remembers what it was asked to do, or does not answer."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.forgotten: list[str] = []
        self.silent = False

    def tell(self, account: str, words: str, *, once: str) -> None:
        self._answer()
        self.told.append((account, words, once))

    def forget(self, account: str) -> None:
        self._answer()
        self.forgotten.append(account)

    def _answer(self) -> None:
        if self.silent:
            raise MessengerSilent("it is off")


def postman(store: DealStore, there: Homeserver) -> Postman:
    return Postman(there, store, origin="http://hubbub.test")


def test_an_account_stays_the_same_persons(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store:
        ann = store.messenger.meet(ANN, "test")
        assert store.messenger.meet(ANN, "test") == ann
        assert store.messenger.meet(BOB, "test") != ann
        assert {account for account, _ in store.messenger.links()} == {ANN, BOB}


def test_an_account_that_is_somebodys_is_not_put_to_another(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store:
        ann = store.messenger.meet(ANN, "test")
        other = store.enrol("a phone", frozenset({Traffic}), "test").badge.subject
        with pytest.raises(AccountTaken):
            store.messenger.join(ANN, other)
        with pytest.raises(AccountTaken):
            store.messenger.join(BOB, ann)
        assert store.messenger.join(BOB, other).account == BOB
        assert store.messenger.join(BOB, other).subject == other


def test_somebody_is_told_once_what_they_switched_on_and_off(tmp_path: Path) -> None:
    there = Homeserver()
    with opened(tmp_path, HandClock()) as store:
        ann = SignedIn(store.messenger.meet(ANN, "test"))
        postman(store, there).go_round()
        assert there.told == []
        store.choose(ann, frozenset({Traffic, LiveTraffic}), "test")
        store.withdraw(ann, frozenset({Traffic}), "test")
        for _ in range(2):
            postman(store, there).go_round()
        ((account, words, _),) = there.told
        assert account == ANN
        assert words.count("\nOn: ") == 1
        assert "\nOff: " not in words  # it was not on when they were told last
        store.withdraw(ann, None, "test")
        postman(store, there).go_round()
        assert there.told[1][1].count("\nOff: ") == 1


def test_what_could_not_be_told_is_told_later(tmp_path: Path) -> None:
    there = Homeserver()
    with opened(tmp_path, HandClock()) as store:
        store.choose(SignedIn(store.messenger.meet(ANN, "test")), frozenset({Traffic}), "test")
        there.silent = True
        with pytest.raises(MessengerSilent):
            postman(store, there).go_round()
        there.silent = False
        postman(store, there).go_round()
        assert len(there.told) == 1


def test_an_account_that_leaves_is_closed_and_told_nothing_more(tmp_path: Path) -> None:
    there = Homeserver()
    with opened(tmp_path, HandClock()) as store:
        ann = store.messenger.meet(ANN, "test")
        store.messenger.leave(ann)
        store.erase(SignedIn(ann), "test")
        assert store.messenger.is_leaving(ann)
        postman(store, there).go_round()
        assert (there.forgotten, there.told) == ([ANN], [])
        assert not store.messenger.is_leaving(ann)


def test_whoever_is_nobody_is_not_leaving(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store:
        assert not store.messenger.is_leaving(Subject(7))
        assert store.messenger.of(Subject(7)) is None
