"""Many phones at once: rows in, passes out, each with the deal that it came under."""

from collections.abc import Iterable

import ibis
import pyarrow as pa

from hubbub.deal.gate import Permitted, collect, permit
from hubbub.products.traffic.live import LATE_S_MAX, LiveMatching
from hubbub.products.traffic.matching import Fix
from hubbub.terms.catalogue import PINGS_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, LiveTraffic, cell_bit
from hubbub.terms.time import SECOND, Instant
from traffic.street import NOON, Street, drive

MAY = cell_bit(LiveTraffic, OWN)
LATER = Instant(NOON + 400 * SECOND)


def permitted(rows: Iterable[tuple[int, Fix, int]]) -> Permitted[pa.Table, LiveTraffic]:
    """Give fixes as gate 1 would: (subject, fix, receipt)."""
    schema = PINGS_SCHEMA | STAMP
    columns: dict[str, list[int]] = {name: [] for name in schema}
    for subject, fix, receipt in rows:
        row = {
            "subject": subject,
            "at": fix.at,
            "lat_e6": fix.lat_e6,
            "lon_e6": fix.lon_e6,
            "accuracy_dm": 50,
            "speed_cms": fix.speed_cms,
            "course_deg": 90,
            "source": 0,
            "receipt": receipt,
            "may": MAY,
        }
        for name, value in row.items():
            columns[name].append(value)
    table = pa.table(
        columns, schema=pa.schema([(name, getattr(pa, kind)()) for name, kind in schema.items()])
    )
    asked = permit(
        ibis.table(schema, name="pings"),
        LiveTraffic,
        OWN,
        category=Category.LOCATION,
        dead=ibis.table({"receipt": "int64"}, name="dead"),
    )
    return collect(asked, lambda _: table)


def test_a_pass_carries_the_deal_of_its_pings() -> None:
    matching = LiveMatching(Street())
    passes = matching.feed(permitted((7, fix, 70) for fix in drive(speed_mps=10)), LATER).rows
    assert passes["segment"].to_pylist() == list(range(2, 13))
    assert set(passes["subject"].to_pylist()) == {7}
    assert set(passes["receipt"].to_pylist()) == {70}
    assert set(passes["may"].to_pylist()) == {MAY}


def test_a_trip_under_two_deals_is_two_trips() -> None:
    rows = [(7, fix, 70 if n < 16 else 71) for n, fix in enumerate(drive(speed_mps=10))]
    passes = LiveMatching(Street()).feed(permitted(rows), LATER).rows
    assert [*zip(passes["receipt"].to_pylist(), passes["segment"].to_pylist(), strict=True)] == [
        *((70, n) for n in (2, 3, 4)),
        *((71, n) for n in (10, 11, 12)),
    ]


def test_phones_do_not_mix() -> None:
    east, west = drive(speed_mps=10), drive(speed_mps=12, from_m=1500, metres=-1500)
    rows = [(1, fix, 1) for fix in east] + [(2, fix, 2) for fix in west]
    rows.sort(key=lambda row: row[1].at)
    passes = LiveMatching(Street()).feed(permitted(rows), LATER).rows
    by_subject = passes.group_by("subject").aggregate([("segment", "max")])
    assert dict(zip(*by_subject.to_pydict().values(), strict=True)) == {1: 12, 2: 1012}


def test_a_ping_from_long_ago_says_nothing_about_now() -> None:
    rows = [(7, fix, 70) for fix in drive(speed_mps=10)]
    late = Instant(NOON + (150 + LATE_S_MAX + 1) * SECOND)
    matching = LiveMatching(Street())
    assert matching.feed(permitted(rows), late).rows.num_rows == 0
    assert matching.phones == 0


def test_a_ping_from_a_clock_that_is_fast_says_nothing_about_now() -> None:
    rows = [(7, fix, 70) for fix in drive(speed_mps=10, begin_s=600)]
    assert LiveMatching(Street()).feed(permitted(rows), NOON).rows.num_rows == 0


def test_a_phone_that_fell_silent_is_forgotten_and_all_of_its_trip_is_told() -> None:
    matching = LiveMatching(Street())
    fixes = drive(speed_mps=10)
    told = matching.feed(permitted((7, fix, 70) for fix in fixes), fixes[-1].at).rows.num_rows
    assert matching.phones == 1
    rest = matching.feed(permitted([]), LATER).rows.num_rows
    assert told
    assert rest
    assert told + rest == 11
    assert matching.phones == 0


def test_a_fix_that_may_be_anywhere_is_not_used() -> None:
    pings = permitted((7, fix, 70) for fix in drive(speed_mps=10)).rows
    vague = pings.set_column(
        pings.column_names.index("accuracy_dm"),
        "accuracy_dm",
        pa.array([1001] * len(pings), pa.int16()),
    )
    asked = permit(
        ibis.table(PINGS_SCHEMA | STAMP, name="pings"),
        LiveTraffic,
        OWN,
        category=Category.LOCATION,
        dead=ibis.table({"receipt": "int64"}, name="dead"),
    )
    matching = LiveMatching(Street())
    assert matching.feed(collect(asked, lambda _: vague), LATER).rows.num_rows == 0


def test_chunks_of_rows_say_the_same_as_all_at_once() -> None:
    fixes = drive(speed_mps=10)
    whole = LiveMatching(Street()).feed(permitted((7, fix, 70) for fix in fixes), LATER).rows
    matching = LiveMatching(Street())
    parts = [
        matching.feed(permitted([(7, fix, 70)]), Instant(fix.at + SECOND)).rows for fix in fixes
    ]
    parts.append(matching.feed(permitted([]), LATER).rows)
    assert pa.concat_tables(parts).sort_by("at").equals(whole)
