"""The homeserver as `hubbub up` keeps it: told what to do, asked whether it is well."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import structlog

from hubbub.run.children import Child, Pulse, python
from hubbub.run.home import Home
from hubbub.run.messenger.config import write_config
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.presence import MODULE, address_of, is_installed
from hubbub.run.settings import Settings

log = structlog.get_logger()

_PATIENCE_S = 5.0


def messenger_child(home: Home, settings: Settings) -> Child:
    """Give the homeserver of this house, as a child process that is not started yet."""
    if not is_installed(MODULE):
        log.warning("no account can be shown to hubbub", missing=MODULE)
    files, server = MessengerFiles(home.folder), settings.server
    write_config(files, settings, house=f"http://{_reached_at(server.host)}:{server.port}")
    local = address_of(settings).local
    return Child("messenger", command(files), pulse=Pulse(lambda: answers(local)))


def command(files: MessengerFiles) -> tuple[str, ...]:
    """Make the command that runs the homeserver."""
    return python("hubbub.run.messenger.homeserver", str(files.config))


def answers(url: str) -> bool:
    """Tell whether the homeserver at `url` is well."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _reached_at(host: str) -> str:
    """Tell where a process on this computer reaches what listens on `host`."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not listened on
    return everywhere.get(host, f"[{host}]" if ":" in host else host)
