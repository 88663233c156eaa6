"""What a person takes away: everything that was kept of them, readable without hubbub."""

from pathlib import Path
from typing import Final

import msgspec
import pyarrow.parquet as pq

from hubbub.deal.desk import DeviceName
from hubbub.outlet.me import lines
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.settings import read_settings
from hubbub.terms.errors import BadInput

_WHAT_IS_HERE: Final = """What hubbub kept of {device}

pings.ndjson    every position, a line each, in plain JSON: when (UTC), where (degrees), and, as far
                as the phone told, how exact (metres), how fast (metres a second) and which way
                (degrees from north). `hubbub intake pings.ndjson` takes it in elsewhere.
pings.parquet   the same for a computer: at in microseconds since 1970 UTC, lat_e6 and lon_e6 in
                millionths of a degree, accuracy_dm in decimetres, speed_cms in centimetres a
                second; -1 where the phone did not tell.
receipts/       what was agreed to and taken back, when, under which notice. `hubbub deal verify`
                checks one.
notice.json     the notice in force when this copy was made.
"""


class Exported(msgspec.Struct, frozen=True):
    """What was written where."""

    folder: str
    pings: int
    receipts: int


def export_own(home: Home, device: str, folder: Path) -> Exported:
    """Write everything that is kept of `device` into `folder`, which must be new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"--out: {folder} is there already, and not empty")
    settings = read_settings(home.folder)
    deals = open_deals(home, settings, house_clock(settings))
    try:
        subject = deals.badge_of(DeviceName(device)).subject
        pings = open_record(home, deals).own(subject).hand_over(to=subject)
        receipts = deals.receipts(DeviceName(device))
        notice = deals.notice()
    finally:
        deals.close()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "pings.ndjson").open("wb") as file:
        file.writelines(lines(pings, device=device))
    pq.write_table(pings.drop_columns("subject"), folder / "pings.parquet")
    (folder / "receipts").mkdir()
    for number, receipt in enumerate(receipts, 1):
        (folder / "receipts" / f"{number:04}.json").write_bytes(receipt.document())
    (folder / "notice.json").write_bytes(notice.canonical())
    (folder / "README.txt").write_text(_WHAT_IS_HERE.format(device=device))
    return Exported(str(folder), pings.num_rows, len(receipts))
