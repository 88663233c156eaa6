"""The ledger as others read it: what was released, by any process, while the keeper writes."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from hubbub.crowd.book import Account, Stored
from hubbub.terms.time import Instant

STORED = (
    "SELECT release, product, block, promise, digest, output, released_at, seq FROM release "
    "WHERE output IS NOT NULL AND "
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What an account may spend, and what it has spent."""

    account: Account
    cap_epsilon: float
    spent_epsilon: float


class LedgerShelf:
    """Reads a ledger that another process writes. Before there is one, nothing was released."""

    def __init__(self, path: Path) -> None:
        """Read the ledger at `path`, as soon as there is one."""
        self._path = path
        self._lock = Lock()
        self._opened: sqlite3.Connection | None = None
        self._version_seen = 0

    def stored(self, release: str) -> Stored | None:
        """Give what was released as `release`, if anything was."""
        return next(self._find("release = ?", release), None)

    def latest(self, product: str, *, since: int = 0, released_since: int = 0) -> list[Stored]:
        """List what `product` released after entry `since` and an instant, oldest first."""
        where = "product = ? AND seq > ? AND released_at >= ? ORDER BY seq"
        return list(self._find(where, product, since, released_since))

    def newest(self, limit: int, *, before: str | None = None) -> list[Stored]:
        """List releases of all products, the newest first, older than the one called `before`."""
        older = "(?1 IS NULL OR seq < (SELECT seq FROM release WHERE release = ?1))"
        return list(self._find(f"{older} ORDER BY seq DESC LIMIT ?2", before, limit))

    def known(self, digest: str) -> bool:
        """Tell whether bytes of this digest were ever released."""
        return bool(self._ask("SELECT 1 FROM release WHERE digest = ? LIMIT 1", digest))

    def changed(self) -> bool:
        """Tell whether anything was written since this was last asked. It costs microseconds."""
        row = self._ask("PRAGMA data_version")
        version: int = row[0][0] if row else 0
        before, self._version_seen = self._version_seen, version
        return version != before

    def accounts(self, *, scope: str | None = None) -> list[Spent]:
        """List what was spent of what, the latest period first."""
        rows = self._ask(
            "SELECT scope, unit, period, cap_nano, spent_nano FROM account "
            "WHERE ?1 IS NULL OR scope = ?1 ORDER BY period DESC, scope",
            scope,
        )
        return [
            Spent(
                account=Account(scope=scope, unit=unit, period=period),
                cap_epsilon=cap_nano / 1e9,
                spent_epsilon=spent_nano / 1e9,
            )
            for scope, unit, period, cap_nano, spent_nano in rows
        ]

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _find(self, where: str, *values: str | int | None) -> Iterator[Stored]:
        return (stored_of(row) for row in self._ask(STORED + where, *values))

    def _ask(self, query: str, *values: str | int | None) -> list[Any]:
        with self._lock:
            if self._opened is None:
                if not self._path.exists():
                    return []
                self._opened = sqlite3.connect(
                    f"{self._path.as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10
                )
            return self._opened.execute(query, values).fetchall()


def stored_of(row: tuple[str, str, str, str, str, bytes, int, int]) -> Stored:
    """Give a row of the ledger its names."""
    release, product, block, promise, digest, output, released_at, seq = row
    return Stored(
        release=release,
        product=product,
        block=block,
        promise=promise,
        digest=digest,
        output=output,
        released_at=Instant(released_at),
        seq=seq,
    )
