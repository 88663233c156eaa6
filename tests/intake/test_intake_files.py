"""Files of pings: each format by device, its bad rows told by their place in the file."""

import gzip
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubbub.intake.files import FileBatch, FileUnreadable, read_file
from hubbub.intake.ping import Source
from hubbub.terms.time import SECOND, instant

MIDNIGHT = datetime(2026, 11, 23, tzinfo=ZoneInfo("Europe/Helsinki"))
RECORDING = {
    "device": ["b", "a", "b", "a"],
    "t": pa.array([10, 11, 12, 13], pa.int32()),
    "lon": [24.94, 24.95, 24.96, 24.97],
    "lat": [60.17, 60.18, 60.19, 99.0],
    "speed": pa.array([1.5, None, 2.5, 3.5], pa.float32()),
    "course": pa.array([90, 91, 92, 93], pa.float32()),
    "acc": pa.array([6.5, 7.5, np.nan, 9.5], pa.float32()),
    "share_rank": [0.1, 0.2, 0.1, 0.2],
}
GPX = """<gpx version="1.0" creator="x"><trk><trkseg>
<trkpt lat="60.17" lon="24.94">
<time>2026-11-23T08:00:00Z</time><course>90</course><speed>5.5</speed></trkpt>
<trkpt lat="60.18" lon="24.94"></trkpt></trkseg></trk></gpx>"""


def read(file: Path, midnight: datetime | None = None) -> dict[str, FileBatch]:
    batches = list(read_file(file, midnight=midnight))
    by_device = {batch.device: batch for batch in batches}
    assert len(by_device) == len(batches)
    return by_device


def recording(folder: Path, **changes: object) -> Path:
    table = pa.table({name: column for name, column in (RECORDING | changes).items() if column})
    pq.write_table(table, folder / "day.parquet")
    return folder / "day.parquet"


def test_a_recording_is_read_by_device_and_placed_on_its_day(tmp_path: Path) -> None:
    batches = read(recording(tmp_path), MIDNIGHT)
    assert batches.keys() == {"a", "b"}
    (first, second) = batches["b"].parsed.rows.tolist()
    at = instant(MIDNIGHT) + 10 * SECOND
    assert first == (0, at, 60_170_000, 24_940_000, 65, 150, 90, Source.FILE, 0, 0)
    assert second[1] == at + 2 * SECOND
    assert second[4] == -1
    assert batches["a"].parsed.rows["speed_cms"].tolist() == [-1]


def test_a_bad_row_of_a_recording_is_told_by_its_row_in_the_file(tmp_path: Path) -> None:
    (why,) = read(recording(tmp_path), MIDNIGHT)["a"].parsed.rejected
    assert (why.row, why.field) == (3, "lat")


def test_a_recorded_row_without_a_device_is_rejected(tmp_path: Path) -> None:
    file = recording(tmp_path, device=["b", None, "b", ""])
    batches = read(file, MIDNIGHT)
    assert [why.row for why in batches[""].parsed.rejected] == [1, 3]
    assert len(batches["b"].parsed.rows) == 2


def test_row_numbers_go_on_over_the_groups_of_a_recording(tmp_path: Path) -> None:
    table = pa.table(RECORDING)
    pq.write_table(table, tmp_path / "day.parquet", row_group_size=2)
    batches = list(read_file(tmp_path / "day.parquet", midnight=MIDNIGHT))
    assert sum(len(batch.parsed.rows) for batch in batches) == 3
    assert [why.row for batch in batches for why in batch.parsed.rejected] == [3]


@pytest.mark.parametrize(
    "changes",
    [{"lat": None}, {"t": ["x"] * 4}, {"device": [[1]] * 4}, {"lon": [[1.0]] * 4}],
)
def test_a_recording_of_another_shape_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(FileUnreadable):
        read(recording(tmp_path, **changes), MIDNIGHT)


def test_a_recording_needs_the_midnight_of_its_day(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="date"):
        read(recording(tmp_path))


@pytest.mark.parametrize("name", ["pings.ndjson", "pings.jsonl", "pings.ndjson.gz"])
def test_lines_are_read_by_device(tmp_path: Path, name: str) -> None:
    body = b"""{"device":"a","at":1795420740,"lat":60,"lon":24}
{"device":"b","at":1795420740,"lat":61,"lon":24}

{"device":"a","at":1795420741,"lat":-99,"lon":24}
{"at":1795420740,"lat":61,"lon":24}
junk
"""
    file = tmp_path / name
    file.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    batches = read(file)
    assert batches["a"].parsed.rows["lat_e6"].tolist() == [60_000_000]
    assert batches["b"].parsed.rows["lat_e6"].tolist() == [61_000_000]
    assert [(why.row, why.field) for why in batches["a"].parsed.rejected] == [(3, "lat")]
    assert [(why.row, why.field) for why in batches[""].parsed.rejected] == [(4, "device"), (5, "")]


def test_a_gpx_track_is_of_the_device_that_the_file_is_called_after(tmp_path: Path) -> None:
    (tmp_path / "anns-phone.gpx").write_text(GPX)
    batch = read(tmp_path / "anns-phone.gpx")["anns-phone"]
    (row,) = batch.parsed.rows
    assert row["at"] == 1_795_420_800 * SECOND
    assert (row["speed_cms"], row["course_deg"]) == (550, 90)
    assert [(why.row, why.field) for why in batch.parsed.rejected] == [(1, "time")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.gpx", b"<gpx"),
        ("x.gpx", b"\xff\xfe"),
        ("x.parquet", b"PAR1junk"),
        ("x.ndjson.gz", b"junk"),
        ("x.ndjson.gz", gzip.compress(b"{}" * 1_000, mtime=0)[:-20]),
        ("x.csv", b"a,b"),
        ("x", b""),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileUnreadable):
        read(tmp_path / name, MIDNIGHT)


def test_a_batch_of_a_file_does_not_print(tmp_path: Path) -> None:
    (batch, *_) = read_file(recording(tmp_path), midnight=MIDNIGHT)
    assert repr(batch) == "<FileBatch>"
    assert repr(batch.parsed) == "<Parsed>"
