"""From understood rows to durable ones: when they were taken, under which deal, whether again."""

from collections.abc import Awaitable
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hubbub.deal.desk import Badge, Deals
from hubbub.deal.signals import NO_SIGNALS, Against, Signals
from hubbub.deal.stamp import only
from hubbub.intake.limits import Limits
from hubbub.intake.ping import Parsed, Rejected
from hubbub.intake.refusals import Refusals
from hubbub.intake.tally import Tally
from hubbub.terms.catalogue import CATEGORIES
from hubbub.terms.people import Subject
from hubbub.terms.pings import Pings
from hubbub.terms.time import SECOND, Clock

_OF_PINGS: Final = CATEGORIES["pings"]


class Journal(Protocol):
    """Where rows become durable."""

    def append(self, rows: Pings) -> Awaitable[None]:
        """Write `rows`; what is given ends when they, and all rows before them, are durable."""
        ...

    def backlog_age_s(self) -> float:
        """Tell for how long the oldest row has waited for the store."""
        ...


class Seen(Protocol):
    """Which rows are here already."""

    async def unseen(self, rows: Pings) -> NDArray[np.bool_]:
        """Tell which of `rows` are new, and remember them all."""
        ...


class Admitted(NamedTuple):
    """What became of the rows of one body."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class Admission:
    """Stamps rows with their deal and writes them down. The door's, and that of files."""

    def __init__(
        self, deals: Deals, journal: Journal, seen: Seen, *, clock: Clock, limits: Limits
    ) -> None:
        """Write to `journal` what `seen` does not know; count in `deals` what is refused."""
        self._journal, self._seen = journal, seen
        self._clock, self._limits = clock, limits
        self.refusals = Refusals(deals)
        self.conflicts = Tally[tuple[Subject, Against]](
            lambda met, times: deals.keep_conflict(*met, times)
        )
        self.accepted = self.duplicates = 0

    async def admit(
        self, badge: Badge, parsed: Parsed, *, signals: Signals = NO_SIGNALS
    ) -> Admitted:
        """Make the rows of `parsed` durable, under the deal of `badge` as `signals` narrow it.

        A live purpose is left.
        """
        rows, rejected = self._in_time(badge, parsed)
        rows["subject"], rows["receipt"] = badge.subject, badge.receipt
        rows["may"] = signals.narrow(badge.stamps)[_OF_PINGS.number]
        self.count_conflicts(badge, signals)
        new = await self._seen.unseen(rows)
        # Nothing is awaited between these two. Where all rows are known the journal is waited for
        # all the same: they may have been written a moment ago, and not be durable yet.
        if len(rows):
            await self._journal.append(rows[new])
        accepted = int(np.count_nonzero(new))
        self.accepted += accepted
        self.duplicates += len(rows) - accepted
        return Admitted(accepted, len(rows) - accepted, rejected)

    def count_conflicts(self, badge: Badge, signals: Signals) -> None:
        """Count what `signals` say no to of what the person had said yes to."""
        for against in signals.against(only(_OF_PINGS, badge.stamp(_OF_PINGS))):
            self.conflicts.count((badge.subject, against), 1)

    def _in_time(self, badge: Badge, parsed: Parsed) -> tuple[Pings, list[Rejected]]:
        now, limits, at = self._clock.now(), self._limits, parsed.rows["at"]
        bad = len({reason.row for reason in parsed.rejected})
        self.refusals.count_of(badge.subject, "bad-row", bad)
        latest = now + limits.future_s_max * SECOND
        oldest = now - limits.past_s_max * SECOND
        agreed = badge.since - limits.deal_slack_s * SECOND
        if len(at) == 0 or (at.min() >= max(oldest, agreed) and at.max() <= latest):
            return parsed.rows, parsed.rejected
        rejected = [*parsed.rejected]
        good = np.ones(len(at), bool)
        for reason, outside, expected in (
            ("future", at > latest, "a time that has come"),
            ("too-old", at < oldest, f"a time within {limits.past_s_max / 86_400:g} days"),
            ("before-deal", at < agreed, "a time after this device's deal was made"),
        ):
            refused = parsed.places[outside & good].tolist()
            rejected += [Rejected(row, "at", expected) for row in refused]
            self.refusals.count_of(badge.subject, reason, len(refused))
            good &= ~outside
        rejected.sort(key=lambda reason: reason.row)
        return parsed.rows[good], rejected
