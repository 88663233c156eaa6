"""Follows all phones as their pings come in, and gives the passes that are confirmed."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from hubbub.deal.gate import Permitted, derive
from hubbub.products.traffic.matching import Fix, Matcher
from hubbub.products.traffic.trips import CHUNK_S, Pass, Phone
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import LiveTraffic, Purpose
from hubbub.terms.time import SECOND, Instant

LATE_S_MAX: Final = 600
"""A ping that is older when it comes says nothing about now."""
EARLY_S_MAX: Final = 120
"""A phone's clock may be fast by so much."""
ACCURACY_DM_MAX: Final = 1000
"""A fix that may be off by more than 100 m does not tell one road from another."""
REFED_S: Final = 1800
"""How much of the past to feed again after a restart: then all passes of open blocks come again."""

PASSES_ARROW: Final = pa.schema(
    [(name, getattr(pa, kind)()) for name, kind in {**PASSES_SCHEMA, **STAMP}.items()]
)
"""A table of passes as it is handed on: each row with the stamp of the pings that it comes from."""


HEARD: Final = (
    *("subject", "receipt", "may", "at", "lat_e6", "lon_e6", "speed_cms", "accuracy_dm"),
)


class Whose(NamedTuple):
    """Whose fixes are one way: another receipt begins another one."""

    subject: int
    receipt: int
    may: int


class Matching[For: Purpose]:
    """Follows phones for one purpose. What it remembers is the last minutes of each."""

    def __init__(self, matcher: Matcher, *, chunk_s: int = CHUNK_S) -> None:
        self._matcher, self._chunk_s = matcher, chunk_s
        self._phones: dict[Whose, Phone] = {}

    def feed(self, pings: Permitted[pa.Table, For], now: Instant) -> Permitted[pa.Table, For]:
        """Take the pings that came in, in any order; give the passes that are confirmed now."""
        return derive(pings, lambda rows: self._passes(rows, now))

    @property
    def phones(self) -> int:
        """Count the phones that are being followed."""
        return len(self._phones)

    def _passes(self, pings: pa.Table, now: Instant) -> pa.Table:
        heard = self._hear(pings, now)
        silent = {whose for whose, phone in self._phones.items() if phone.silent_at <= now}
        found = [
            (whose, passed)
            for whose in sorted(heard | silent)
            for passed in self._phones[whose].advance(self._matcher, now)
        ]
        for whose in silent:  # its trip is over, and all of it is told
            del self._phones[whose]
        return passes_table(found)

    def _hear(self, pings: pa.Table, now: Instant) -> set[Whose]:
        """Hand each phone its fixes; tell which phones have new ones."""
        heard: set[Whose] = set()
        columns = (pings.column(name).to_pylist() for name in HEARD)
        for subject, receipt, may, at, lat_e6, lon_e6, speed_cms, accuracy_dm in zip(
            *columns, strict=True
        ):
            in_time = now - LATE_S_MAX * SECOND <= at <= now + EARLY_S_MAX * SECOND
            if not in_time or accuracy_dm > ACCURACY_DM_MAX:
                continue
            whose = Whose(subject, receipt, may)
            self._phones.setdefault(whose, Phone(chunk_s=self._chunk_s)).hear(
                Fix(at, lat_e6, lon_e6, speed_cms)
            )
            heard.add(whose)
        return heard


def passes_table(found: Sequence[tuple[Whose, Pass]]) -> pa.Table:
    """Write passes as they are handed on."""
    rows = [
        (
            whose.subject,
            passed.at,
            passed.segment,
            round(passed.distance_m * 10),
            round(passed.time_s * 1000),
            whose.receipt,
            whose.may,
        )
        for whose, passed in found
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(PASSES_ARROW)
    return pa.table(list(map(pa.array, columns)), schema=PASSES_ARROW)


class LiveMatching(Matching[LiveTraffic]):
    """Follows phones for live traffic."""
