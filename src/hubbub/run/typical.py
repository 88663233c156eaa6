"""The usual speeds of a week: matched again from the record when the week is over, released once.

A process of its own, so that live traffic does not wait for it.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

import structlog

from hubbub.crowd.blocks import Days, day_number
from hubbub.crowd.gate import release, spend
from hubbub.crowd.question import Question
from hubbub.products.traffic.declarations import TYPICAL, Roads
from hubbub.products.traffic.live import Matching
from hubbub.products.traffic.trips import PAST_CHUNK_S
from hubbub.record.engine import Engine
from hubbub.record.ledger import Ledger
from hubbub.record.record import Record
from hubbub.record.roads.city import City
from hubbub.run.children import end_with_parent
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.log import set_up_logs
from hubbub.run.settings import read_settings
from hubbub.run.spending import open_ledger
from hubbub.run.traffic import slices
from hubbub.terms.errors import HubbubError
from hubbub.terms.purposes import Traffic
from hubbub.terms.time import SECOND, Instant

log = structlog.get_logger()

_LATE_US: Final = 2 * 3600 * SECOND  # rows of the week's last minutes come to rest meanwhile
_EVER: Final = Instant(2**62)
_LOOK_EVERY_S: Final = 60.0
_BEHIND: Final = 10  # live traffic goes first


def release_typical(record: Record, ledger: Ledger, city: City, *, now: Instant) -> bool:
    """Release the week before the one of `now`, unless that was done. Tells whether it did."""
    assert isinstance(TYPICAL.blocks, Days), "usual speeds are released in weeks"
    block = TYPICAL.blocks.block(day_number(Instant(now - _LATE_US), city.zone) - 7, city.zone)
    keys = Roads(city.segments).slot_keys
    bill = Question(declaration=TYPICAL, rows={}, keys=keys, block=block).bill
    if ledger.stored(bill.release) is not None:
        return False
    matching = Matching[Traffic](city.matcher(), chunk_s=PAST_CHUNK_S)
    for pings, end in slices(record, Traffic, since=block.since, until=block.until):
        record.hold(matching.feed(pings, end), since=block.since)
    passes = record.collect(record.read_passes(Traffic, since=Instant(0), until=_EVER))
    question = Question(declaration=TYPICAL, rows={"passes": passes}, keys=keys, block=block)
    payment = spend(ledger, question, at=now)
    release(question, payment, engine=Engine().run, entropy=os.urandom)
    return True


def main() -> None:
    """Release what is due in the house in the data folder given, every week: HOME."""
    end_with_parent()
    set_up_logs()
    os.nice(_BEHIND)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    (folder,) = sys.argv[1:]
    home = Home(Path(folder))
    settings = read_settings(home.folder)
    clock = house_clock(settings)
    while not stop.wait(_LOOK_EVERY_S):
        deals = open_deals(home, settings, clock)
        try:
            record, ledger = open_record(home, deals), open_ledger(home)
            if release_typical(record, ledger, current_city(home), now=clock.now()):
                log.info("the usual speeds of last week are out")
        except HubbubError as error:
            log.warning("the usual speeds were not released", why=str(error))
        finally:
            deals.close()


if __name__ == "__main__":
    main()
