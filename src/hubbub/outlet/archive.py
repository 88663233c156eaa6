"""What a person takes away: everything that is kept of them, in parts that read without hubbub.

The command writes the parts into a folder, and the page gives them as one zip.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, override
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hubbub.deal.desk import AgeBand
from hubbub.deal.identity import Passkey
from hubbub.deal.notice import Notice
from hubbub.deal.reads import ReadOfMine
from hubbub.deal.receipt import Receipt
from hubbub.outlet.me import lines
from hubbub.outlet.me_use import Use, count_lines
from hubbub.outlet.wire_me import PasskeyCard
from hubbub.terms.people import Personal
from hubbub.terms.time import Instant, iso, moment

_WHAT_IS_HERE: Final = """What hubbub kept of {device} at {at}

pings.ndjson    every position, a line each, in plain JSON: when (UTC), where (degrees), and, as far
                as the phone told, how exact (metres), how fast (metres a second) and which way
                (degrees from north). `hubbub intake pings.ndjson` takes it in elsewhere.
pings.parquet   the same for a computer: at in microseconds since 1970 UTC, lat_e6 and lon_e6 in
                millionths of a degree, accuracy_dm in decimetres, speed_cms in centimetres a
                second; -1 where the phone did not tell.
receipts/       what was agreed to and taken back, when, under which notice. `hubbub deal verify`
                checks one.
counts.ndjson   what the messenger counted, a line each: what, from when to when (UTC), and how
                often; room is a made-up number of a conversation, named tells whether its other
                person agreed to be named.
reads.ndjson    who read rows of yours that are still here, what for, and when: at most so often
                within the hour, and nobody else.
account.json    the name of the device, what was said of your age, and your passkeys: name, when
                added, when used last.
notice.json     the notice in force when this copy was made.
"""


class Kept(Personal, frozen=True, kw_only=True):
    """All that is kept of one person."""

    device: str
    age: AgeBand
    at: Instant  # when it was looked at
    pings: pa.Table
    use: Use
    receipts: tuple[Receipt, ...]
    reads: tuple[ReadOfMine, ...]
    passkeys: tuple[Passkey, ...]
    notice: Notice


class Part(NamedTuple):
    """One file of it."""

    name: str
    chunks: Iterable[bytes]


class _Account(msgspec.Struct):
    device: str
    age_band: AgeBand
    passkeys: list[PasskeyCard]


def parts_of(kept: Kept) -> Iterator[Part]:
    """Write everything, part by part."""
    yield Part("README.txt", [_WHAT_IS_HERE.format(device=kept.device, at=iso(kept.at)).encode()])
    yield Part("pings.ndjson", lines(kept.pings, device=kept.device))
    yield Part("pings.parquet", [_parquet(kept.pings.drop_columns("subject"))])
    for number, receipt in enumerate(kept.receipts, 1):
        yield Part(f"receipts/{number:04}.json", [receipt.document()])
    yield Part("counts.ndjson", count_lines(kept.use))
    yield Part("reads.ndjson", [_read(each) for each in kept.reads])
    yield Part("account.json", [msgspec.json.encode(_account(kept))])
    yield Part("notice.json", [kept.notice.canonical()])


def zipped(parts: Iterable[Part], *, at: Instant) -> Iterator[bytes]:
    """Pack parts into one zip as they are written: no more of it is held than a few rows."""
    flow = _Flow()
    written_at = moment(at, ZoneInfo("UTC")).timetuple()[:6]
    with ZipFile(flow, "w") as archive:
        for part in parts:
            entry = ZipInfo(part.name, written_at)
            entry.compress_type = ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for chunk in part.chunks:
                    file.write(chunk)
                    yield flow.take()
    yield flow.take()


class _Flow(io.RawIOBase):
    """Takes what is written, and hands it on: it cannot be sought in."""

    def __init__(self) -> None:
        self._written = bytearray()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        self._written += chunk
        return len(chunk)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _read(read: ReadOfMine) -> bytes:
    times = {"at": iso(read.at), "last_at": iso(read.last_at), "times": read.times}
    whose = {"recipient": read.recipient, "purpose": read.purpose, "category": read.category}
    return msgspec.json.encode(times | whose) + b"\n"


def _account(kept: Kept) -> _Account:
    return _Account(kept.device, kept.age, [PasskeyCard.of(each) for each in kept.passkeys])


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())
