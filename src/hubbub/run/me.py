"""What a person takes away, handed out by the operator: the archive of My data as a folder."""

from pathlib import Path

import msgspec

from hubbub.deal.desk import DeviceName
from hubbub.outlet.archive import Kept, parts_of
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.reads import reads_of
from hubbub.run.settings import read_settings
from hubbub.terms.errors import BadInput
from hubbub.terms.use import USE_TABLES


class Exported(msgspec.Struct, frozen=True):
    """What was written where."""

    folder: str
    pings: int
    receipts: int


def export_own(home: Home, device: str, folder: Path) -> Exported:
    """Write everything that is kept of `device` into `folder`, which must be new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"--out: {folder} is there already, and not empty")
    kept = _kept(home, device)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in parts_of(kept):
        (folder / part.name).parent.mkdir(exist_ok=True)
        with (folder / part.name).open("wb") as file:
            file.writelines(part.chunks)
    return Exported(str(folder), kept.pings.num_rows, len(kept.receipts))


def _kept(home: Home, device: str) -> Kept:
    settings, who = read_settings(home.folder), DeviceName(device)
    clock = house_clock(settings)
    deals = open_deals(home, settings, clock)
    try:
        subject = deals.badge_of(who).subject
        identities = deals.identities(SystemClock())
        record = open_record(home, deals)
        return Kept(
            device=device,
            age=identities.account(subject).age,
            at=clock.now(),
            pings=record.own(subject).hand_over(to=subject),
            use={
                table: record.use.own(subject, table).hand_over(to=subject) for table in USE_TABLES
            },
            receipts=tuple(deals.receipts(who)),
            reads=tuple(reads_of(home, deals, subject)),
            passkeys=tuple(identities.passkeys(subject)),
            notice=deals.notice(),
        )
    finally:
        deals.close()
