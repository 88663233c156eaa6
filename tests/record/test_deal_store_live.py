"""What of a receipt holds now: what the door asks for rows that name one."""

from pathlib import Path

from hubbub.deal.desk import DeviceName
from hubbub.terms.people import ReceiptNumber
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Traffic, cell_bit
from record.deal_store_rig import BOTH, HandClock, opened

ANNA = DeviceName("anna")
TRAFFIC, LIVE = cell_bit(Traffic, OWN), cell_bit(LiveTraffic, OWN)


def test_a_receipt_holds_what_it_granted_until_that_is_closed(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as deals:
        badge = deals.enrol("anna", BOTH, "test").badge
        (live,) = deals.histories.live({badge.receipt}).values()
        assert live.subject == badge.subject
        assert live.stamp(Category.LOCATION) == TRAFFIC | LIVE
        assert live.stamp(Category.SERVICE_USE) == 0
        deals.withdraw(ANNA, frozenset({LiveTraffic}), "test")
        assert (
            deals.histories.live({badge.receipt})[badge.receipt].stamp(Category.LOCATION) == TRAFFIC
        )
        deals.withdraw(ANNA, None, "test")
        assert deals.histories.live({badge.receipt})[badge.receipt].stamp(Category.LOCATION) == 0


def test_granting_again_opens_nothing_on_a_receipt_of_before(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as deals:
        before = deals.enrol("anna", BOTH, "test").badge.receipt
        deals.withdraw(ANNA, None, "test")
        deals.choose(ANNA, BOTH, "test")
        after = deals.badge_of(ANNA).receipt
        live = deals.histories.live({before, after})
        assert live[before].stamp(Category.LOCATION) == 0
        assert live[after].stamp(Category.LOCATION) == TRAFFIC | LIVE


def test_nothing_of_a_paused_deal_holds_until_it_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as deals:
        receipt = deals.enrol("anna", BOTH, "test").badge.receipt
        deals.pause(ANNA, "test")
        live = deals.histories.live({receipt})[receipt]
        assert live.paused
        assert live.stamp(Category.LOCATION) == 0
        deals.resume(ANNA, "test")
        assert deals.histories.live({receipt})[receipt].stamp(Category.LOCATION) == TRAFFIC | LIVE


def test_receipts_of_nobody_and_of_who_is_being_erased_are_unknown(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as deals:
        receipt = deals.enrol("anna", BOTH, "test").badge.receipt
        berta = deals.enrol("berta", BOTH, "test").badge.receipt
        deals.erase(ANNA, "test")
        asked = {receipt, berta, ReceiptNumber(999)}
        assert set(deals.histories.live(asked)) == {berta}
