"""Visits that are held: derived from pings under gate 1, and judged anew at each read."""

from collections.abc import Callable
from functools import partial
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir
from numpy.typing import NDArray

from hubbub.deal.gate import Permitted, permit
from hubbub.deal.own import Own, own
from hubbub.record.engine import Engine
from hubbub.record.events import Doomed
from hubbub.record.record_leaves import dead_leaf
from hubbub.record.visits_shelf import KEPT, KEPT_US, Stretch, VisitsShelf
from hubbub.terms.catalogue import CATEGORIES, STAMP, VISITS_SCHEMA
from hubbub.terms.people import Subject
from hubbub.terms.purposes import OWN, Purpose, Recipient
from hubbub.terms.time import Instant

_CATEGORY: Final = CATEGORIES["visits"]


class HeldVisits:
    """The visits of up to eight days. Without a shelf, none are held."""

    def __init__(
        self, shelf: VisitsShelf | None, *, erased: Callable[[], NDArray[np.int64]], engine: Engine
    ) -> None:
        self._shelf, self._erased, self._engine = shelf, erased, engine

    def read[For: Purpose](
        self,
        purpose: type[For],
        *,
        since: Instant,
        until: Instant,
        recipient: Recipient = OWN,
    ) -> Permitted[ir.Table, For]:
        """Read those that began in [since, until): for `Record.collect`."""
        rows = ibis.table(VISITS_SCHEMA | STAMP, name=f"record_visits_{since}_{until}")
        inside = rows.filter((rows["at"] >= since) & (rows["at"] < until))
        dead = dead_leaf(_CATEGORY, purpose, recipient)
        return permit(inside, purpose, recipient, category=_CATEGORY, dead=dead)

    def hold[For: Purpose](
        self, visits: Permitted[pa.Table, For], stretch: Stretch, *, made_of: str
    ) -> None:
        """Keep all visits that began in `stretch`, in place of those that are held of it.

        `made_of` names what they were made of: the public list of places that they count in.
        """
        assert self._shelf is not None, "a record without a shelf holds no visits"
        self._shelf.put(visits.rows, stretch, made_of=made_of, erased=self._erased)

    def made_of(self, stretch: Stretch) -> str | None:
        """Tell what those of `stretch` were made of; None where they are not held."""
        return None if self._shelf is None else self._shelf.made_of(stretch)

    def own(self, subject: Subject, *, since: Instant, until: Instant) -> Own[pa.Table]:
        """Read those of one person, for that person."""
        rows = ibis.table(VISITS_SCHEMA, name="rows")
        inside = rows.filter((rows["at"] >= since) & (rows["at"] < until))
        relations = {"rows": self.between(since, until)}
        return own(inside, subject, engine=partial(self._engine.run, relations=relations))

    def between(self, since: Instant, until: Instant) -> pa.Table:
        """Give what stands behind a read."""
        return KEPT.empty_table() if self._shelf is None else self._shelf.read(since, until)

    def erase(self, subject: Subject) -> None:
        """Take those of `subject` out."""
        self.take_out(lambda rows: pc.equal(rows["subject"], subject))

    def take_out(self, doomed: Doomed) -> int:
        """Take the `doomed` out. Gives how many there were."""
        return 0 if self._shelf is None else self._shelf.take_out(doomed)

    def forget_old(self, *, now: Instant, keep_us: int) -> None:
        """Delete what began more than `keep_us` ago, or eight days if that is less."""
        if self._shelf is not None:
            self._shelf.forget_before(Instant(now - min(keep_us, KEPT_US)))
