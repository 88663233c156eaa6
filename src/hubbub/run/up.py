"""`hubbub up`: the house as one command. A supervisor, the web process and the keeper."""

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import closing

from hubbub.run.children import Child, python
from hubbub.run.home import Home, taken
from hubbub.run.house import open_shelf
from hubbub.run.log import set_up_logs
from hubbub.run.settings import Settings
from hubbub.terms.errors import HubbubError

_LOOK_EVERY_S = 0.25


class PortTaken(HubbubError):
    """The address is in use. Stop what uses it, or choose another --port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is in use; stop what uses it or choose another --port")
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
        _require_free(settings.server.host, settings.server.port)
        with closing(open_shelf(home)) as shelf:
            shelf.days()  # a ledger of another version is told now, and once
        where = (str(home.folder), settings.server.host, str(settings.server.port))
        children = (
            Child("keeper", python("hubbub.run.keeper", *where[:1])),
            Child("web", python("hubbub.run.web", *where)),
            Child("typical", python("hubbub.run.typical", *where[:1])),
            *beside,
        )
        for child in children:
            child.start()
        try:
            _announce(settings, say=say, stop=stop)
            while not stop.wait(_LOOK_EVERY_S):
                for child in children:
                    child.watch()
        finally:
            for child in reversed(children):
                child.stop()
            for child in reversed(children):
                child.wait()


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortTaken(host, port) from None


def _announce(settings: Settings, *, say: Callable[[str], None], stop: threading.Event) -> None:
    host, port = settings.server.host, settings.server.port
    while not stop.wait(0.1):
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            continue
        say(f"hubbub is up: http://{host}:{port}  (Ctrl+C stops it)")
        return
