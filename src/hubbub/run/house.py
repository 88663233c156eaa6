"""Opens the rooms of one house in one process: its clock, its deal, its record."""

import secrets

from hubbub.record.closing import Closing
from hubbub.record.deal_store import DealStore
from hubbub.record.events import EventStore
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.reads_log import ReadsLog
from hubbub.record.reads_shelf import ReadsShelf
from hubbub.record.record import Record
from hubbub.record.use_store import UseStore
from hubbub.record.visits_shelf import VisitsShelf
from hubbub.run.clock import ReplayClock, SystemClock
from hubbub.run.home import Home
from hubbub.run.notices import told_here
from hubbub.run.settings import Settings
from hubbub.terms.time import Clock


def house_clock(settings: Settings) -> Clock:
    """Give the machine's clock, or that of the recording being played."""
    return SystemClock() if settings.replay is None else ReplayClock(settings.replay)


def origin_of(settings: Settings, port: int) -> str:
    """Tell at which address browsers reach this house: as set, or on this computer."""
    origin = settings.server.origin
    return origin if origin.startswith("https:") else f"{origin}:{port}"


def open_deals(home: Home, settings: Settings, clock: Clock) -> DealStore:
    """Open the deal, under the notice of the settings."""
    return DealStore(home.deal, clock, told=told_here(home, settings))


def open_record(home: Home, deals: DealStore) -> Record:
    """Open the record, which reads through `deals`."""
    store = EventStore(home.events)
    return Record(
        store,
        home.journal,
        dead=deals.dead,
        erased=deals.erasures.subjects,
        reads=open_reads(home, deals.clock),
        closing=Closing(home.days),
        visits=VisitsShelf(home.visits),
        use=open_use(home, deals),
    )


def open_use(home: Home, deals: DealStore) -> UseStore:
    """Open the counts of how services are used."""
    return UseStore(home.use, erased=deals.erasures.subjects)


def open_reads(home: Home, clock: Clock) -> ReadsLog:
    """Open the log of reads for writing."""
    return ReadsLog(home.reads, witness=home.reads_witness, clock=clock)


def open_reads_shelf(home: Home) -> ReadsShelf:
    """Open the log of reads for reading."""
    return ReadsShelf(home.reads, witness=home.reads_witness)


def open_shelf(home: Home) -> LedgerShelf:
    """Open the ledger for reading."""
    return LedgerShelf(home.ledger)


def operator_key(home: Home) -> str:
    """Give the operator's key, made on first use and readable by the operator only."""
    path = home.operator_key
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32))
        fresh.replace(path)
    return path.read_text()
