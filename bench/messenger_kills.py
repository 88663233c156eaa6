"""Kills homeserver, house or both while people write, and looks at what was acknowledged.

    python -m bench.messenger_kills [COUNT]

Some write without a pause, and send again what was not acknowledged, as apps do; some of them take
their deal back in the middle. Whatever is killed is started again at once. Then: every message
that was acknowledged is in the homeserver's database; each that is there was counted once at
hubbub, if its writer agreed; and nobody reads a row of whoever took it back. Ends with 1 if not.
"""

import json
import secrets
import sys
import time
from collections import Counter
from typing import Final

from bench.messenger_world import World, Writer, Writing, world
from hubbub.deal.desk import SignedIn
from hubbub.run.house import open_record
from hubbub.run.sweep import sweep
from hubbub.terms.purposes import Usage
from hubbub.terms.time import Instant
from hubbub.terms.use import USE_TABLES

WRITERS: Final = 4
LEAVERS: Final = 2
VICTIMS: Final = (("homeserver",), ("house",), ("house", "homeserver"))
ALIVE_S: Final = 3.0
_PATIENCE_S: Final = 600.0


def main() -> None:
    """Kill COUNT times, and tell what was found as JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with world() as there:
        stay = [there.writer(f"stays{number}") for number in range(WRITERS)]
        leave = [there.writer(f"leaves{number}") for number in range(LEAVERS)]
        room = there.room(*stay, *leave)
        time.sleep(3)  # until the homeserver has heard what they agreed to
        began = time.monotonic()
        killed = _write_and_kill(there, [*stay, *leave], room, count=count, leave=leave)
        took_s = time.monotonic() - began
        told = {"kills": sum(killed.values()), "killed": dict(killed), "seconds": round(took_s, 1)}
        told |= _look(there, stay, leave)
    print(json.dumps(told, indent=2))
    faults = ("acknowledged_missing", "records_missing", "duplicates", "of_who_left")
    sys.exit(1 if any(told[name] for name in faults) else 0)


def _write_and_kill(
    there: World, writers: list[Writer], room: str, *, count: int, leave: list[Writer]
) -> Counter[str]:
    chance, killed = secrets.SystemRandom(), Counter[str]()
    writing = [Writing(there, each, room) for each in writers]
    for thread in writing:
        thread.start()
    for number in range(count):
        time.sleep(chance.uniform(0, ALIVE_S))
        if number == count // 2:
            for who in leave:
                there.deals.withdraw(SignedIn(there.subjects[who.account]), None, "bench")
        victims = chance.choice(VICTIMS)
        there.kill(*victims)
        killed[" and ".join(victims)] += 1
        for victim in victims:
            there.start(victim)
    time.sleep(ALIVE_S)
    for thread in writing:
        thread.stop.set()
    for thread in writing:
        thread.join()
    return killed


def _look(there: World, stay: list[Writer], leave: list[Writer]) -> dict[str, int]:
    """Compare what was acknowledged, what is there, and what was counted."""
    deadline = time.monotonic() + _PATIENCE_S
    written = there.written()
    wanted = {there.subjects[each.account]: len(written[each.account]) for each in stay}
    while time.monotonic() < deadline:
        times = there.times()
        if all(times.get(subject) == wanted[subject] for subject in wanted):
            break
        time.sleep(1)
    time.sleep(3)  # whatever comes twice comes now
    times = there.times()
    gone = {there.subjects[each.account] for each in leave}
    there.kill("house")  # its keeper's work is done here
    sweep(there.home)
    record = open_record(there.home, there.deals)
    left = sum(
        row["subject"] in gone
        for table in USE_TABLES
        for row in record.use.between(table, Instant(0), Instant(2**62)).to_pylist()
    )
    readable = record.use.read("service_use", Usage, since=Instant(0), until=Instant(2**62))
    read = record.collect(readable).rows["times"].to_pylist()
    record.close()
    there.start("house")
    everybody = (*stay, *leave)
    acknowledged = {each.account: {*each.acknowledged} for each in everybody}
    return {
        "acknowledged": sum(map(len, acknowledged.values())),
        "acknowledged_missing": sum(
            len(events - written[account]) for account, events in acknowledged.items()
        ),
        "counted": sum(times.get(subject, 0) for subject in wanted),
        "readable": sum(read),
        "records_missing": sum(
            max(0, messages - times.get(subject, 0)) for subject, messages in wanted.items()
        ),
        "duplicates": sum(
            max(0, times.get(subject, 0) - messages) for subject, messages in wanted.items()
        ),
        "of_who_left": left,
    }


if __name__ == "__main__":
    main()
