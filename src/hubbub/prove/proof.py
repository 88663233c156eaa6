"""A proof: every check run now, on this machine, on the program that is installed."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

import msgspec

from hubbub.prove.check import Named, Outcome, Verdict, failed
from hubbub.run.children import ChildFailed, python
from hubbub.run.home import Home
from hubbub.terms.errors import BadInput
from hubbub.terms.time import Instant

_LANES_MAX: Final = 4


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """A check that was run, and what it found."""

    check: Named
    outcome: Outcome
    told: str
    took_s: float


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, when, with which version, and whether all of it holds."""

    at: Instant
    version: str
    held: bool
    took_s: float
    checks: list[Proved]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be proved: the checks of these names or ids, or all; and how hard to look."""

    only: Sequence[str] = ()
    effort: float = 1.0


def prove(
    home: Home, order: Order, *, at: Instant, version: str, tell: Callable[[Proved], None]
) -> Proof:
    """Run the checks, as many at once as there are cores, and tell of each as it ends."""
    began = time.monotonic()
    lanes = SimpleQueue[_Lane]()
    lanes.put(first := _Lane(home, effort=order.effort))

    def run(check: Named) -> Proved:
        lane = lanes.get()
        try:
            return lane.run(check)
        finally:
            lanes.put(lane)

    try:
        checks = _chosen(first.checks, order.only)
        for _ in range(1, min(_LANES_MAX, os.cpu_count() or 1, len(checks))):
            lanes.put(_Lane(home, effort=order.effort))
        found = dict[str, Proved]()
        with ThreadPoolExecutor(lanes.qsize()) as pool:
            running = [pool.submit(run, check) for check in reversed(checks)]  # long ones first
            for ended in as_completed(running):
                proved = ended.result()
                found[proved.check.name] = proved
                tell(proved)
    finally:
        while not lanes.empty():
            lanes.get().close()
    return Proof(
        at=at,
        version=version,
        held=all(proved.outcome != "failed" for proved in found.values()),
        took_s=round(time.monotonic() - began, 1),
        checks=[found[check.name] for check in checks],
    )


def _chosen(checks: Sequence[Named], only: Sequence[str]) -> list[Named]:
    chosen = [check for check in checks if not only or check.id in only or check.name in only]
    unknown = set(only) - {name for check in chosen for name in (check.id, check.name)}
    if unknown:
        known = dict.fromkeys(check.id for check in checks)
        raise BadInput(f"no check is called {min(unknown)!r}; there are {', '.join(known)}")
    return chosen


class _Lane:
    """A process that runs one check after the other; it is started again where one ended it."""

    def __init__(self, home: Home, *, effort: float) -> None:
        self._command = python("hubbub.prove.worker", str(home.folder), str(effort))
        self._running = self._started()
        self._checks: list[Named] | None = None

    @property
    def checks(self) -> list[Named]:
        """List what there is to run: the first thing that it says."""
        if self._checks is None:
            line = self._read()
            if not line:
                self.close()
                raise ChildFailed(self._running.returncode)
            self._checks = msgspec.json.decode(line, type=list[Named])
        return self._checks

    def run(self, check: Named) -> Proved:
        """Run one check to its end."""
        began = time.monotonic()
        verdict = self._ask(check)
        return Proved(
            check=check,
            outcome=verdict.outcome,
            told=verdict.told,
            took_s=round(time.monotonic() - began, 1),
        )

    def close(self) -> None:
        """Let it end."""
        self._running.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def _ask(self, check: Named) -> Verdict:
        assert check in self.checks, "it was listed by a process like this one"
        assert self._running.stdin is not None, "it was asked for when it was started"
        self._running.stdin.write(f"{check.name}\n".encode())
        self._running.stdin.flush()
        if answer := self._read():
            return msgspec.json.decode(answer, type=Verdict)
        self.close()
        self._running, self._checks = self._started(), None
        return failed("the process that ran it has ended")

    def _read(self) -> bytes:
        assert self._running.stdout is not None, "it was asked for when it was started"
        return self._running.stdout.readline()
