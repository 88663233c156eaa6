"""The ledger as others read it: what was released, by any process, while the keeper writes."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from hubbub.crowd.book import Account, Stored
from hubbub.record.ledger_tables import NANO, Adopted, version_of
from hubbub.terms.time import Instant

STORED = (
    "SELECT release, product, block, promise, digest, output, released_at, seq FROM release "
    "WHERE output IS NOT NULL AND "
)


_ACCOUNTS = """
SELECT scope, unit, period, delta, cap_nano, spent_nano,
  substr(period, 1, 10) <= (SELECT coalesce(max(through), '') FROM entry WHERE kind = 'adopted')
FROM account
WHERE (?1 IS NULL OR scope = ?1) AND substr(period, 1, 10) BETWEEN ?2 AND ?3
ORDER BY substr(period, 1, 10) DESC, scope, unit, period
"""
_DEBITS = """
SELECT scope, unit, period, product, block, first.release, entry.at, law, width,
  (SELECT count(*) FROM release WHERE debit = entry.debit AND output IS NOT NULL
   AND (debit = release OR substr(block, 1, 10) = substr(entry.period, 1, 10)))
FROM entry JOIN release AS first ON first.release = entry.release WHERE kind = 'debit'
  AND (?1 IS NULL OR scope = ?1) AND substr(period, 1, 10) BETWEEN ?2 AND ?3
ORDER BY entry.seq
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Debit:
    """What an account was debited for once: a release, or a plan with all its releases."""

    product: str
    block: str  # of the first release
    release: str  # the first
    at: Instant
    law: str
    width: str  # over what one unit adds
    releases: int  # put out for it that day


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What an account may spend, what it has spent, on what, and what is left."""

    account: Account
    delta: float
    cap_epsilon: float
    spent_epsilon: float
    left_epsilon: float
    closed: bool  # by an adoption: nothing is left, whatever was not spent
    debits: tuple[Debit, ...]


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

    def following(self, product: str, *, after: str | None, limit: int) -> list[Stored]:
        """List what `product` released later than the release `after`, oldest first."""
        later = "seq > coalesce((SELECT seq FROM release WHERE release = ?2), 0)"
        return list(
            self._find(f"product = ?1 AND {later} ORDER BY seq LIMIT ?3", product, after, limit)
        )

    def newest(self, limit: int, *, before: str | None = None) -> list[Stored]:
        """List releases of all products, the newest first, older than the one called `before`."""
        older = "(?1 IS NULL OR seq < (SELECT seq FROM release WHERE release = ?1))"
        return list(self._find(f"{older} ORDER BY seq DESC LIMIT ?2", before, limit))

    def blocks(self, product: str, *, released_since: int) -> frozenset[str]:
        """Name the blocks of `product` that were released since an instant."""
        rows = self._ask(
            "SELECT block FROM release WHERE product = ? AND released_at >= ? AND output NOT NULL",
            product,
            released_since,
        )
        return frozenset(block for (block,) in rows)

    def known(self, digest: str) -> bool:
        """Tell whether bytes of this digest were ever released."""
        return bool(self._ask("SELECT 1 FROM release WHERE digest = ? LIMIT 1", digest))

    def release_of(self, digest: str) -> str | None:
        """Name the release whose bytes have this digest."""
        found = self._ask("SELECT release FROM release WHERE digest = ? LIMIT 1", digest)
        return found[0][0] if found else None

    def changed(self) -> bool:
        """Tell whether anything was written since this was last asked. It costs microseconds."""
        row = self._ask("PRAGMA data_version")
        version: int = row[0][0] if row else 0
        before, self._version_seen = self._version_seen, version
        return version != before

    def days(self, *, scope: str | None = None) -> list[str]:
        """List the days of which something was spent, the latest first."""
        rows = self._ask(
            "SELECT DISTINCT substr(period, 1, 10) AS day FROM account "
            "WHERE ?1 IS NULL OR scope = ?1 ORDER BY day DESC",
            scope,
        )
        return [day for (day,) in rows]

    def accounts(
        self, *, scope: str | None = None, since: str = "", until: str = "~"
    ) -> list[Spent]:
        """List what was spent of what, and on what, day by day: the latest first."""
        debits = defaultdict[Account, list[Debit]](list)
        for account, row in self._of_accounts(_DEBITS, scope, since, until):
            debits[account].append(_debit_of(row))
        return [
            _spent_of(account, row, tuple(debits[account]))
            for account, row in self._of_accounts(_ACCOUNTS, scope, since, until)
        ]

    def adoptions(self) -> list[Adopted]:
        """List when the ledger was let live elsewhere than before, and what that closed."""
        rows = self._ask("SELECT at, through FROM entry WHERE kind = 'adopted' ORDER BY seq")
        return [Adopted(at=at, through=through) for at, through in rows]

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _of_accounts(self, query: str, *of: str | None) -> Iterator[tuple[Account, Any]]:
        for of_scope, unit, period, *row in self._ask(query, *of):
            yield Account(of_scope, unit, period), row

    def _find(self, where: str, *values: str | int | None) -> Iterator[Stored]:
        return (stored_of(row) for row in self._ask(STORED + where, *values))

    def _ask(self, query: str, *values: str | int | None) -> list[Any]:
        with self._lock:
            if self._opened is None and self._path.exists():
                self._opened = self._open()
            return [] if self._opened is None else self._opened.execute(query, values).fetchall()

    def _open(self) -> sqlite3.Connection | None:
        """Open the ledger, unless it is so young that it has no tables."""
        opened = sqlite3.connect(
            f"{self._path.as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10
        )
        try:
            version = version_of(opened)
        except BaseException:
            opened.close()
            raise
        if version:
            return opened
        opened.close()
        return None


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


def _debit_of(row: tuple[str, str, str, int, str, str, int]) -> Debit:
    product, block, release, at, law, width, releases = row
    return Debit(
        product=product,
        block=block,
        release=release,
        at=Instant(at),
        law=law,
        width=width,
        releases=releases,
    )


def _spent_of(
    account: Account, row: tuple[float, int, int, int], debits: tuple[Debit, ...]
) -> Spent:
    delta, cap_nano, spent_nano, closed = row
    return Spent(
        account=account,
        delta=delta,
        cap_epsilon=cap_nano / NANO,
        spent_epsilon=spent_nano / NANO,
        left_epsilon=0.0 if closed else (cap_nano - spent_nano) / NANO,
        closed=bool(closed),
        debits=debits,
    )
