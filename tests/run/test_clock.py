"""The replay's clock runs at its speed and stands still at its end."""

import time

from hubbub.run.clock import Replay, ReplayClock, SystemClock
from hubbub.terms.time import SECOND


def replay(*, started_s_ago: float, speed: float) -> ReplayClock:
    started = time.time_ns() // 1000 - round(started_s_ago * SECOND)
    return ReplayClock(
        Replay(begin=1000, end=1000 + 3600 * SECOND, speed=speed, started_wall=started)
    )


def test_a_replay_runs_as_many_times_faster_as_its_speed() -> None:
    passed = replay(started_s_ago=60, speed=30).now() - 1000
    assert 1800 * SECOND <= passed < 1900 * SECOND


def test_a_replay_stands_still_at_its_end() -> None:
    assert replay(started_s_ago=600, speed=30).now() == 1000 + 3600 * SECOND


def test_a_replay_does_not_run_before_its_beginning() -> None:
    assert replay(started_s_ago=-60, speed=30).now() == 1000


def test_the_machines_clock_tells_the_machines_time() -> None:
    assert abs(SystemClock().now() - time.time_ns() // 1000) < 5 * SECOND
