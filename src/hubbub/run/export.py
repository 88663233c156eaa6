"""`hubbub export traffic`: what was published, so that anybody can score it."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hubbub.products.traffic.declarations import Roads, live_declaration, windows_of
from hubbub.record.roads.city import City
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.run.house import open_shelf
from hubbub.run.live import ReleasedWindows
from hubbub.run.settings import read_settings
from hubbub.terms.errors import BadInput
from hubbub.terms.time import SECOND, Instant, instant, local_day

SCHEMA: Final = pa.schema(
    [
        ("way_id", pa.int64()),
        ("forward", pa.bool_()),
        ("from_frac", pa.float64()),
        ("to_frac", pa.float64()),
        ("window_start", pa.int32()),  # seconds of the local day
        ("window_s", pa.int32()),
        ("kph", pa.float32()),
        ("confidence", pa.float32()),  # above .7 live, above .5 usual, else what the map allows
    ]
)


class Exported(msgspec.Struct, frozen=True):
    """What was written: how many rows, of which local day."""

    rows: int
    day: date | None


def export_traffic(home: Home, out: Path, *, day: date | None = None) -> Exported:
    """Write every window that was published on `day` (the newest if not told), by piece of way.

    A road's row is what was shown when its window had ended; the window is the one it is of.
    """
    if not out.parent.is_dir():
        raise BadInput(f"{out.parent} is no folder")
    city = current_city(home)
    declared = live_declaration(read_settings(home.folder).traffic.live_promise)
    windows = ReleasedWindows(open_shelf(home), declared, Roads(city.segments), zone=city.zone)
    blocks = windows_of(declared)
    rows: dict[date, list[tuple[object, ...]]] = {}
    pieces = _pieces(city)
    for stored, end in windows.take(since=Instant(0)):
        shown = windows.picture.at(end)
        assert shown is not None, "a window was added a line ago"
        group = blocks.group_of(stored.block)
        begin = Instant(end - blocks.length_s * SECOND)
        begun_on = local_day(begin, city.zone)
        midnight = instant(datetime.combine(begun_on, time(), city.zone))
        when = ((begin - midnight) // SECOND, blocks.length_s)
        for road in shown.value.roads[group :: blocks.groups]:
            shown_of = (*when, road.speed_kmh, road.confidence)
            told = rows.setdefault(begun_on, [])
            told += ((*piece, *shown_of) for piece in pieces[road.segment])
    day = day or max(rows, default=None)
    wanted = rows.get(day, []) if day else []
    columns = zip(*wanted, strict=True) if wanted else [()] * len(SCHEMA)
    schema = SCHEMA.with_metadata({"promise": declared.promise().words})
    pq.write_table(pa.table([pa.array(each) for each in columns], schema=schema), out)
    return Exported(len(wanted), day)


def _pieces(city: City) -> list[list[tuple[object, ...]]]:
    pieces: list[list[tuple[object, ...]]] = [[] for _ in city.segments]
    names = ("segment", "way_id", "forward", "from_frac", "to_frac")
    unique = city.pieces.select(names).group_by(names).aggregate([])
    for segment, *piece in zip(*(unique[name].to_pylist() for name in names), strict=True):
        pieces[segment].append(tuple(piece))
    return pieces
