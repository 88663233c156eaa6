"""Check a ledger from its first entry: the chain, the accounts, and that all was paid before."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hubbub.crowd.book import Account, Mechanism
from hubbub.crowd.cost import epsilon
from hubbub.record.chain import Head, faults_of_chain, faults_of_file, head_of
from hubbub.record.ledger_tables import NANO, Adopted, Debited, Entry, PutOut, entries
from hubbub.record.ledger_witness import LedgerLost


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was found in a ledger. It is sound if there is no fault."""

    entries: int
    releases: int
    head: str
    faults: tuple[str, ...]


def verify(path: Path) -> Report:
    """Check the ledger at `path`. It may be in use."""
    if not path.exists():
        raise LedgerLost(f"{path.name} is missing")
    ledger = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        ledger.execute("BEGIN")  # one state of it, whatever is written meanwhile
        log = list(entries(ledger))
        faults = (
            *faults_of_file(ledger),
            *faults_of_chain(log),
            *_faults_of_accounts(ledger, [entry for _, entry in log]),
            *_faults_of_outputs(ledger, log),
            *_faults_of_closed_days(ledger, [entry for _, entry in log]),
        )
        releases = ledger.execute("SELECT count(*) FROM release WHERE output IS NOT NULL")
        return Report(
            entries=len(log),
            releases=releases.fetchone()[0],
            head=head_of(ledger).hash,
            faults=faults,
        )
    finally:
        ledger.close()


def _faults_of_accounts(ledger: sqlite3.Connection, log: list[Entry]) -> Iterator[str]:
    debited: defaultdict[Account, list[Mechanism]] = defaultdict(list)
    for entry in log:
        if isinstance(entry, Debited):
            debited[entry.account].append(entry.mechanism)
    kept = ledger.execute("SELECT scope, unit, period, cap_nano, delta, spent_nano FROM account")
    for scope, unit, period, cap_nano, delta, spent_nano in kept:
        spent = epsilon(debited.pop(Account(scope, unit, period), []), delta=delta)
        if spent * NANO > cap_nano + 1:
            yield f"{scope}, {unit} {period} is overdrawn: {spent:.3f} of {cap_nano / NANO:g}"
        if spent * NANO > spent_nano + 1:
            yield f"{scope}, {unit} {period} says less than was debited"
    for account in debited:
        yield f"{account.scope}, {account.unit} {account.period} was debited, and is not there"


def _faults_of_outputs(ledger: sqlite3.Connection, log: list[tuple[Head, Entry]]) -> Iterator[str]:
    paid_at: dict[str, int] = {}
    put_out: dict[str, tuple[int, str]] = {}
    for head, entry in log:
        if isinstance(entry, Debited):
            paid_at.setdefault(entry.debit, head.seq)
        elif isinstance(entry, PutOut):
            put_out[entry.release] = (head.seq, entry.digest)
    kept = ledger.execute("SELECT release, debit, digest, output FROM release")
    for release, debit, digest, output in kept:
        seq, chained = put_out.pop(release, (0, None))
        if output is None and chained is None:
            continue  # paid, and not drawn yet
        if output is None or chained is None:
            yield f"release {release}: an entry without its bytes, or bytes without their entry"
        elif sha256(output).hexdigest() != digest or digest != chained:
            yield f"release {release}: its bytes are not those that were released"
        if seq and paid_at.get(debit, seq) >= seq:
            yield f"release {release} was put out before it was paid"
    for release in put_out:
        yield f"release {release} was put out, and is not there"


def _faults_of_closed_days(ledger: sqlite3.Connection, log: list[Entry]) -> Iterator[str]:
    block_of = dict(ledger.execute("SELECT release, block FROM release"))
    closed = ""
    for entry in log:
        match entry:
            case Adopted(through=through):
                closed = max(closed, through)
            case Debited(account=account) if account.day <= closed:
                yield f"{account.scope}, {account.unit} {account.period} was debited when closed"
            case PutOut(release=release) if block_of.get(release, "~")[:10] <= closed:
                yield f"release {release} was put out when its day was closed"
            case _:
                pass
