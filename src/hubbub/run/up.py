"""`hubbub up`: the house as one command. A supervisor, the web process and the keeper."""

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import closing

import msgspec

from hubbub.run.children import Child, python
from hubbub.run.home import Home, taken
from hubbub.run.house import open_shelf
from hubbub.run.log import set_up_logs
from hubbub.run.messenger.child import messenger_child
from hubbub.run.messenger.presence import has_messenger
from hubbub.run.settings import Settings
from hubbub.terms.errors import HubbubError

_LOOK_EVERY_S = 0.25


class PortTaken(HubbubError):
    """The address is in use. Stop what uses it, or choose another port."""

    def __init__(self, host: str, port: int, *, option: str) -> None:
        super().__init__(f"{host}:{port} is in use; stop what uses it or choose another {option}")
        self.host, self.port = host, port


def up(
    home: Home, settings: Settings, *, beside: tuple[Child, ...] = (), say: Callable[[str], None]
) -> None:
    """Run the house until a signal ends it. `beside` are more children, such as a replay."""
    set_up_logs()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with taken(home):
        _require_free(settings.server.host, settings.server.port, option="--port")
        with closing(open_shelf(home)) as shelf:
            shelf.days()  # a ledger of another version is told now, and once
        children = (*_children(home, settings), *beside)
        for child in children:
            child.start()
        try:
            is_told = False
            while not stop.wait(_LOOK_EVERY_S):
                for child in children:
                    child.watch()
                is_told = is_told or _announce(settings, say=say)
        finally:
            for child in reversed(children):
                child.stop()
            for child in reversed(children):
                child.wait()


def _children(home: Home, settings: Settings) -> tuple[Child, ...]:
    folder, server = str(home.folder), settings.server
    in_force = msgspec.json.encode(settings.messenger).decode()
    house = (
        Child("keeper", python("hubbub.run.keeper", folder)),
        Child("web", python("hubbub.run.web", folder, server.host, str(server.port), in_force)),
        Child("typical", python("hubbub.run.typical", folder)),
        Child("busy", python("hubbub.run.busy", folder)),
    )
    if not has_messenger(settings):
        return house
    wanted = settings.messenger
    _require_free(wanted.host, wanted.port, option="--messenger-port")
    return (*house, messenger_child(home, settings))


def _require_free(host: str, port: int, *, option: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortTaken(host, port, option=option) from None


def _announce(settings: Settings, *, say: Callable[[str], None]) -> bool:
    """Say that the house is up, if it is."""
    host, port = settings.server.host, settings.server.port
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    say(f"hubbub is up: http://{host}:{port}  (Ctrl+C stops it)")
    return True
