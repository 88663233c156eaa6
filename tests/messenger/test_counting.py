"""What the homeserver's module counts of what people send, and what it never looks at."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("synapse", reason="matrix-synapse is not installed")

from hubbub_synapse import outbox, statements
from hubbub_synapse.counting import Counting, Row, device_of, room_of
from hubbub_synapse.grants import FRESH_S, About, Grant, Grants, Known, Unreadable
from hubbub_synapse.sharing import row_id, told_of
from messenger.synapse_tables import Homeserver, make_tables

HOUR_MS = 3_600_000
NOON_MS = 1_795_608_000_000 // HOUR_MS * HOUR_MS
OWN, PARTNER = 1 << 24, 1 << 25
OURS = {statements.OUTBOX, statements.CURSOR}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synapse") / "homeserver.db"
    make_tables(path)
    return path


@pytest.fixture
def homeserver(tables: Path, tmp_path: Path) -> Iterator[Homeserver]:
    shutil.copy(tables, tmp_path / "homeserver.db")
    with closing(sqlite3.connect(tmp_path / "homeserver.db", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")  # it does not outlive the test
        yield Homeserver(database)


def grant(
    receipt: int, *, use: int = 0, device: int = 0, contacts: int = 0, since: int = 0
) -> Grant:
    may = {About.USE: use, About.DEVICE: device, About.CONTACTS: contacts}
    return Grant(receipt=receipt, since_ms=since, may=may)


def counted(
    homeserver: Homeserver,
    of: dict[str, Grant],
    *,
    upto: int,
    now_ms: int = NOON_MS + HOUR_MS,
    version: str = "1",
) -> None:
    """Count everything up to a place, as the module does."""
    transaction = homeserver.database.cursor()
    by = Counting(known=Known(version, of), rooms_key=b"k" * 32, period_ms=HOUR_MS, now_ms=now_ms)
    outbox.prepare(transaction, newest=0)
    outbox.forget_uncovered(transaction, by.known)
    while not outbox.tail(transaction, by, upto=upto):
        pass
    outbox.close(transaction, until_ms=now_ms // HOUR_MS * HOUR_MS)


def waiting(homeserver: Homeserver) -> list[Row]:
    return outbox.over(homeserver.database.cursor())


def times(rows: list[Row]) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        found[row.person, row.about, row.kind] += row.times
    return found


def test_an_hour_of_what_somebody_sent_is_a_few_numbers(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann", agent="Element X/1.0 (Pixel 9; Android 16)")
    for _ in range(3):
        homeserver.send(ann, "!a", at_ms=NOON_MS + 1)
    homeserver.send(ann, "!b", at_ms=NOON_MS + 2, type="m.room.encrypted")
    homeserver.send(ann, "!b", at_ms=NOON_MS + 3, file=True)
    last = homeserver.send(ann, "!b", at_ms=NOON_MS + 4, type="m.call.invite")
    counted(homeserver, {ann: grant(7, use=OWN, device=OWN)}, upto=last)
    assert waiting(homeserver) == [
        Row(ann, 7, NOON_MS, NOON_MS + HOUR_MS, "device", "phone", times=6),
        Row(ann, 7, NOON_MS, NOON_MS + HOUR_MS, "use", "calls", times=1),
        Row(ann, 7, NOON_MS, NOON_MS + HOUR_MS, "use", "messages", times=4),
        Row(ann, 7, NOON_MS, NOON_MS + HOUR_MS, "use", "pictures", times=1),
    ]


def test_nothing_is_counted_but_what_somebody_agreed_to(homeserver: Homeserver) -> None:
    ann, bob, cay = map(homeserver.person, ("ann", "bob", "cay"))
    for who in (ann, bob, cay):
        homeserver.join(who, "!a")
        last = homeserver.send(who, "!a", at_ms=NOON_MS)
    counted(homeserver, {ann: grant(1, use=OWN), bob: grant(2, contacts=OWN)}, upto=last)
    assert times(waiting(homeserver)) == {
        (ann, "use", "messages"): 1,
        (bob, "contacts", "messages"): 1,
    }


def test_what_was_sent_before_a_deal_is_not_counted(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    homeserver.send(ann, "!a", at_ms=NOON_MS + 9)
    last = homeserver.send(ann, "!a", at_ms=NOON_MS + 10)
    counted(homeserver, {ann: grant(1, use=OWN, since=NOON_MS + 10)}, upto=last)
    assert times(waiting(homeserver)) == {(ann, "use", "messages"): 1}


@pytest.mark.parametrize(
    "event",
    [
        {"relation": "m.replace"},
        {"relation": "m.annotation"},
        {"type": "m.reaction"},
        {"type": "m.room.member"},
        {"type": "m.call.candidates"},
        {"outlier": True},
        {"rejected": "auth_error"},
    ],
    ids=str,
)
def test_what_is_no_message_is_not_counted(homeserver: Homeserver, event: dict[str, Any]) -> None:
    ann = homeserver.person("ann")
    homeserver.send(ann, "!a", at_ms=NOON_MS)
    last = homeserver.send(ann, "!a", at_ms=NOON_MS, **event)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last)
    assert times(waiting(homeserver)) == {(ann, "use", "messages"): 1}


def test_an_answer_is_counted(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    last = homeserver.send(ann, "!a", at_ms=NOON_MS, relation="m.thread")
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last)
    assert times(waiting(homeserver)) == {(ann, "use", "messages"): 1}


def test_an_account_that_is_gone_is_not_counted(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann", deactivated=True)
    last = homeserver.send(ann, "!a", at_ms=NOON_MS)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last)
    assert waiting(homeserver) == []


def test_an_hour_waits_until_it_is_over(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    last = homeserver.send(ann, "!a", at_ms=NOON_MS + 1)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last, now_ms=NOON_MS + HOUR_MS - 1)
    assert waiting(homeserver) == []
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last, now_ms=NOON_MS + HOUR_MS)
    assert times(waiting(homeserver)) == {(ann, "use", "messages"): 1}


def test_what_comes_after_its_hour_was_shared_counts_in_the_next(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    first = homeserver.send(ann, "!a", at_ms=NOON_MS + 1)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=first)
    shared = waiting(homeserver)
    outbox.take_out(homeserver.database.cursor(), shared)
    late = homeserver.send(ann, "!a", at_ms=NOON_MS + 2)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=late, now_ms=NOON_MS + 2 * HOUR_MS)
    (row,) = waiting(homeserver)
    assert (row.at_ms, row.times) == (NOON_MS + HOUR_MS, 1)
    assert row_id(row, server="s") != row_id(shared[0], server="s")


def test_a_message_of_tomorrow_is_one_of_now(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    last = homeserver.send(ann, "!a", at_ms=NOON_MS + 1000 * HOUR_MS)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last, now_ms=NOON_MS + 5)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=last, now_ms=NOON_MS + HOUR_MS)
    assert [row.at_ms for row in waiting(homeserver)] == [NOON_MS]


def test_more_than_goes_into_one_step_is_counted_once(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    for _ in range(2 * outbox.EVENTS_AT_ONCE + 1):
        last = homeserver.send(ann, "!a", at_ms=NOON_MS)
    for _ in range(2):
        counted(homeserver, {ann: grant(1, use=OWN)}, upto=last)
    assert times(waiting(homeserver)) == {(ann, "use", "messages"): 2 * outbox.EVENTS_AT_ONCE + 1}


def test_a_changed_deal_begins_another_row(homeserver: Homeserver) -> None:
    ann = homeserver.person("ann")
    first = homeserver.send(ann, "!a", at_ms=NOON_MS + 1)
    counted(homeserver, {ann: grant(1, use=OWN)}, upto=first, now_ms=NOON_MS + 2)
    last = homeserver.send(ann, "!a", at_ms=NOON_MS + 3)
    counted(homeserver, {ann: grant(2, use=OWN)}, upto=last)
    assert [(row.receipt, row.times) for row in waiting(homeserver)] == [(1, 1), (2, 1)]


def test_who_takes_it_back_has_nothing_waiting(homeserver: Homeserver) -> None:
    ann, bob = map(homeserver.person, ("ann", "bob"))
    for who in (ann, bob):
        last = homeserver.send(who, "!a", at_ms=NOON_MS)
    everybody = {who: grant(n, use=OWN, contacts=OWN) for n, who in enumerate((ann, bob))}
    counted(homeserver, everybody, upto=last)
    less = everybody | {ann: grant(9, contacts=OWN)}
    counted(homeserver, less, upto=last, version="2")
    assert (ann, "use") not in {(row.person, row.about) for row in waiting(homeserver)}
    counted(homeserver, {bob: everybody[bob]}, upto=last, version="3")
    assert {row.person for row in waiting(homeserver)} == {bob}


def test_who_leaves_has_nothing_waiting_and_is_named_nowhere(homeserver: Homeserver) -> None:
    ann, bob = map(homeserver.person, ("ann", "bob"))
    for who in (ann, bob):
        homeserver.join(who, "!a")
    for who in (ann, bob):
        last = homeserver.send(who, "!a", at_ms=NOON_MS)
    both = {who: grant(n, contacts=OWN) for n, who in enumerate((ann, bob), 1)}
    counted(homeserver, both, upto=last)
    assert {row.other_person for row in waiting(homeserver)} == {ann, bob}
    outbox.forget(homeserver.database.cursor(), bob)
    (row,) = waiting(homeserver)
    assert (row.person, row.other_person, row.other_receipt, row.times) == (ann, "", 0, 1)


def test_an_outbox_keeps_no_byte_of_who_left(homeserver: Homeserver, tmp_path: Path) -> None:
    ann = homeserver.person("ann")
    last = homeserver.send(ann, "!a", at_ms=NOON_MS)
    receipt = 0x1122334455667788
    counted(homeserver, {ann: grant(receipt, use=OWN)}, upto=last)
    file = tmp_path / "homeserver.db"
    assert receipt.to_bytes(8) in file.read_bytes()
    transaction = homeserver.database.cursor()
    with outbox.guarded(transaction, role=None, is_sqlite=True):
        outbox.forget(transaction, ann)
    assert receipt.to_bytes(8) not in file.read_bytes()


def test_a_room_has_another_name_for_each_person(homeserver: Homeserver) -> None:
    ann, bob = map(homeserver.person, ("ann", "bob"))
    for who in (ann, bob):
        for room in ("!a", "!b"):
            last = homeserver.send(who, room, at_ms=NOON_MS)
    both = {who: grant(n, contacts=OWN) for n, who in enumerate((ann, bob))}
    counted(homeserver, both, upto=last)
    assert len({row.room for row in waiting(homeserver)}) == 4
    assert room_of(ann, "!a", key=b"k" * 32) in {row.room for row in waiting(homeserver)}


@pytest.mark.parametrize(
    ("hers", "his", "named"),
    [
        (OWN, OWN, 2),
        (OWN | PARTNER, PARTNER, 2),
        (OWN, PARTNER, 0),  # to nobody in common
        (OWN, 0, 0),
    ],
)
def test_somebody_is_named_only_if_both_agreed_to_the_same(
    homeserver: Homeserver, hers: int, his: int, named: int
) -> None:
    ann, bob = map(homeserver.person, ("ann", "bob"))
    for who in (ann, bob):
        homeserver.join(who, "!a")
    last = homeserver.send(ann, "!a", at_ms=NOON_MS)
    of = {ann: grant(1, contacts=hers), bob: grant(2, contacts=his, use=OWN)}
    counted(homeserver, of, upto=last)
    assert [row.other_receipt for row in waiting(homeserver)] == [named]


def test_in_a_group_nobody_is_named(homeserver: Homeserver) -> None:
    three = [homeserver.person(name) for name in ("ann", "bob", "cay")]
    for who in three:
        homeserver.join(who, "!a")
    last = homeserver.send(three[0], "!a", at_ms=NOON_MS)
    counted(homeserver, {who: grant(n, contacts=OWN) for n, who in enumerate(three)}, upto=last)
    assert [row.other_person for row in waiting(homeserver)] == [""]


def test_no_two_people_are_linked_unless_both_agreed_in_any_world(
    homeserver: Homeserver,
) -> None:
    dice = random.Random(20261125)
    people = [homeserver.person(f"p{n}") for n in range(12)]
    together = {}
    for n in range(40):
        inside = dice.sample(people, dice.choice((1, 2, 2, 2, 3, 4)))
        together[f"!{n}"] = inside
        for who in inside:
            homeserver.join(who, f"!{n}")
    linked, agreeing, at_ms = 0, 0, NOON_MS
    for world in range(25):
        of = {
            who: grant(
                100 * world + n,
                use=dice.choice((0, OWN)),
                contacts=dice.choice((0, 0, OWN, PARTNER, OWN | PARTNER)),
                since=dice.choice((0, at_ms + HOUR_MS // 2)),
            )
            for n, who in enumerate(people)
            if dice.random() < 0.8
        }
        for _ in range(60):
            room = dice.choice([*together])
            sent_ms = at_ms + dice.randrange(HOUR_MS)
            last = homeserver.send(dice.choice(together[room]), room, at_ms=sent_ms)
        counted(homeserver, of, upto=last, now_ms=at_ms + HOUR_MS, version=str(world))
        rows = waiting(homeserver)
        for row in rows:
            if row.other_person:
                both = of[row.person].may[About.CONTACTS] & of[row.other_person].may[About.CONTACTS]
                assert both
                assert row.other_receipt == of[row.other_person].receipt
                linked += row.times
        agreeing += sum(row.times for row in rows if row.about == About.CONTACTS)
        outbox.take_out(homeserver.database.cursor(), rows)
        at_ms += HOUR_MS
    assert linked > 50
    assert agreeing > 2 * linked


def test_a_row_names_nobody_on_its_way() -> None:
    row = Row("@ann:localhost", 7, 0, 1, "contacts", "messages", 5, "@bob:localhost", 8, 3)
    told = told_of(row, server="localhost")
    assert set(told) == {
        "about", "at_ms", "id", "kind", "other_receipt", "receipt", "room", "times", "until_ms",
    }  # fmt: skip
    assert "ann" not in str(told)
    assert "bob" not in str(told)


def test_nothing_that_is_about_somebody_prints() -> None:
    row = Row("@ann:localhost", 7, 0, 1, "use", "messages")
    known = Known("1", {"@ann:localhost": grant(7)})
    by = Counting(known=known, rooms_key=b"secret", period_ms=1, now_ms=1)
    shown = f"{row!r} {known!r} {by!r} {grant(7)!r}"
    assert shown == "<Row> <Known> <Counting> <Grant>"


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("Element X/25.11 (iPhone17,1; iOS 19.1; Scale/3.00)", "phone"),
        ("Element X/25.11 (Google Pixel 9; Android 16; Sdk 36)", "phone"),
        ("Mozilla/5.0 (Linux; Android 16; K) AppleWebKit Chrome/143 Mobile Safari", "phone"),
        ("Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko Firefox/145.0", "computer"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari", "computer"),
        ("matrix-nio/0.26", "other"),
    ],
)
def test_of_a_device_only_its_kind_is_told(agent: str, kind: str) -> None:
    assert device_of(agent) == kind


def reads_of(homeserver: Homeserver) -> set[tuple[str, str]]:
    """Do all that the module does, where SQLite allows nothing but `READS`. Gives what was read."""
    ann, bob = (homeserver.person(name, agent="Android") for name in ("ann", "bob"))
    for who in (ann, bob):
        homeserver.join(who, "!a")
        last = homeserver.send(who, "!a", at_ms=NOON_MS)
    both = {who: grant(n, use=OWN, device=OWN, contacts=OWN) for n, who in enumerate((ann, bob), 1)}
    found = set()

    def look(action: int, table: str | None, column: str | None, *_where: str | None) -> int:
        if action == sqlite3.SQLITE_READ and column:
            if table not in OURS and not str(table).startswith("sqlite_"):
                found.add((str(table), column))
                if column not in statements.READS.get(str(table), ()):
                    return sqlite3.SQLITE_DENY
        elif action in {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            ours = table in OURS or str(table).startswith("sqlite_")
            return sqlite3.SQLITE_OK if ours else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    homeserver.database.set_authorizer(look)
    counted(homeserver, both, upto=last)
    transaction = homeserver.database.cursor()
    with outbox.guarded(transaction, role=None, is_sqlite=True):
        rows = outbox.over(transaction)
        assert {row.about for row in rows} == {*About}
        outbox.forget_uncovered(transaction, Known("2", {ann: both[ann]}))
        outbox.take_out(transaction, rows)
        outbox.forget(transaction, ann)
    return found


def test_the_database_sees_no_other_column_read_than_those_that_are_named(
    homeserver: Homeserver,
) -> None:
    named = {(table, column) for table, columns in statements.READS.items() for column in columns}
    assert reads_of(homeserver) == named


def test_what_was_written_is_in_no_column_that_is_named() -> None:
    content = {
        "content",
        "json",
        "unrecognized_keys",
        "displayname",
        "display_name",
        "topic",
        "name",
    }
    for table, columns in statements.READS.items():
        assert columns & content <= ({"name"} if table == "users" else set())
    assert "event_json" not in statements.READS


def test_whoever_wants_more_is_stopped(homeserver: Homeserver) -> None:
    reads_of(homeserver)  # leaves its authorizer
    for wanted in (
        "SELECT json FROM event_json",
        "SELECT content FROM events",
        "SELECT * FROM events",
        "SELECT displayname FROM profiles",
        "DELETE FROM events",
        "UPDATE events SET type = 'x'",
    ):
        with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited"):
            homeserver.database.execute(wanted)


class Seconds:
    """A clock in a test's hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


ANSWER: dict[str, Any] = {
    "version": "1",
    "grants": [
        {"person": "@ann:localhost", "receipt": 3, "since_ms": 5, "may": {"user.telemetry": 8}}
    ],
}


def test_grants_of_more_than_a_minute_ago_agree_to_nothing() -> None:
    clock = Seconds()
    grants = Grants(seconds=clock)
    assert grants.fresh() is None
    grants.take(ANSWER, asked_s=grants.now())
    clock.now += FRESH_S
    known = grants.fresh()
    assert known is not None
    assert known.of["@ann:localhost"].covers(About.USE, at_ms=5)
    clock.now += 0.001
    assert grants.fresh() is None


def test_that_nothing_changed_keeps_grants_fresh_from_when_it_was_asked() -> None:
    clock = Seconds()
    grants = Grants(seconds=clock)
    grants.take(ANSWER, asked_s=grants.now())
    asked_s = grants.now()
    clock.now += 50
    grants.take({"version": "1", "grants": None}, asked_s=asked_s)
    clock.now += 11
    assert grants.fresh() is None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"grants": []},
        {"version": "1", "grants": None},
        {"version": 1, "grants": []},
        {"version": "1", "grants": [{"person": "@ann:localhost"}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"person": 5}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"receipt": True}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"receipt": -1}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"since_ms": "0"}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"may": []}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"may": {"user.telemetry": 1.5}}]},
        {"version": "1", "grants": [ANSWER["grants"][0] | {"deal": "all"}]},
    ],
    ids=str,
)
def test_an_answer_that_is_no_list_of_grants_agrees_to_nothing(answer: object) -> None:
    grants = Grants(seconds=Seconds())
    with pytest.raises(Unreadable):
        grants.take(answer, asked_s=0)
    assert grants.fresh() is None
