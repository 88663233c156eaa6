"""The data folder: what rests where, and that one house at a time lives in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from hubbub.terms.errors import BadInput, HubbubError

HOME_VARIABLE = "HUBBUB_HOME"


class Home:
    """The folders and files of one house."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.deal = folder / "deal.sqlite"
        self.ledger = folder / "ledger.sqlite"
        self.journal = folder / "journal"
        self.events = folder / "events"
        self.ledger_witness = self.events / "_ledger.head"
        self.reads = folder / "reads.sqlite"
        self.reads_witness = self.events / "_reads.head"
        self.passes = folder / "passes"
        self.visits = folder / "visits"
        self.use = folder / "use.sqlite"
        self.days = folder / "days"
        self.cities = folder / "city"
        self.place_numbers = folder / "places.json"
        self.keys = folder / "keys"
        self.proofs = folder / "proofs"
        self.operator_key = self.keys / "operator"
        self.keeper_status = folder / "keeper.json"
        self.swept = folder / "swept.json"
        self.sweep_asked = folder / "sweep-asked"
        self.audited = folder / "audited.json"


def find_home(given: Path | None) -> Home:
    """Choose the data folder: the one given, the environment's, or the platform's."""
    named = os.environ.get(HOME_VARIABLE)
    folder = given or (Path(named) if named else Path(platformdirs.user_data_dir("hubbub")))
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file; --home wants a folder")
    return Home(folder.absolute())


class HomeTaken(HubbubError):
    """Another hubbub runs on this data folder. Stop it, or give this one another folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"another hubbub is running on {folder}; stop it or choose another --home")
        self.folder = folder


@contextmanager
def taken(home: Home) -> Iterator[None]:
    """Hold the data folder for this process alone. Raises `HomeTaken` when another has it."""
    home.folder.mkdir(parents=True, exist_ok=True)
    with (home.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeTaken(home.folder) from None
        yield
