"""Passes that are held: in memory, and in a log where a restart must not lose them."""

from collections import defaultdict
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hubbub.record.events import Doomed
from hubbub.record.passes_log import PassesLog
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Purpose
from hubbub.terms.time import Instant

_TABLES_MAX: Final = 100
_KEPT: Final = pa.schema([*(PASSES_SCHEMA | STAMP).items()])


class HeldPasses:
    """The passes of each purpose, with their stamps."""

    def __init__(self) -> None:
        self._held: defaultdict[int, list[pa.Table]] = defaultdict(list)
        self._logs: dict[int, PassesLog] = {}

    def remember(self, purpose: type[Purpose], log: PassesLog) -> None:
        """Keep those of `purpose` in `log` too; begin with what is there."""
        self._logs[purpose.index] = log
        self._held[purpose.index].append(log.load())

    def hold(self, passes: pa.Table, purpose: type[Purpose], *, since: Instant) -> None:
        """Keep more of them, and forget those before `since`."""
        held, log = self._held[purpose.index], self._logs.get(purpose.index)
        if log is not None:
            log.append(passes)
            log.forget_before(since)
        if passes.num_rows:
            held.append(passes.select(_KEPT.names).cast(_KEPT))
        if len(held) > _TABLES_MAX:
            held[:] = [pa.concat_tables(held).filter(pc.field("at") >= since).combine_chunks()]
        held[:] = [rows for rows in held if rows["at"].to_numpy().max(initial=-1) >= since]

    def of(self, purpose: int) -> pa.Table:
        """Give those of a purpose, by its index."""
        return pa.concat_tables([_KEPT.empty_table(), *self._held[purpose]])

    def let_go(self, purpose: type[Purpose]) -> None:
        """Forget those of `purpose` that are in memory."""
        self._held.pop(purpose.index, None)

    def erase(self, subject: Subject) -> None:
        """Take those of `subject` out of the logs and the memory."""
        for log in self._logs.values():
            log.take_out(lambda rows: pc.equal(rows["subject"], subject))
        whom = np.array([subject], np.int64)
        for held in self._held.values():
            held[:] = [without(rows, whom) for rows in held]

    def take_out(self, doomed: Doomed) -> int:
        """Take the `doomed` out of the logs and the memory. Gives how many of the logs'."""
        for held in self._held.values():
            held[:] = [rows.filter(pc.invert(doomed(rows))) for rows in held]
        return sum(log.take_out(doomed) for log in self._logs.values())


def without(rows: pa.Table, subjects: NDArray[np.int64]) -> pa.Table:
    """Leave the rows of `subjects` out."""
    return rows.filter(pa.array(~np.isin(rows["subject"].to_numpy(), subjects)))
