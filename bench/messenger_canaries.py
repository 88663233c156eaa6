"""Looks for what people wrote in every file of hubbub's.

    python -m bench.messenger_canaries [COUNT]

Two people who agreed to everything write COUNT messages with canaries in them: in texts, in names
of files, in reactions and in what an encrypted message carries, in a room whose name and topic are
canaries, under display names that are. Then every file of the house is searched, as text, and
unpacked where it is packed by column; the homeserver's own files must have them. Ends with 1 if one
is found at hubbub's, or if the counts are not what was written.
"""

import json
import secrets
import sys
import time
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from bench.messenger_world import CLIENT, World, Writer, world

CANARY: Final = f"canary{secrets.token_hex(6)}"
_PATIENCE_S: Final = 300.0


def main() -> None:
    """Write COUNT messages, and tell what was found as JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    began = time.monotonic()
    with world() as there:
        ann, bob = there.writer("ann"), there.writer("bob")
        _name(there, ann, bob)
        time.sleep(3)  # until the homeserver has heard what they agreed to
        room = there.room(ann, bob, name=f"{CANARY} room", topic=f"{CANARY} topic")
        counted = _write(there, (ann, bob), room, count=count)
        came = _comes(there, counted)
        hits = [path.name for path in there.files_of_hubbub() if CANARY.encode() in _unpacked(path)]
        told = {
            "written": count,
            "to_be_counted": counted,
            "counted": came,
            "files_of_hubbub": len(there.files_of_hubbub()),
            "hits_at_hubbub": hits,
            "at_the_homeserver": _is_at_the_homeserver(there),
            "seconds": round(time.monotonic() - began, 1),
        }
    print(json.dumps(told, indent=2))
    sys.exit(1 if hits or came != counted or not told["at_the_homeserver"] else 0)


def _name(there: World, *people: Writer) -> None:
    for who in people:
        path = f"{CLIENT}/profile/{who.account}/displayname"
        there.ask("PUT", path, body={"displayname": f"{CANARY} name"}, token=who.token)


def _write(there: World, people: tuple[Writer, ...], room: str, *, count: int) -> int:
    """Write, in turn, all that can carry words. Gives how many of them are counted."""
    first, counted = "", 0
    for number in range(count):
        who, words = people[number % 2], f"{CANARY} {number}"
        relates = {"rel_type": "m.annotation", "event_id": first, "key": words}
        kind, content = (
            ("m.room.message", {"msgtype": "m.text", "body": words}),
            ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": words}),
            ("m.room.message", {"msgtype": "m.file", "body": words, "url": f"mxc://x/{CANARY}"}),
            ("m.reaction", {"m.relates_to": relates}),
        )[number % 4]
        path = f"{CLIENT}/rooms/{room}/send/{kind}/{number}"
        answer = there.ask("PUT", path, body=content, token=who.token).json()
        first = first or answer["event_id"]
        counted += kind != "m.reaction"
    return counted


def _comes(there: World, counted: int) -> int:
    deadline = time.monotonic() + _PATIENCE_S
    while (came := sum(there.times().values())) < counted and time.monotonic() < deadline:
        time.sleep(1)
    return came


def _unpacked(path: Path) -> bytes:
    if path.suffix != ".parquet":
        return path.read_bytes()
    return path.read_bytes() + str(pq.ParquetFile(path).read().to_pydict()).encode()


def _is_at_the_homeserver(there: World) -> bool:
    files = [path for path in there.files.folder.rglob("*") if path.is_file()]
    return any(CANARY.encode() in path.read_bytes() for path in files)


if __name__ == "__main__":
    main()
