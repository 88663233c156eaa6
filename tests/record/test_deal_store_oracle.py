"""The deal against its own words: who changed their mind when, looked up row by row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.deal.desk import DeviceName, Enrolment
from hubbub.deal.gate import permit
from hubbub.record.deal_store import DealStore
from hubbub.terms.catalogue import STAMP
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Places, Purpose, Traffic
from hubbub.terms.time import Instant
from record.deal_store_rig import HandClock, opened

RESTING = ibis.table({"row": "int64", **STAMP}, name="resting")
DEAD = ibis.table({"receipt": "int64"}, name="dead")
PEOPLE = ("ann", "bob")

purposes = st.sampled_from([Traffic, LiveTraffic, Places])
choices = st.frozensets(purposes, min_size=1)
people = st.sampled_from(PEOPLE)
events = st.one_of(
    st.tuples(st.just("choose"), people, choices),
    st.tuples(st.just("withdraw"), people, st.one_of(st.none(), choices)),
    st.tuples(st.just("row"), people, st.integers(0, 5)),  # so many minutes old when it comes
)


@dataclass
class Life:
    """What happened: to each person's choices by time, and each row with when it was collected."""

    clock: HandClock
    store: DealStore
    enrolled: dict[str, Enrolment] = field(default_factory=dict)
    switched: list[tuple[Instant, str, frozenset[type[Purpose]]]] = field(default_factory=list)
    collected: list[tuple[Instant, str, bool]] = field(default_factory=list)  # came at once?
    stamps: list[tuple[int, int, int]] = field(default_factory=list)

    def granted(self, person: str) -> frozenset[type[Purpose]]:
        """Tell what a person agrees to now."""
        return next((on for _, who, on in reversed(self.switched) if who == person), frozenset())

    def choose(self, person: str, chosen: frozenset[type[Purpose]]) -> None:
        """Make a deal, or another one."""
        if person in self.enrolled:
            enrolment = self.store.renew(DeviceName(person), chosen, "page")
        else:
            enrolment = self.store.enrol(person, chosen, "page")
        self.enrolled[person] = enrolment
        self.switched.append((self.clock.now(), person, chosen))

    def withdraw(self, person: str, taken: frozenset[type[Purpose]] | None) -> None:
        """Take a deal back, or some of it."""
        if person in self.enrolled:
            self.store.withdraw(self.enrolled[person].token, taken, "page")
            left = frozenset() if taken is None else self.granted(person) - taken
            self.switched.append((self.clock.now(), person, left))

    def row(self, person: str, minutes_late: int) -> None:
        """Send a row through the door: it is stamped with the badge of now, or refused."""
        at = Instant(self.clock.now() - minutes_late * 60_000_000)
        number = len(self.collected)
        self.collected.append((at, person, minutes_late == 0))
        enrolment = self.enrolled.get(person)
        badge = enrolment and self.store.badge(enrolment.token.secret)
        if badge and badge.stamp(Category.LOCATION) and at >= badge.since:
            self.stamps.append((number, badge.receipt, badge.stamp(Category.LOCATION)))

    def readable(self, purpose: type[Purpose]) -> set[int]:
        """Read through gate 1."""
        row, receipt, may = zip(*self.stamps, strict=True) if self.stamps else ((), (), ())
        kind = pa.int64()
        columns = {"row": row, "receipt": receipt, "may": may}
        rows = pa.table({name: pa.array(column, kind) for name, column in columns.items()})
        expression = permit(
            RESTING, purpose, OWN, category=Category.LOCATION, dead=DEAD
        ).rows.select("row")
        with duckdb.connect() as engine:
            engine.register("resting", rows)
            engine.register("dead", self.store.dead(Category.LOCATION, purpose))
            found = engine.execute(str(ibis.to_sql(expression, dialect="duckdb"))).fetchall()
        return {number for (number,) in found}

    def covered(self, purpose: type[Purpose]) -> set[int]:
        """Look every row up in the history: granted when it was collected, never closed since."""
        return {
            number
            for number, (at, person, _) in enumerate(self.collected)
            if self._open_at(at, person, purpose)
            and all(purpose in on for when, who, on in self.switched if who == person and when > at)
        }

    def _open_at(self, at: Instant, person: str, purpose: type[Purpose]) -> bool:
        before = [on for when, who, on in self.switched if who == person and when <= at]
        return bool(before) and purpose in before[-1]


def live(events: list[tuple[str, str, object]], check: Callable[[Life], None]) -> None:
    """Let `events` happen a minute apart, and `check` what holds after the last."""
    with TemporaryDirectory() as home, opened(Path(home), HandClock()) as store:
        clock = store.clock
        assert isinstance(clock, HandClock)
        life = Life(clock, store)
        for kind, person, what in events:
            clock.move(seconds=60)
            getattr(life, kind)(person, what)
        check(life)


@settings(max_examples=40)
@given(events=st.lists(events, max_size=14), purpose=purposes)
def test_a_row_is_read_iff_it_was_covered_when_collected_and_ever_since(
    events: list[tuple[str, str, object]], purpose: type[Purpose]
) -> None:
    def check(life: Life) -> None:
        readable, covered = life.readable(purpose), life.covered(purpose)
        at_once = {n for n, (_, _, came_at_once) in enumerate(life.collected) if came_at_once}
        assert readable <= covered
        assert readable & at_once == covered & at_once

    live(events, check)


def test_a_life_with_every_turn_is_read_as_agreed() -> None:
    both: frozenset[type[Purpose]] = frozenset({Traffic, LiveTraffic})

    def check(life: Life) -> None:
        assert life.readable(Traffic) == {1, 2, 3, 6}
        assert life.readable(LiveTraffic) == {6}

    live(
        [
            ("row", "ann", 0),  # 0: before there was a deal
            ("choose", "ann", both),
            ("row", "ann", 0),  # 1
            ("withdraw", "ann", frozenset({LiveTraffic})),
            ("row", "ann", 0),  # 2
            ("row", "ann", 2),  # 3: collected before the withdrawal, came after it
            ("choose", "bob", both),
            ("row", "bob", 0),  # 4: taken back in a moment
            ("withdraw", "bob", None),
            ("row", "bob", 0),  # 5: nothing is agreed to
            ("choose", "ann", both),
            ("row", "ann", 0),  # 6
            ("row", "ann", 3),  # 7: from before the second deal for live traffic: refused
        ],
        check,
    )
