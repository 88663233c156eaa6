"""Backing up a house while it runs, and putting it back into an empty folder.

What may only grow is copied in the order in which nothing is lost: whatever points to something is
copied before it. A row that was on its way is in the copy twice and counts once, as it does after a
fall. So: the homeserver before its pictures, before what it counted for hubbub; the journal before
the record; the record before the receipts, and before the ledger, which may know more than the
record and never less.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import file_digest
from pathlib import Path
from typing import Final

import msgspec

from hubbub.record.events import EventStore
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home, taken
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.move import dump, load
from hubbub.run.settings import FILE
from hubbub.terms.errors import BadInput, HubbubError
from hubbub.terms.time import iso

MANIFEST: Final = "backup.json"

_LOG: Final = "_delta_log"
_TRIES: Final = 10


class NotBackedUp(HubbubError):
    """The house changed faster than it could be copied. Try again, or stop it first."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} changed while it was copied, again and again; try once more")


class Damaged(HubbubError):
    """The backup is not what was written. Take another one."""

    def __init__(self, file: str) -> None:
        super().__init__(f"{file} is not as it was backed up, or is missing: take another backup")


class Kept(msgspec.Struct, frozen=True):
    """What is in a backup, file by file, with its SHA-256."""

    made_at: str
    files: dict[str, str]


class BackedUp(msgspec.Struct, frozen=True):
    """What was copied."""

    folder: str
    files: int
    size_bytes: int


def back_up(home: Home, to: Path) -> BackedUp:
    """Copy the house into `to`, which must be new or empty. It may run meanwhile."""
    _require_empty(to, option="the folder of a backup")
    if not home.folder.exists():
        raise BadInput(f"{home.folder} is no house: there is nothing to back up")
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in (FILE, "demo.json"):
        _copy(home.folder / file, to)
    _copy_messenger(MessengerFiles(home.folder), MessengerFiles(to))
    _copy_sqlite(home.use, to / home.use.name)
    for folder in (home.journal, home.passes, home.visits, home.days):
        _again(_copy_folder, folder, to / folder.name)
    _again(_copy_events, home.events, to / home.events.name)
    for database in (home.deal, home.ledger, home.reads):
        _copy_sqlite(database, to / database.name)
    for part in (home.place_numbers, home.keys, home.proofs, home.cities):
        _copy(part, to)
    return _write_list(to)


def restore(home: Home, from_: Path) -> Kept:
    """Put a backup back into `home`, which must be new or empty, if it is whole."""
    _require_empty(home.folder, option="--home")
    try:
        kept = msgspec.json.decode((from_ / MANIFEST).read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        raise BadInput(f"{from_} holds no backup of a house") from None
    for name, digest in kept.files.items():
        if not (from_ / name).is_file() or _digest(from_ / name) != digest:
            raise Damaged(name)
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with taken(home):
        for name in kept.files:
            (home.folder / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(from_ / name, home.folder / name)
        load(MessengerFiles(home.folder))
    return kept


def _copy_messenger(files: MessengerFiles, copy: MessengerFiles) -> None:
    """Copy the homeserver's: every picture that its database knows is in the folder by then."""
    if not files.folder.exists():
        return
    copy.folder.mkdir(mode=0o700)
    _copy_sqlite(files.database, copy.database)
    dump(files, copy)
    _again(_copy_folder, files.media, copy.media)
    for part in (files.config, files.signing_key, files.module_secret, files.secrets):
        _copy(part, copy.folder)


def _copy_events(events: Path, copy: Path) -> None:
    """Copy the record, its log first, if all files that the log knows are there at the end."""
    if not (events / _LOG).exists():
        return
    shutil.copytree(events / _LOG, copy / _LOG)
    shutil.copytree(events, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_LOG))
    store = EventStore(copy)
    if not all(Path(path).exists() for path in store.paths(store.listing())):
        raise FileNotFoundError


def _copy_sqlite(file: Path, copy: Path) -> None:
    """Copy a database as of one moment: SQLite's online backup, in one step."""
    if not file.exists():
        return
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(copy)) as here:
        there.backup(here)


def _copy_folder(folder: Path, copy: Path) -> None:
    if folder.exists():
        shutil.copytree(folder, copy)


def _copy(part: Path, to: Path) -> None:
    if part.is_dir():
        shutil.copytree(part, to / part.name)
    elif part.exists():
        shutil.copy2(part, to / part.name)


def _again(copy: Callable[[Path, Path], None], folder: Path, to: Path) -> None:
    """Copy once more what was tidied up while it was copied."""
    for _ in range(_TRIES):
        try:
            shutil.rmtree(to, ignore_errors=True)
            copy(folder, to)
        except (FileNotFoundError, shutil.Error):
            continue
        return
    raise NotBackedUp(folder.name)


def _write_list(to: Path) -> BackedUp:
    files = [path for path in sorted(to.rglob("*")) if path.is_file()]
    listed = {path.relative_to(to).as_posix(): _digest(path) for path in files}
    kept = Kept(made_at=iso(SystemClock().now()), files=listed)
    (to / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
    return BackedUp(str(to), len(files), sum(path.stat().st_size for path in files))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _require_empty(folder: Path, *, option: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{option}: {folder} is there already, and not empty")
