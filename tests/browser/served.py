"""Serves a small house to a real browser, on a free port of this machine."""

import asyncio
import gzip
import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import mapbox_vector_tile
import msgspec
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from outlet.fake_house import NORTH_ROAD, SOUTH_ROAD, House

UNITS = 4096
ROADS = (
    msgspec.structs.replace(
        NORTH_ROAD,
        shape_e6=(24_937_000, 60_174_000, 24_944_000, 60_174_000, 24_951_000, 60_174_000),
    ),
    msgspec.structs.replace(
        SOUTH_ROAD,
        shape_e6=(24_937_000, 60_168_000, 24_944_000, 60_168_000, 24_951_000, 60_168_000),
    ),
)


class MappedHouse(House):
    """A house with a map: its two roads and their names."""

    roads = ROADS

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        lines = [[_in_tile(point, z, x, y) for point in _points(road.shape_e6)] for road in ROADS]
        segments = [
            {
                "id": road.number,
                "geometry": {"type": "LineString", "coordinates": line},
                "properties": {"class": road.road_class, "two_way": 0, "length_m": 100},
            }
            for road, line in zip(ROADS, lines, strict=True)
        ]
        layers = [{"name": "segments", "features": segments}]
        return gzip.compress(
            mapbox_vector_tile.encode(layers, default_options={"y_coord_down": True})
        )


class Doorstep:
    """Stands before the app: it can be shut, as if the house were away, and counts who came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.is_shut = False
        self.live_answers: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and scope["path"].endswith("live.json"):
                self.live_answers.append(int(str(message["status"])))
            await send(message)

        if self.is_shut:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, noted)


def free_port() -> int:
    """Find a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(app: ASGIApp, port: int) -> Iterator[str]:
    """Serve `app` while the block runs; give its address."""
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
        websockets=False,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), daemon=True)
    thread.start()
    origin = f"http://localhost:{port}"
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
        client.get(f"{origin}/healthz").raise_for_status()
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(timeout=10)
        loop.close()


def _points(shape_e6: tuple[int, ...]) -> list[tuple[float, float]]:
    return [(lon / 1e6, lat / 1e6) for lon, lat in zip(shape_e6[::2], shape_e6[1::2], strict=True)]


def _in_tile(point: tuple[float, float], z: int, x: int, y: int) -> tuple[int, int]:
    lon, lat = point
    across = (lon / 360 + 0.5) * 2**z - x
    down = (0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * 2**z - y
    return round(across * UNITS), round(down * UNITS)
