"""The record: rows are kept here, and read through gate 1 or not at all."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir
from numpy.typing import NDArray

from hubbub.deal.gate import Permitted, collect, derive, permit
from hubbub.deal.own import Own, own
from hubbub.deal.reads import Reads
from hubbub.record.closing import Closing
from hubbub.record.engine import Engine, Files, Relation, leaves
from hubbub.record.events import DAY, FRESH, LATE, Doomed, Erased, EventStore, TailLost
from hubbub.record.events_files import StoredFile, told_apart
from hubbub.record.hours import hours_asked
from hubbub.record.journal_segments import Segment, complete_segments, read_segment
from hubbub.record.passes_held import HeldPasses, without
from hubbub.record.passes_log import PassesLog
from hubbub.record.record_leaves import (
    PASSES_LEAF,
    PINGS_LEAF,
    TAIL_LEAF,
    USE_LEAF,
    VISITS_LEAF,
    dead_cell,
    dead_leaf,
    dead_name,
    reads_in,
    require_permitted,
)
from hubbub.record.use_held import HeldUse
from hubbub.record.use_store import UseStore, table_called
from hubbub.record.visits_held import HeldVisits
from hubbub.record.visits_shelf import VisitsShelf
from hubbub.terms.catalogue import CATEGORIES, PASSES_SCHEMA, PINGS_SCHEMA, STAMP
from hubbub.terms.people import Subject
from hubbub.terms.pings import Pings
from hubbub.terms.purposes import OWN, Category, Purpose, Recipient
from hubbub.terms.time import Instant

type DeadList = Callable[[Category, type[Purpose], Recipient], pa.Table]
"""Gives the receipts on which a cell is closed, as of now: one column, `receipt`."""

type ErasedList = Callable[[], NDArray[np.int64]]
"""Gives everybody who asked to be erased: no row of theirs comes to rest."""

_ROWS_A_COMMIT: Final = 1_000_000
_FRESH_FILES_MAX: Final = 120  # a day: one or two minutes of commits
_FRESH_ROWS_MAX: Final = 500_000  # a day
_LOG_ENTRIES_MAX: Final = 200
_OF_PINGS: Final = CATEGORIES["pings"]
_OF_PASSES: Final = CATEGORIES["passes"]

_AUDITED: Final = {"subject": "int64", "at": "int64", **STAMP}


def _nobody() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


class Record:
    """Where rows rest. Every read names its purpose, and gets what that purpose's deals allow."""

    def __init__(
        self,
        store: EventStore,
        journal: Path,
        *,
        dead: DeadList,
        erased: ErasedList = _nobody,
        reads: Reads,
        closing: Closing | None = None,
        visits: VisitsShelf | None = None,
        use: UseStore | None = None,
        engine: Engine | None = None,
    ) -> None:
        """Read from `store`, which is filled from the segments in the folder `journal`.

        `reads` is told of each read before it happens. `closing` tells which rows came late.
        """
        self._reads = reads
        self._closing, self.late_rows = closing, 0
        self._store, self._journal, self._dead, self._erased = store, journal, dead, erased
        self._engine = engine or Engine()
        self._passes = HeldPasses()
        self.visits = HeldVisits(visits, erased=erased, engine=self._engine)
        self.use = HeldUse(use, engine=self._engine)
        self._tails: dict[tuple[type[Purpose], Recipient], int] = {}
        self._trimmed = store.version()
        self._unneeded: frozenset[str] = frozenset()
        self._fresh_before: Counter[int] = Counter()

    def version(self) -> int:
        """Tell where a tail that starts now begins."""
        return self._store.version()

    def read[For: Purpose](
        self,
        purpose: type[For],
        *,
        since: Instant,
        until: Instant,
        recipient: Recipient = OWN,
        late: bool = True,
    ) -> Permitted[ir.Table, For]:
        """Read the pings of [since, until). What was withdrawn is judged when they are run.

        Without the `late` ones: those that came when their day was closed.
        """
        name = f"record_pings_{since}_{until}{'' if late else '_in_time'}"
        rows = ibis.table(PINGS_SCHEMA | STAMP, name=name)
        inside = rows.filter((rows["at"] >= since) & (rows["at"] < until))
        dead = dead_leaf(_OF_PINGS, purpose, recipient)
        return permit(inside, purpose, recipient, category=_OF_PINGS, dead=dead)

    def read_passes[For: Purpose](
        self,
        purpose: type[For],
        *,
        since: Instant,
        until: Instant,
        recipient: Recipient = OWN,
    ) -> Permitted[ir.Table, For]:
        """Read the passes of [since, until) that are held, judged anew when they are run."""
        name = f"record_passes_{purpose.index}_{since}_{until}"
        rows = ibis.table(PASSES_SCHEMA | STAMP, name=name)
        inside = rows.filter((rows["at"] >= since) & (rows["at"] < until))
        dead = dead_leaf(_OF_PASSES, purpose, recipient)
        return permit(inside, purpose, recipient, category=_OF_PASSES, dead=dead)

    def tail[For: Purpose](
        self, purpose: type[For], *, after: int, recipient: Recipient = OWN
    ) -> tuple[Permitted[pa.Table, For], int]:
        """Read the pings committed after version `after`, in the order of their commits.

        Gives the version to go on from as well.
        """
        paths, version = self._store.added(after=after)
        self._tails[purpose, recipient] = version
        try:
            rows = self._store.read(paths)
        except FileNotFoundError:  # compacted meanwhile
            raise TailLost from None
        rows = rows.append_column("place", pa.array(np.arange(rows.num_rows)))
        leaf = ibis.table(PINGS_SCHEMA | STAMP | {"place": "int64"}, name=TAIL_LEAF)
        dead = dead_leaf(_OF_PINGS, purpose, recipient)
        closed = self._dead(_OF_PINGS, purpose, recipient)
        relations = {TAIL_LEAF: rows, dead.get_name(): closed}
        self._tell(relations)
        run = partial(self._engine.run, relations=relations)
        asked = permit(leaf, purpose, recipient, category=_OF_PINGS, dead=dead)
        permitted = collect(asked, run)
        return derive(permitted, _in_order), version

    def collect[For: Purpose](
        self,
        permitted: Permitted[ir.Table, For],
        *,
        public: Mapping[str, pa.Table] | None = None,
    ) -> Permitted[pa.Table, For]:
        """Run what was permitted, beside tables that say nothing about people."""
        return collect(permitted, self.engine(public or {}))

    def engine(self, public: Mapping[str, pa.Table]) -> Callable[[ir.Table], pa.Table]:
        """Give what runs a permitted expression, whose other tables are `public`."""
        return partial(self._run, public=public)

    def dead_list(self, purpose: type[Purpose], recipient: Recipient = OWN) -> str:
        """Name the dead list of now: after another withdrawal it has another name."""
        return dead_name(self._dead(_OF_PASSES, purpose, recipient))

    def remember(self, purpose: type[Purpose], log: PassesLog) -> None:
        """Keep the passes that are held for `purpose` in `log` too; begin with what is there."""
        self._passes.remember(purpose, log)

    def hold[For: Purpose](self, passes: Permitted[pa.Table, For], *, since: Instant) -> None:
        """Keep derived rows in memory, with their stamps, and forget those before `since`."""
        rows = without(passes.rows, self._erased()) if passes.rows.num_rows else passes.rows
        self._passes.hold(rows, passes.purpose, since=since)

    def let_go(self, purpose: type[Purpose]) -> None:
        """Forget the derived rows that are held for `purpose`."""
        self._passes.let_go(purpose)

    def own(self, subject: Subject, *, stamped: bool = False) -> Own[pa.Table]:
        """Read every ping of one person, for that person; with what they came under, if asked."""
        rows = ibis.table(PINGS_SCHEMA | STAMP if stamped else PINGS_SCHEMA, name="rows")
        relations = {"rows": self._behind(self._store.files_of(subject))}
        return own(rows, subject, engine=partial(self._engine.run, relations=relations))

    def hours(self, subject: Subject) -> pa.Table:
        """Tell in which hours there are rows of one person, and under which stamp."""
        relations = {"rows": self._behind(self._store.files_of(subject))}
        return self._engine.run(hours_asked(subject), relations)

    def close(self) -> None:
        """Write down what was read so far."""
        self._reads.close()

    def erase(self, subject: Subject) -> Erased:
        """Take everything of `subject` out of the store, and of what is derived from it."""
        self._passes.erase(subject)
        self.visits.erase(subject)
        self.use.erase(subject)
        return self._store.erase(subject)

    def files(self) -> list[StoredFile]:
        """List the files that pings rest in."""
        return self._store.listing()

    def sweep(self, doomed: Doomed, *, of: Iterable[StoredFile]) -> Erased:
        """Take the `doomed` pings out of some files. Those that are replaced go a round later."""
        held = [file for file in of if pc.any(doomed(self._read([file], STAMP))).as_py()]
        swept = self._store.take_out(doomed, of=held)
        if swept.files:
            self._unneeded = self._store.sweep(found_before=self._unneeded)
        return swept

    def sweep_derived(self, doomed: Doomed) -> tuple[int, int]:
        """Take the `doomed` passes and visits out. Gives how many of each were on disk."""
        return self._passes.take_out(doomed), self.visits.take_out(doomed)

    def delete_replaced(self) -> None:
        """Delete the files that were replaced, now: nobody may be reading."""
        self._unneeded = self._store.sweep()

    def stamps(self, files: Iterable[StoredFile]) -> pa.Table:
        """Give what an audit compares of the rows of `files`: whose, when, and their stamp."""
        return self._read(files, _AUDITED)

    def judge(
        self, rows: pa.Table, purpose: type[Purpose], recipient: Recipient
    ) -> NDArray[np.int64]:
        """Tell at which places of `rows` gate 1 lets them through, as of now.

        For an audit, which gets no row by it: it is no read, and not logged as one.
        """
        placed = rows.append_column("place", pa.array(np.arange(rows.num_rows)))
        leaf = ibis.table(_AUDITED | {"place": "int64"}, name="audited")
        dead = dead_leaf(_OF_PINGS, purpose, recipient)
        relations = {"audited": placed, dead.get_name(): self._dead(_OF_PINGS, purpose, recipient)}
        asked = permit(leaf, purpose, recipient, category=_OF_PINGS, dead=dead)
        places: NDArray[np.int64] = self._engine.run(asked.rows, relations)["place"].to_numpy()
        return places

    def moments(self, subject: Subject) -> tuple[int, ...]:
        """Give the instants at which the rows of `subject` were taken: to search for them."""
        return self._store.moments(subject)

    def drain(self) -> int:
        """Commit the journal's complete segments to the store. Gives the number of their rows."""
        rows = 0
        for journal, group in groupby(complete_segments(self._journal), lambda s: s.journal):
            committed = self._store.committed(journal)
            waiting: list[Segment] = []
            for segment in group:
                if segment.number > committed:
                    waiting.append(segment)
                else:
                    segment.path.unlink(missing_ok=True)
            rows += self._commit(waiting)
        return rows

    def maintain(self, *, now: Instant, keep_days: int) -> None:
        """Sort fresh rows into buckets, delete what nobody needs, and fold the log: the keeper's.

        Rows of more than `keep_days` ago, as the notice says, are deleted, and visits of more than
        eight. Call it between a tail and the next drain, so that no tail misses a log entry.
        """
        self.visits.forget_old(now=now, keep_us=keep_days * DAY)
        self.fold_log(entries_min=_LOG_ENTRIES_MAX)
        if self._store.forget_before(now // DAY - keep_days):
            self._unneeded = self._store.sweep(found_before=self._unneeded)
        self._compact(today=now // DAY)

    def fold_log(self, *, entries_min: int = 0) -> bool:
        """Fold the log if it has that many entries and every tail has read them. Tells if it did.

        The keeper's, between a tail and the next drain, so that no tail misses an entry.
        """
        version = self._store.version()
        caught_up = all(tail >= version for tail in self._tails.values())
        if not caught_up or version - self._trimmed < entries_min:
            return False
        self._store.trim_log()
        self._trimmed = version
        return True

    def _commit(self, waiting: list[Segment]) -> int:
        committed = 0
        while waiting:
            taken: list[Segment] = []
            rows: list[Pings] = []
            while waiting and sum(len(batch) for batch in rows) < _ROWS_A_COMMIT:
                taken.append(waiting.pop(0))
                rows.append(read_segment(taken[-1].path))
            together = np.concatenate(rows)
            together = together[~np.isin(together["subject"], self._erased())]
            if len(together):
                self._put_to_rest(together, taken[-1])
            for segment in taken:
                segment.path.unlink()
            committed += len(together)
        return committed

    def _put_to_rest(self, rows: Pings, last: Segment) -> None:
        if self._closing is None:
            self._store.commit(rows, journal=last.journal, number=last.number)
            return
        with self._closing.held() as closed_until:
            self.late_rows += self._store.commit(
                rows, journal=last.journal, number=last.number, closed_until=closed_until
            )

    def _behind(self, files: Iterable[StoredFile]) -> list[Files]:
        """Give `files` as the engine reads them: without the stamp where all rows have the same."""
        return [
            Files(self._store.paths(some), {} if may is None else {"may": may})
            for may, some in told_apart(files).items()
        ]

    def _read(self, files: Iterable[StoredFile], columns: Iterable[str]) -> pa.Table:
        return self._store.read(self._store.paths(files), columns=[*columns])

    def _compact(self, *, today: int) -> None:
        late = Counter(file.day for file in self._store.listing() if file.bucket == LATE)
        often = [day for day, files in late.items() if files > _FRESH_FILES_MAX]
        for day in often:
            self._store.gather(day, bucket=LATE)
        fresh: defaultdict[int, list[int]] = defaultdict(list)
        for file in self._store.listing():
            if file.bucket == FRESH:
                fresh[file.day].append(file.rows)
        files = Counter({day: len(rows) for day, rows in fresh.items()})
        # A day that is over gets late rows now and then: it is sorted when they have stopped.
        over = {day for day in fresh if day < today and self._fresh_before[day] == files[day]}
        many = {day for day in fresh if files[day] > _FRESH_FILES_MAX} - over
        self._fresh_before = files
        for day in sorted(over | many):
            if day in over or sum(fresh[day]) > _FRESH_ROWS_MAX:
                self._store.compact(day)
            else:  # 64 buckets of a few rows each would be many small files
                self._store.gather(day)
        if over or many or often or self._unneeded:
            # A reader may still have the old list, so files go one round later.
            self._unneeded = self._store.sweep(found_before=self._unneeded)

    def _run(self, expression: ir.Table, *, public: Mapping[str, pa.Table]) -> pa.Table:
        require_permitted(expression.op())
        relations = {name: self._relation(name, public) for name in leaves(expression)}
        self._tell(relations)
        return self._engine.run(expression, relations)

    def _tell(self, relations: Mapping[str, Relation]) -> None:
        for read in reads_in(relations):
            self._reads.note(read)

    def _relation(self, name: str, public: Mapping[str, pa.Table]) -> Relation:
        if found := PINGS_LEAF.fullmatch(name):
            since, until = (Instant(int(found[part])) for part in ("since", "until"))
            files = self._store.files(since=since, until=until)
            kept = [file for file in files if file.bucket != LATE or not found["in_time"]]
            return self._behind(kept)
        if found := PASSES_LEAF.fullmatch(name):
            return self._passes.of(int(found["purpose"]))
        if found := VISITS_LEAF.fullmatch(name):
            return self.visits.between(Instant(int(found["since"])), Instant(int(found["until"])))
        if found := USE_LEAF.fullmatch(name):
            since, until = (Instant(int(found[part])) for part in ("since", "until"))
            return self.use.between(table_called(found["table"]), since, until)
        if (cell := dead_cell(name)) is not None:
            return self._dead(*cell)
        return public[name]


def _in_order(rows: pa.Table) -> pa.Table:
    return rows.sort_by("place").drop_columns("place")
