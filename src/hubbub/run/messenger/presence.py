"""Whether this house has a messenger, and under which names it is reached."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from hubbub.run.settings import Settings

HOMESERVER = "matrix-synapse"
MODULE = "hubbub-synapse"


@dataclass(frozen=True)
class Address:
    """Where the homeserver is."""

    server_name: str  # the part of everybody's name behind the colon, for ever
    url: str  # as people's browsers and apps reach it
    local: str  # as hubbub does


def has_messenger(settings: Settings) -> bool:
    """Tell whether there is one: it is wanted, and `hubbub[messenger]` is installed."""
    return settings.messenger.enabled and is_installed(HOMESERVER)


def is_installed(distribution: str) -> bool:
    """Tell whether a distribution is installed here."""
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def address_of(settings: Settings) -> Address:
    """Tell where the homeserver of these settings is."""
    origin, wanted = settings.server.origin, settings.messenger
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    local = f"http://{host}:{wanted.port}"
    # Behind a proxy both are one origin: it hands what is Matrix's to the homeserver.
    url = wanted.url or (origin if origin.startswith("https:") else local)
    return Address(wanted.server_name or urlsplit(origin).hostname or "localhost", url, local)
