"""A process that releases what is due, look by look, until it is told to end."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from hubbub.record.deal_store import DealStore
from hubbub.run.children import end_with_parent
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals
from hubbub.run.log import set_up_logs
from hubbub.run.settings import read_settings
from hubbub.terms.errors import HubbubError
from hubbub.terms.time import Clock

type Step = Callable[[DealStore], None]
"""Releases what is due now. Raises what refuses it."""

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 60.0
_BEHIND: Final = 10  # live traffic goes first


def keep_releasing(begin: Callable[[Home, Clock], Step], *, what: str) -> None:
    """Take the step that `begin` gives, every minute, in the house in the data folder: HOME.

    What refuses a step is told, as not having released `what`; the next look tries again.
    """
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
    step = begin(home, clock)
    while not stop.wait(_LOOK_EVERY_S):
        deals = open_deals(home, settings, clock)
        try:
            step(deals)
        except HubbubError as error:
            log.warning("not released", what=what, why=str(error))
        finally:
            deals.close()
