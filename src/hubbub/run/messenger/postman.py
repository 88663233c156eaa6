"""Tells people in the chat what has changed of their deal, and closes the accounts that leave."""

import threading
from collections.abc import Iterator
from typing import Final

import structlog

from hubbub.deal.messenger import MessengerSilent
from hubbub.deal.told_there import deal_changed, notice_changed
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_messenger import Untold
from hubbub.run.messenger.admin import Admin

log = structlog.get_logger()

_ROUND_S: Final = 1.0
_AFTER_SILENCE_S: Final = 10.0


class Postman:
    """Goes round in a thread of the web process. What could not be delivered is tried again."""

    def __init__(self, admin: Admin, deals: DealStore, *, origin: str) -> None:
        self._admin, self._deals, self._my_data = admin, deals, f"{origin}/me"
        self._is_silent = False

    def start(self) -> None:
        """Begin to go round, until the process ends."""
        threading.Thread(target=self._run, daemon=True, name="postman").start()

    def go_round(self) -> None:
        """Deliver what there is. Raises `MessengerSilent` when the homeserver does not answer."""
        for each in self._deals.messenger.leaving():
            self._admin.forget(each.account)
            self._deals.messenger.left(each.subject)
        notice = self._deals.notice()
        for told in self._deals.messenger.untold():
            for once, words in self._letters(told):
                self._admin.tell(told.account, words, once=once)
            self._deals.messenger.told(told, notice=notice.version)

    def _letters(self, told: Untold) -> Iterator[tuple[str, str]]:
        """Write what somebody is to be told, each under a name by which it counts once."""
        notice = self._deals.notice()
        if told.before.identifier != told.after.identifier:
            words = deal_changed(told.before, told.after, notice, my_data=self._my_data)
            yield f"receipt-{told.receipt}", words
        if told.is_notice_new:
            words = notice_changed(notice, my_data=self._my_data)
            yield f"notice-{notice.version}-{told.subject}", words

    def _run(self) -> None:
        rests = threading.Event()  # never set: the thread ends with its process
        while not rests.wait(_AFTER_SILENCE_S if self._is_silent else _ROUND_S):
            try:
                self.go_round()
            except MessengerSilent as silent:
                if not self._is_silent:
                    log.warning("what changed is told later", why=str(silent))
                self._is_silent = True
            else:
                self._is_silent = False
