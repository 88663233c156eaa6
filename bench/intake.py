"""How many rows a second come in: over HTTP to the journal's disk, and from there into the store.

A real server in a process of its own, with the real deal, journal and store behind it. The sender
shares the machine with it, so rows a CPU-second of the server say more than rows a second.

    python -m bench.intake [--quick]
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from rich.console import Console
from rich.table import Table

from hubbub.intake.door import Door
from hubbub.intake.limits import Limits
from hubbub.record.deal_store import DealStore
from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.reads_log import ReadsLog
from hubbub.record.record import Record
from hubbub.record.seen import Seen
from hubbub.run.clock import StillClock, SystemClock
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant

SENDERS: Final = 16
POSTS: Final = {1: 8_000, 10: 8_000, 1_000: 800}
"""Posts to send, by the rows in each."""

_STEP: Final = SECOND // 1_000  # between two rows of one device


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: rows, and what it took to take them."""

    what: str
    rows: int
    wall_s: float
    cpu_s: float  # of the process that took them


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the door with small and large posts, and the way into the store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokens = _enrol(folder)
        figures = []
        with _door_on(folder) as (pid, port):
            begin = Instant(SystemClock().now() - 3_600 * SECOND)
            for rows, posts in POSTS.items():
                count = posts // (20 if quick else 1)
                bodies = [_body(begin, post, rows) for post in range(count)]
                begin = Instant(begin + rows * count * _STEP)
                cpu_s, started = _cpu_s(pid), time.perf_counter()
                asyncio.run(_send_all(port, tokens, bodies))
                wall_s, cpu_s = time.perf_counter() - started, _cpu_s(pid) - cpu_s
                what = f"door: {rows:,} row{'s' if rows > 1 else ''} a post, durable"
                figures.append(Figure(what=what, rows=rows * count, wall_s=wall_s, cpu_s=cpu_s))
        store = EventStore(folder / "events")
        reads = ReadsLog(
            folder / "reads.sqlite", witness=folder / "reads.head", clock=SystemClock()
        )
        record = Record(store, folder / "journal", dead=lambda *_: _nobody(), reads=reads)
        figures.append(_timed("keeper: journal to store, durable", record.drain))
        return [*figures, _timed("keeper: fresh rows sorted by person", lambda: _compact(store))]


def show(figures: list[Figure]) -> Table:
    """Lay the figures out."""
    table = Table("what", "rows", "rows/s", "rows/s/core", title="intake")
    for figure in figures:
        a_second, a_core = figure.rows / figure.wall_s, figure.rows / figure.cpu_s
        table.add_row(figure.what, f"{figure.rows:,}", f"{a_second:,.0f}", f"{a_core:,.0f}")
    return table


def _enrol(folder: Path) -> list[str]:
    yesterday = StillClock(Instant(SystemClock().now() - 86_400 * SECOND))
    desk = DealStore(folder / "deal.sqlite", yesterday)
    both = frozenset({Traffic, LiveTraffic})
    tokens = [desk.enrol(f"phone {n}", both, "bench").token.secret for n in range(SENDERS)]
    desk.close()
    return tokens


def _body(begin: Instant, post: int, rows: int) -> bytes:
    first = begin + post * rows * _STEP
    return msgspec.json.encode(
        [
            {
                "at": (first + row * _STEP) / SECOND,
                "lat": 60.17 + row % 100 / 1e5,
                "lon": 24.94,
                "accuracy_m": 6.5,
                "speed_mps": 8.25,
                "course_deg": 90,
            }
            for row in range(rows)
        ]
    )


async def _send_all(port: int, tokens: list[str], bodies: list[bytes]) -> None:
    waiting = iter(bodies)
    await asyncio.gather(*(_send(port, token, waiting) for token in tokens))


async def _send(port: int, token: str, bodies: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /v1/intake HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: "
    ).encode()
    for body in bodies:
        writer.write(head + b"%d\r\n\r\n" % len(body) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


@contextmanager
def _door_on(folder: Path) -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "bench.intake", "serve", str(folder), str(port)]
    with subprocess.Popen(command) as server:  # noqa: S603 - ourselves
        try:
            _wait_for(port)
            yield server.pid, port
        finally:
            server.kill()


def _wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


async def _serve(folder: Path, port: int) -> None:
    clock = SystemClock()
    journal = Journal(folder / "journal")
    seen = Seen(EventStore(folder / "events"), journal, folder=folder / "journal")
    unlimited = Limits(rows_a_second=1e9, rows_burst=10**9, backlog_s_max=1e9)
    deals = DealStore(folder / "deal.sqlite", clock)
    door = Door(deals, journal, seen, clock=clock, limits=unlimited)
    await Server(
        door,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    ).serve()


def _timed(what: str, work: Callable[[], int]) -> Figure:
    cpu_s, started = time.process_time(), time.perf_counter()
    rows = work()
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
    return Figure(what=what, rows=rows, wall_s=wall_s, cpu_s=cpu_s)


def _compact(store: EventStore) -> int:
    rows = sum(file.rows for file in store.listing())
    for day in {file.day for file in store.listing()}:
        store.compact(day)
    return rows


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _nobody() -> pa.Table:
    return pa.table({"receipt": pa.array([], pa.int64())})


def main() -> None:
    """Measure, and print the table."""
    match sys.argv[1:]:
        case ["serve", folder, port]:
            asyncio.run(_serve(Path(folder), int(port)))
        case options:
            Console().print(show(measure(quick="--quick" in options)))


if __name__ == "__main__":
    main()
