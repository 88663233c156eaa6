"""The house's clock: the machine's own, or a recorded day played faster."""

import time

import msgspec

from hubbub.terms.time import SECOND, Instant


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """Tell the present instant."""
        return Instant(time.time_ns() // 1000)


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recorded stretch of time, and how it is played. All processes of one house share it."""

    begin: int  # instant at which the recording starts, in microseconds
    end: int  # where the house's clock stops
    speed: float  # recorded seconds a real second
    started_wall: int  # real instant at which playing began, in microseconds


class ReplayClock:
    """Plays a recorded day: `speed` times as fast as real time, and stands still at its end."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def now(self) -> Instant:
        """Tell the instant within the recording."""
        replay = self._replay
        passed = max(0, time.time_ns() // 1000 - replay.started_wall)
        return Instant(min(replay.end, replay.begin + int(passed * replay.speed)))

    def real_s(self, us: int) -> float:
        """Tell how many real seconds `us` of the recording's time take; none for the past."""
        return max(0.0, us / SECOND / self._replay.speed)


class StillClock:
    """Stands where it is put: for stepping through a recording as fast as the machine can."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        """Tell the instant it was put to."""
        return self.at
