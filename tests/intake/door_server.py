"""A real door before a real journal and store, in a process that a test may kill."""

import asyncio
import sys
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from hubbub.intake.door import Door
from hubbub.intake.limits import Limits
from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.seen import Seen
from intake.intake_house import FakeDeals, StillClock


async def serve(folder: Path, port: int) -> None:
    journal = Journal(folder / "journal", segment_s=0.1)
    seen = Seen(EventStore(folder / "events"), journal, folder=folder / "journal")
    limits = Limits(backlog_s_max=3_600, rows_a_second=1e6, rows_burst=10**9)
    door = Door(FakeDeals(), journal, seen, clock=StillClock(), limits=limits)
    server = Server(
        door,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    await server.serve()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
