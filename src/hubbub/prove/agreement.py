"""Whether a deal stays what was agreed: each rule of it, on a deal store of its own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec.structs import replace

from hubbub.deal.notice import Operator
from hubbub.deal.proof import Forged
from hubbub.deal.receipt import Receipt, verify
from hubbub.prove.check import Case, Check, Verdict, verdict
from hubbub.prove.worlds import NOON
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_notices import shipped
from hubbub.run.clock import StillClock
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Purpose, Traffic, cell_bit
from hubbub.terms.time import SECOND, Instant

SOON_S: Final = 1.0
"""A withdrawal holds within so many seconds."""

_BOTH: Final[frozenset[type[Purpose]]] = frozenset({Traffic, LiveTraffic})
_HERE: Final = Operator(name="a drill", contact="nobody")
_METHOD: Final = "a check"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A deal store in a folder of its own, and its clock."""

    folder: Path
    clock: StillClock

    def open(self, operator: Operator = _HERE) -> DealStore:
        """Open the store; another operator makes another version of the notice."""
        return DealStore(self.folder / "deal.sqlite", self.clock, told=shipped(operator))


def check_agreement(case: Case) -> Verdict:
    """Try each rule on a new store."""
    del case
    faults = [told for rule, told in RULES.items() if not _keeps(rule)]
    return verdict(faults, f"{len(RULES)} rules of the deal kept by a store on this disk")


def _keeps(rule: Callable[[Desk], bool]) -> bool:
    with TemporaryDirectory(prefix="hubbub-desk-") as folder:
        return rule(Desk(folder=Path(folder), clock=StillClock(NOON)))


def takes_back_at_once(desk: Desk) -> bool:
    """Withdraw, and look through another opening of the store, as another process has."""
    one, other = desk.open(), desk.open()
    hers = one.enrol("a phone", _BOTH, _METHOD)
    before, known = _dead(other), other.badge(hers.token.secret)
    began = time.monotonic()
    one.withdraw(hers.token, frozenset({Traffic}), _METHOD)
    after, took_s = _dead(other), time.monotonic() - began
    badge = other.badge(hers.token.secret)
    one.close()
    other.close()
    rest = cell_bit(LiveTraffic, OWN)
    taken_back = (before, after) == ([], [hers.badge.receipt]) and took_s < SOON_S
    held = known == hers.badge and badge is not None and badge.stamp(Category.LOCATION) == rest
    return taken_back and held


def keeps_it_taken_back(desk: Desk) -> bool:
    """Agree again: the receipt of before stays dead, and the new one lives."""
    store = desk.open()
    hers = store.enrol("a phone", _BOTH, _METHOD)
    store.withdraw(hers.token, None, _METHOD)
    desk.clock.at = Instant(desk.clock.at + 60 * SECOND)
    again = store.renew(hers.token, _BOTH, _METHOD)
    dead = _dead(store)
    store.close()
    return dead == [hers.badge.receipt] and again.badge.since == desk.clock.at


def widens_nobodys(desk: Desk) -> bool:
    """Publish another notice: her badge and her receipt stay as they were."""
    store = desk.open()
    hers = store.enrol("a phone", frozenset({Traffic}), _METHOD)
    version = store.notice().version
    store.close()
    store = desk.open(Operator(name="another", contact="nobody"))
    same = store.badge(hers.token.secret) == hers.badge
    agreed, later = store.receipts(hers.token)[0].notice.version, store.notice().version
    store.close()
    return same and agreed == version < later


def knows_no_stranger(desk: Desk) -> bool:
    """Show every token but the right one."""
    store = desk.open()
    secret = store.enrol("a phone", _BOTH, _METHOD).token.secret
    guesses = ("", "a phone", secret[:-1], secret + "=", secret.swapcase())
    strangers, hers = [store.badge(guess) for guess in guesses], store.badge(secret)
    store.close()
    return hers is not None and not any(strangers)


def signs_what_was_agreed(desk: Desk) -> bool:
    """Verify a receipt by the public key alone, as it is and touched."""
    store = desk.open()
    receipt, key = store.enrol("a phone", _BOTH, _METHOD).receipt, store.public_key()
    store.close()
    touched = replace(receipt, controller=replace(receipt.controller, name="somebody else"))
    return _verifies(receipt, key) and not _verifies(touched, key)


def _dead(store: DealStore) -> list[int]:
    receipts: list[int] = store.dead(Category.LOCATION, Traffic)["receipt"].to_pylist()
    return receipts


def _verifies(receipt: Receipt, key: bytes) -> bool:
    try:
        verify(receipt, key)
    except Forged:
        return False
    return True


RULES: Final[Mapping[Callable[[Desk], bool], str]] = {
    takes_back_at_once: "a withdrawal does not hold at the next read, in every process",
    keeps_it_taken_back: "agreeing again revives what was taken back",
    widens_nobodys: "a new notice changes somebody's deal",
    knows_no_stranger: "a stranger is taken for somebody",
    signs_what_was_agreed: "a receipt does not verify, or verifies when it was touched",
}
"""Each rule, and what it means if it is broken."""

AGREEMENT: Final = Check(
    id="agreement",
    sentence="A deal is what was agreed: what is taken back stays so, and nothing is added.",
    run=check_agreement,
)
