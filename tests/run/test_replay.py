"""Recorded phones send what a phone would send, and when."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubbub.run.recording import read_recording
from hubbub.run.replay import uploads
from hubbub.terms.errors import BadInput
from hubbub.terms.time import SECOND, Instant

HELSINKI = ZoneInfo("Europe/Helsinki")
DAY = date(2026, 11, 24)
ROWS = {
    "device": ["b", "a", "a", "a"],
    "t": [40, 10, 12, 300],
    "lon": [24.9] * 4,
    "lat": [60.1] * 4,
    "speed": [1.0] * 4,
    "course": [0.0] * 4,
    "acc": [5.0] * 4,
}


def written(tmp_path: Path, **columns: list[object]) -> Path:
    file = tmp_path / "recording.parquet"
    pq.write_table(pa.table({**ROWS, **columns}), file)
    return file


def test_every_ping_is_sent_once_by_its_own_phone_when_it_was_taken(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path), day=DAY, zone=HELSINKI)
    sent = [upload for upload in uploads(recording, begin=Instant(0)) if upload.rows.stop]
    rows = [row for upload in sent for row in range(upload.rows.start, upload.rows.stop)]
    assert sorted(rows) == [0, 1, 2, 3]
    for upload in sent:
        inside = slice(upload.rows.start, upload.rows.stop)
        assert set(recording.device[inside].tolist()) == {upload.device}
        assert upload.due == recording.at[inside].max()
    assert [upload.due for upload in sent] == sorted(upload.due for upload in sent)


def test_a_phone_enrols_before_it_sends(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path), day=DAY, zone=HELSINKI)
    first: dict[int, bool] = {}
    for upload in uploads(recording, begin=Instant(0)):
        first.setdefault(upload.device, upload.rows.start == upload.rows.stop)
    assert first == {0: True, 1: True}


def test_a_time_of_the_day_is_one_of_the_citys_clocks(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path), day=DAY, zone=HELSINKI)
    assert recording.begin == 1_795_471_200 * SECOND + 10 * SECOND


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"t": ["x"] * 4}, "another type"),
        ({"lat": [60.1, None, 60.1, 60.1]}, "missing"),
    ],
)
def test_a_recording_that_is_none_is_told(
    tmp_path: Path, columns: dict[str, list[object]], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        read_recording(written(tmp_path, **columns), day=DAY, zone=HELSINKI)


def test_a_file_that_is_no_parquet_or_lacks_a_column_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(BadInput, match="not a readable Parquet"):
        read_recording(tmp_path / "text.parquet", day=DAY, zone=HELSINKI)
    pq.write_table(pa.table({"device": ["a"]}), tmp_path / "thin.parquet")
    with pytest.raises(BadInput, match="'t' is missing"):
        read_recording(tmp_path / "thin.parquet", day=DAY, zone=HELSINKI)
