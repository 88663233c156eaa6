"""Who read rows of mine: told of the hours in which I gave some, and of nobody else's."""

from dataclasses import replace

from hubbub.deal.reads import HOUR, Given, Reader, ReadOfMine, Stretch, reads_of_mine
from hubbub.terms.time import Instant

READER: Reader = ("user.location.precise", "public.traffic", "own")
OTHER: Reader = ("user.location.precise", "public.traffic.live", "own")


def hour(number: int, more: int = 0) -> Instant:
    return Instant(number * HOUR + more)


def stretch(since: Instant, until: Instant, *, reader: Reader = READER, at: int = 100) -> Stretch:
    """Tell of reads of rows of [since, until), in the hour `at`."""
    return Stretch(
        what="rows",
        reader=reader,
        begun_at=hour(at),
        last_at=hour(at, 7),
        times=3,
        is_counted=True,
        since=since,
        until=until,
    )


def is_told(given: Given, since: Instant, until: Instant) -> bool:
    return bool(reads_of_mine([stretch(since, until)], {READER: [given]}))


def test_a_read_is_told_with_who_what_for_when_and_how_often() -> None:
    mine = {READER: [Given(hours=(hour(3),))]}
    assert reads_of_mine([stretch(hour(3), hour(4))], mine) == [
        ReadOfMine(
            category="user.location.precise",
            purpose="public.traffic",
            recipient="own",
            at=hour(100),
            last_at=hour(100, 7),
            times=3,
        )
    ]


def test_a_read_is_of_mine_where_its_time_and_an_hour_of_mine_have_something_in_common() -> None:
    given = Given(hours=(hour(3), hour(5)))
    assert is_told(given, hour(3), hour(4))
    assert is_told(given, hour(3, HOUR - 1), hour(4))
    assert is_told(given, hour(0), hour(3, 1))
    assert is_told(given, hour(5, 1), hour(9))
    assert not is_told(given, hour(0), hour(3))
    assert not is_told(given, hour(4), hour(5))
    assert not is_told(given, hour(6), hour(9))
    assert not is_told(Given(hours=()), hour(0), hour(9))


def test_a_read_after_all_was_taken_back_is_none_of_mine_and_one_before_is() -> None:
    for closed_at, told in ((hour(99), False), (hour(100), False), (hour(100, 1), True)):
        given = Given(hours=(hour(3),), closed_at=closed_at)
        assert is_told(given, hour(3), hour(4)) is told


def test_reads_by_others_and_of_releases_are_none_of_mine_and_all_other_are_newest_first() -> None:
    mine = {READER: [Given(hours=(hour(9),)), Given(hours=(hour(3),))]}
    log = [
        stretch(hour(3), hour(4), reader=OTHER),
        stretch(hour(3), hour(4), at=101),
        stretch(hour(3), hour(4), at=103),
        stretch(hour(3), hour(4), at=102),
    ]
    bulk = [replace(each, what="releases") for each in log]
    assert [read.at for read in reads_of_mine([*log, *bulk], mine)] == [
        hour(103),
        hour(102),
        hour(101),
    ]
    assert reads_of_mine(log, {}) == []
