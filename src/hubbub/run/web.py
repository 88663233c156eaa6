"""The web process: the door for what phones send, and the outlet for everything that leaves."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from hubbub.intake.door import PREFIX, Door
from hubbub.intake.limits import Limits
from hubbub.intake.messenger import PATH as MESSENGER_PATH
from hubbub.intake.messenger import MessengerDoor
from hubbub.outlet.app import outlet_app
from hubbub.record.deal_store import DealStore
from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.seen import Seen
from hubbub.run.children import end_with_parent
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_use, origin_of
from hubbub.run.log import set_up_logs
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.presence import has_messenger
from hubbub.run.settings import Messenger, Settings, read_settings
from hubbub.run.sources import HouseSources
from hubbub.terms.time import Clock

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 5.0

type _Message = MutableMapping[str, Any]
type _Receive = Callable[[], Awaitable[_Message]]
type _Send = Callable[[_Message], Awaitable[None]]
type _App = Callable[[_Message, _Receive, _Send], Awaitable[None]]


def dispatch(door: _App, outlet: _App, *, messenger: _App | None = None) -> _App:
    """Send what phones send to the door, and everything else to the outlet.

    The `messenger` is a door of its own, for what was counted there.
    """

    async def app(scope: _Message, receive: _Receive, send: _Send) -> None:
        path = scope.get("path", "")
        inward = scope["type"] == "http" and (path == PREFIX or path.startswith(f"{PREFIX}/"))
        if inward and messenger is not None and path == MESSENGER_PATH:
            await messenger(scope, receive, send)
        else:
            await (door if inward else outlet)(scope, receive, send)

    return app


def open_door(
    home: Home, settings: Settings, *, deals: DealStore, clock: Clock
) -> tuple[Door, Journal]:
    """Open the door, and the journal it writes to."""
    journal = Journal(home.journal)
    seen = Seen(EventStore(home.events), journal, folder=home.journal)
    limits = Limits(**msgspec.structs.asdict(settings.intake))
    return Door(deals, journal, seen, clock=clock, limits=limits), journal


def open_messenger_door(
    home: Home, settings: Settings, *, deals: DealStore, door: Door
) -> MessengerDoor | None:
    """Open the door for what the messenger counted, if this house has one."""
    if not has_messenger(settings):
        return None
    return MessengerDoor(
        deals.histories,
        open_use(home, deals),
        door.admission.refusals,
        secret=MessengerFiles(home.folder).shared_secret(),
        clock=SystemClock(),
    )


async def serve(home: Home, settings: Settings, *, host: str, port: int) -> None:
    """Serve until a signal, or until the journal cannot be trusted any more."""
    clock = house_clock(settings)
    deals = open_deals(home, settings, clock)
    door, journal = open_door(home, settings, deals=deals, clock=clock)
    sources = HouseSources(
        home,
        settings,
        deals=deals,
        clock=clock,
        door=door,
        journal=journal,
        origin=origin_of(settings, port),
    )
    if sources.messenger is not None:
        sources.messenger.open()
    server = Server(
        dispatch(
            door,
            outlet_app(sources),
            messenger=open_messenger_door(home, settings, deals=deals, door=door),
        ),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve())
    watching = asyncio.create_task(_until_broken(journal))
    # Weeks take a while to put together: the first who asks should not wait for that.
    loop.run_in_executor(None, sources.busyness)
    ends = (serving, watching, asyncio.create_task(stop.wait()))
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    await asyncio.wait([serving], timeout=_PATIENCE_S)
    await door.admission.refusals.flush()
    await door.admission.conflicts.flush()
    sources.reads().close()
    journal.close()
    deals.close()
    # granian's own threads would keep a broken process alive.
    os._exit(1 if journal.broken else 0)


async def _until_broken(journal: Journal) -> None:
    while not journal.broken:  # noqa: ASYNC110 - a thread breaks it, and tells nobody
        await asyncio.sleep(_LOOK_EVERY_S)
    log.error("the journal cannot be written; starting anew")


def main() -> None:
    """Serve the house in the data folder given, at the address given: HOME HOST PORT MESSENGER."""
    end_with_parent()
    set_up_logs()
    folder, host, port, in_force = sys.argv[1:]
    home = Home(Path(folder))
    settings = msgspec.structs.replace(
        read_settings(home.folder), messenger=msgspec.json.decode(in_force, type=Messenger)
    )
    uvloop.run(serve(home, settings, host=host, port=int(port)))


if __name__ == "__main__":
    main()
