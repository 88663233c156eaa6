"""2xx means durable: the door is killed right after it, and the rows are there, once."""

import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hubbub.record.events import EventStore
from hubbub.record.record import Record
from hubbub.terms.time import SECOND
from intake import door_server
from intake.intake_house import NOW, TOKEN
from record.rows import reads_log

T = NOW // SECOND - 3_600
PATIENCE_S = 60


class Killable:
    """A door in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process, self._port = process, port

    def post(self, body: bytes, *, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        sent = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        try:
            connection.request("POST", "/v1/intake", body, sent | (headers or {}))
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def door_on(folder: Path) -> Iterator[Killable]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = os.pathsep.join(str(Path(part).resolve()) for part in sys.path if part)
    command = [sys.executable, door_server.__file__, str(folder), str(port)]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}) as process:
        try:
            _wait_until_it_listens(process, port)
            yield Killable(process, port)
        finally:
            process.kill()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        assert process.poll() is None, "the door did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        return
    pytest.fail("the door did not listen in time")


def nobody_dead(*_: object) -> pa.Table:
    return pa.table({"receipt": pa.array([], pa.int64())})


def pings(first: int, count: int) -> bytes:
    return json.dumps(
        [{"at": T + second, "lat": 60.1, "lon": 24.9} for second in range(first, first + count)]
    ).encode()


def test_what_got_a_2xx_is_there_after_a_kill_once_and_known_when_sent_again(
    tmp_path: Path,
) -> None:
    record = Record(
        EventStore(tmp_path / "events"),
        tmp_path / "journal",
        dead=nobody_dead,
        reads=reads_log(tmp_path),
    )
    for round_ in range(3):
        with door_on(tmp_path) as door:
            if round_ > 0:  # what was acknowledged before the kill
                before = pings((round_ - 1) * 100, 100)
                assert door.post(before) == (
                    200,
                    {"accepted": 0, "duplicates": 100, "rejected": []},
                )
            status, answer = door.post(pings(round_ * 100, 100))
            door.kill()
            assert (status, answer["accepted"]) == (200, 100)
        if round_ == 1:
            record.drain()
    record.drain()
    store = EventStore(tmp_path / "events")
    at = sorted(store.read(store.paths(store.listing()))["at"].to_pylist())
    assert at == [(T + second) * SECOND for second in range(300)]


def test_the_door_over_a_real_server_takes_gzip_and_refuses_bombs_and_strangers(
    tmp_path: Path,
) -> None:
    packed = {"content-encoding": "gzip"}
    with door_on(tmp_path) as door:
        assert door.post(gzip.compress(pings(0, 10)), headers=packed)[0] == 200
        assert door.post(gzip.compress(bytes(200_000_000)), headers=packed)[0] == 413
        assert door.post(bytes(8 << 20))[0] == 413
        assert door.post(pings(0, 1), headers={"authorization": "Bearer x"})[0] == 401
        assert door.post(b"nonsense")[0] == 400
        assert door.post(pings(0, 10))[1]["duplicates"] == 10
