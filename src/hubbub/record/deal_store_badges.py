"""Who holds which token, in memory: the door asks once a request and must not wait for a disk."""

import sqlite3
from hashlib import sha256
from pathlib import Path
from threading import Lock

from msgspec.structs import replace

from hubbub.deal.desk import Badge
from hubbub.deal.stamp import NOTHING, Stamps
from hubbub.record.deal_store_tables import MAY
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.time import Instant

_CHANGED = f"""
    SELECT device.token, device.subject, receipt.number, receipt.since, {", ".join(MAY.values())}
    FROM device JOIN receipt ON receipt.number = device.receipt
    WHERE device.receipt > ? ORDER BY device.receipt
"""  # noqa: S608 - columns of ours
_PAUSED = "SELECT step, subject, at, paused FROM pause WHERE step > ? ORDER BY step"


def token_digest(token: str) -> bytes:
    """Name a token so that who reads the database cannot use it. Tokens are long and random."""
    return sha256(token.encode()).digest()


class Badges:
    """The badges in force. Each look-up asks SQLite whether any process changed the database."""

    def __init__(self, path: Path) -> None:
        # A connection that never writes: its `data_version` moves with every commit of others.
        self._watch = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._version = -1
        self._receipt = 0  # the newest receipt seen: every change of a badge makes a receipt
        self._pause = 0  # the newest step of a pause seen
        self._badge_of: dict[bytes, Badge] = {}
        self._token_of: dict[Subject, bytes] = {}
        self._stamps: dict[Stamps, Stamps] = {NOTHING: NOTHING}  # most people choose alike

    def find(self, token: str) -> Badge | None:
        """Tell whose `token` this is, as of the last commit of any process."""
        with self._lock:
            (version,) = self._watch.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._catch_up()
                self._version = version
            return self._badge_of.get(token_digest(token))

    def close(self) -> None:
        """Let go of the file."""
        self._watch.close()

    def _catch_up(self) -> None:
        changed = self._watch.execute(_CHANGED, (self._receipt,))
        for token, subject, receipt, since, *may in changed:
            before = self._badge_of.pop(self._token_of.get(subject, b""), None)
            stamps = tuple(may)
            self._token_of[subject] = token
            self._badge_of[token] = Badge(
                subject=Subject(subject),
                receipt=ReceiptNumber(receipt),
                stamps=self._stamps.setdefault(stamps, stamps),
                since=Instant(since) if before is None else max(Instant(since), before.since),
                paused=before is not None and before.paused,
            )
            self._receipt = receipt
        for step, subject, at, paused in self._watch.execute(_PAUSED, (self._pause,)):
            token = self._token_of.get(subject, b"")
            if (badge := self._badge_of.get(token)) is not None:
                since = badge.since if paused else max(badge.since, Instant(at))
                self._badge_of[token] = replace(badge, since=since, paused=bool(paused))
            self._pause = step
