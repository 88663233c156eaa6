"""Opening hours are read as they are meant, and what is not known is never called closed."""

from datetime import date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import hypothesis
import hypothesis.strategies as st
import osmium
import pytest

from hubbub.products.places.hours import (
    NotTold,
    Readable,
    Site,
    Status,
    Unreadable,
    is_open,
    public_holidays,
    read_hours,
    spans,
    status,
    week,
)
from hubbub.run.city import DEMO_EXTRACT
from hubbub.terms.time import SECOND, Instant, instant, moment

ZONE = ZoneInfo("Europe/Helsinki")
HELSINKI = Site(60.17, 24.94, ZONE)
WEDNESDAY = "2026-11-25"


def read(told: str, site: Site = HELSINKI) -> Readable:
    hours = read_hours(told, site)
    assert isinstance(hours, Readable), told
    return hours


def at(local: str, zone: ZoneInfo = ZONE) -> Instant:
    return instant(datetime.fromisoformat(local).replace(tzinfo=zone))


def local(when: Instant | None, zone: ZoneInfo = ZONE) -> str:
    return "" if when is None else moment(when, zone).isoformat(timespec="minutes")


def day(told: str, first: str, site: Site = HELSINKI) -> list[tuple[str, str]]:
    """List what begins on a local day."""
    (only,) = week(read(told, site), date.fromisoformat(first), days=1)
    return [(local(it.opens, site.zone), local(it.closes, site.zone)) for it in only.openings]


def test_of_the_demo_city_at_least_99_in_100_opening_hours_are_read() -> None:
    tags = [it.tags.get("opening_hours") for it in osmium.FileProcessor(str(DEMO_EXTRACT))]
    told = [each for each in tags if each]
    unread = [each for each in told if isinstance(read_hours(each, HELSINKI), Unreadable)]
    assert len(told) == 632
    assert len(unread) == 6


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("Mo-Sa 09:30–19:30", "Mo-Sa 09:30-19:30"),
        ("Mo-Th 11:00-23:00; Fr11:00-24:00", "Mo-Th 11:00-23:00; Fr 11:00-24:00"),
        ("We-Fr 13:00-18:00 Sa 12:00-18:00", "We-Fr 13:00-18:00; Sa 12:00-18:00"),
        ("Mo-Fr: 10:00-18:00;", "Mo-Fr 10:00-18:00"),
        ("Mo-Fr 10.00-18.30", "Mo-Fr 10:00-18:30"),
        ("Su-Th 15-00; Fr-Sa 15-02", "Su-Th 15:00-00:00; Fr-Sa 15:00-02:00"),
        ("Mo-Fr 9-12,13-17:30, Sa 10-18", "Mo-Fr 09:00-12:00,13:00-17:30, Sa 10:00-18:00"),
        ("Mo-Fr 10:00-18:00 “by appointment”", 'Mo-Fr 10:00-18:00 "by appointment"'),
    ],
)
def test_a_slip_that_leaves_no_doubt_is_put_right(told: str, meant: str) -> None:
    assert read(told).text == meant


@pytest.mark.parametrize(
    "told", ["Seasonal, only summer time", "Mo-Fr 9-20;Sa 9-20 Su 9", "Sat 12am - 11pm", "99:00"]
)
def test_what_leaves_a_doubt_is_unreadable_and_not_guessed(told: str) -> None:
    assert read_hours(told, HELSINKI) == Unreadable(told)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("Mo-Su 10:00-18:00; Dec 24-26 off", "Mo-Su 10:00-18:00; Dec 24-Dec 26 closed"),
        ("week 10-20 Mo 08:00-09:00", "week10-20 Mo 08:00-09:00"),
        ('Mo 08:00-09:00 "Tu 9-17 – ask"', 'Mo 08:00-09:00 "Tu 9-17 – ask"'),
    ],
)
def test_what_can_be_read_is_not_touched(told: str, meant: str) -> None:
    assert read(told).text == meant


@pytest.mark.parametrize("told", ["", "   ", "Seasonal", 'Mo-Su 00:00-24:00 unknown "ask"'])
def test_what_is_not_known_is_neither_open_nor_closed(told: str) -> None:
    assert is_open(read_hours(told, HELSINKI), at(f"{WEDNESDAY}T12:00")) is None


def test_what_nobody_told_is_not_a_whole_week() -> None:
    assert read_hours("   ", HELSINKI) == NotTold()


@pytest.mark.parametrize(
    ("when", "opened", "changes"),
    [
        ("2026-11-25T09:20", False, "2026-11-25T10:00+02:00"),
        ("2026-11-25T10:00", True, "2026-11-25T18:00+02:00"),
        ("2026-11-25T17:59", True, "2026-11-25T18:00+02:00"),
        ("2026-11-25T18:00", False, "2026-11-26T10:00+02:00"),
        ("2026-11-27T19:00", False, "2026-11-30T10:00+02:00"),
    ],
)
def test_open_now_and_until_when(when: str, *, opened: bool, changes: str) -> None:
    now = status(read("Mo-Fr 10:00-18:00"), at(when))
    assert (now.is_open, local(now.changes_at)) == (opened, changes)


def test_what_is_always_open_does_not_change() -> None:
    assert status(read("24/7"), at(f"{WEDNESDAY}T12:00")) == Status(True, None)


def test_what_opens_in_another_year_is_closed_until_further_notice() -> None:
    assert status(read("2031 Mo-Su 10:00-18:00"), at(f"{WEDNESDAY}T12:00")) == Status(False, None)


def test_an_appointment_is_not_an_opening_and_its_comment_is_told() -> None:
    hours = read('Mo-Fr 10:00-18:00 unknown "by appointment"')
    now = status(hours, at(f"{WEDNESDAY}T12:00"))
    assert (now.is_open, now.comment) == (None, "by appointment")
    (only,) = week(hours, date.fromisoformat(WEDNESDAY), days=1)
    assert [(it.is_sure, it.comment) for it in only.openings] == [(False, "by appointment")]


def test_a_night_belongs_to_the_evening_it_begins_on_also_from_sunday_to_monday() -> None:
    club = "Fr-Su 22:00-04:00"
    assert day(club, "2026-11-29") == [("2026-11-29T22:00+02:00", "2026-11-30T04:00+02:00")]
    assert day(club, "2026-11-30") == []
    assert is_open(read(club), at("2026-11-30T03:59"))
    assert not is_open(read(club), at("2026-11-30T04:00"))


def test_what_is_open_for_days_is_told_day_by_day() -> None:
    whole = [("2026-11-25T00:00+02:00", "2026-11-26T00:00+02:00")]
    assert day("24/7", "2026-11-25") == whole
    fair = "Nov 24 08:00-24:00; Nov 25 00:00-24:00; Nov 26 00:00-08:00"
    assert day(fair, "2026-11-24") == [("2026-11-24T08:00+02:00", "2026-11-25T00:00+02:00")]
    assert day(fair, "2026-11-25") == whole
    assert day(fair, "2026-11-26") == [("2026-11-26T00:00+02:00", "2026-11-26T08:00+02:00")]


def test_when_the_clocks_go_forward_a_night_is_an_hour_shorter() -> None:
    assert day("Sa 22:00-05:00", "2027-03-27") == [
        ("2027-03-27T22:00+02:00", "2027-03-28T05:00+03:00")
    ]
    assert day("Mo-Su 03:30-09:00", "2027-03-28") == [
        ("2027-03-28T04:00+03:00", "2027-03-28T09:00+03:00")
    ]
    assert day("24/7", "2027-03-28") == [("2027-03-28T00:00+02:00", "2027-03-29T00:00+03:00")]


def test_what_would_be_open_in_the_hour_that_the_clocks_leave_out_stays_closed() -> None:
    market = read("Su 03:10-03:40,08:00-12:00")
    assert status(market, at("2027-03-27T20:00")).changes_at == at("2027-03-28T08:00")
    through = list(spans(market, at("2027-03-27T12:00"), at("2027-03-29T12:00")))
    assert [span.openness for span in through] == ["closed", "open", "closed"]
    assert all(a.until == b.since for a, b in pairwise(through))
    assert day(market.text, "2027-03-28") == [("2027-03-28T08:00+03:00", "2027-03-28T12:00+03:00")]


def test_when_the_clocks_go_back_what_closes_in_the_hour_that_comes_twice_closes_once() -> None:
    bar = read("Mo-Su 20:00-03:30")
    assert day("Mo-Su 20:00-03:30", "2026-10-24") == [
        ("2026-10-24T20:00+03:00", "2026-10-25T03:30+02:00")
    ]
    first_345 = at("2026-10-25T03:45")
    second_345 = Instant(first_345 + 3600 * SECOND)
    assert local(status(bar, first_345).changes_at) == "2026-10-25T03:30+02:00"
    assert (is_open(bar, first_345), is_open(bar, second_345)) == (True, False)


def test_a_whole_week_has_seven_days_whatever_the_clocks_do() -> None:
    for first in ("2026-10-22", "2027-03-25"):
        days = week(read("Mo-Su 09:00-17:00"), date.fromisoformat(first))
        assert [len(each.openings) for each in days] == [1] * 7
        opens = [local(opening.opens)[11:16] for each in days for opening in each.openings]
        assert opens == ["09:00"] * 7


def test_public_holidays_are_those_of_the_country() -> None:
    shop = "Mo-Su 09:00-17:00; PH off"
    assert day(shop, "2026-12-06") == []
    assert len(day(shop, "2026-12-07")) == 1
    assert public_holidays(HELSINKI, date(2026, 12, 3)) == {date(2026, 12, 6)}
    monaco = Site(43.7384, 7.4246, ZoneInfo("Europe/Monaco"))
    assert public_holidays(monaco, date(2026, 11, 16)) == {date(2026, 11, 19)}
    assert public_holidays(monaco, date(2026, 12, 1)) == frozenset()


def test_a_country_without_a_calendar_is_not_taken_for_one_without_holidays() -> None:
    delhi = Site(28.61, 77.21, ZoneInfo("Asia/Kolkata"))
    assert public_holidays(delhi, date(2026, 12, 1)) is None


def test_hours_tell_whether_holidays_and_closing_times_are_in_them() -> None:
    assert read("Mo-Su 09:00-17:00; PH off").tells_holidays
    assert not read('Mo-Su 09:00-17:00 "PH: ask"').tells_holidays
    assert read("Mo-Su 16:00+").has_open_end
    assert not read("Mo[1] +1 day 16:00-18:00").has_open_end


def test_sunset_is_that_of_the_place() -> None:
    ((_, sunset),) = day("sunrise-sunset", "2026-12-21")
    assert sunset[11:13] == "15"


HOURS = st.lists(
    st.sampled_from(
        [
            *("Mo", "Tu-Fr", "Sa,Su", "PH", "SH", "Mo[-1]", "+1 day", "24/7", "easter"),
            *("off", "unknown", '"x"', "-", "+", ";", ",", "||"),
            *(
                "10:00-18:00",
                "22:00-03:00",
                "00:00-48:00",
                "9-17",
                "9",
                "48:00",
                "/00:30",
                "sunset",
            ),
            *("Dec 24", "Jan-Mar", "Feb 30", "2026", "10000", "week 10-20"),
        ]
    ),
    max_size=8,
).map(" ".join)


@hypothesis.given(told=HOURS | st.text(max_size=40), hour=st.integers(0, 24 * 366))
@hypothesis.settings(max_examples=60, deadline=None)
def test_hours_that_make_no_sense_are_read_or_refused_and_never_fail(told: str, hour: int) -> None:
    hours = read_hours(told, HELSINKI)
    when = Instant(at("2026-06-01T00:30") + hour * 3600 * SECOND)
    now = status(hours, when)
    assert now.changes_at is None or now.changes_at > when
    if not isinstance(hours, Readable):
        assert now == Status(None, None)
        return
    first = moment(when, ZONE).date()
    for each in week(hours, first):
        assert all(moment(it.opens, ZONE).date() == each.day for it in each.openings)
        assert all(it.closes > it.opens for it in each.openings)
    noon = instant(datetime.combine(first, time(12), ZONE))
    through = list(spans(hours, noon, Instant(noon + 8 * 86_400 * SECOND)))
    assert all(a.until == b.since for a, b in pairwise(through))
    assert (through[0].since, through[-1].until) == (noon, Instant(noon + 8 * 86_400 * SECOND))
    assert read(hours.text).text == hours.text
