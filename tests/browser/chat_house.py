"""A house with a real messenger, for browsers in tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import msgspec

from browser.served import MappedHouse, free_port, serving
from hubbub.outlet.app import outlet_app
from hubbub.run.messenger.desk import MessengerDesk
from hubbub.run.messenger.files import MessengerFiles
from messenger.homeserver import Homeserver


class ChatHouse(MappedHouse):
    """A house whose people write to each other."""

    def __init__(self, folder: Path, homeserver: Homeserver, *, port: int) -> None:
        super().__init__(folder)
        self.origin = f"http://localhost:{port}"
        self._homeserver = homeserver

    @cached_property
    def messenger(self) -> MessengerDesk:  # type: ignore[override] # the real one
        there = self._homeserver
        wanted = msgspec.structs.replace(there.settings.messenger, open_sign_up=True)
        settings = msgspec.structs.replace(there.settings, messenger=wanted)
        files = MessengerFiles(there.home.folder)
        return MessengerDesk(files, settings, deals=self.deals, origin=self.origin)


@contextmanager
def chat_house(homeserver: Homeserver, folder: Path) -> Iterator[str]:
    """Serve a house with this messenger; give the chat's address."""
    house = ChatHouse(folder, homeserver, port=free_port())
    deals = house.deals
    try:
        with serving(outlet_app(house), int(house.origin.rpartition(":")[2])) as origin:
            yield f"{origin}/chat"
    finally:
        deals.close()
