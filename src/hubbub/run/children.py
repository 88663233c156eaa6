"""Child processes: started, watched, started again with back-off, and stopped with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import structlog

from hubbub.terms.errors import HubbubError

log = structlog.get_logger()


class ChildFailed(HubbubError):
    """A step that runs in a process of its own has failed. Its own words are above."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"a step failed (exit code {exit_code}); its own words are above")
        self.exit_code = exit_code


_BACK_OFF_S = (0.2, 1.0, 3.0, 10.0, 30.0)
_STEADY_S = 60.0  # a child that lived this long starts its back-off anew
_PATIENCE_S = 15.0
_ASK_EVERY_S = 5.0
_SILENT_S_MAX = 30.0
_BEGINNING_S_MAX = 600.0  # a first answer may wait for a database that is brought up to date


class Pulse:
    """Whether a child still answers: asked now and then, by a thread that may wait for it."""

    def __init__(self, answers: Callable[[], bool], *, silent_s_max: float = _SILENT_S_MAX) -> None:
        self._answers, self._silent_s_max = answers, silent_s_max
        self._heard = 0.0
        threading.Thread(target=self._listen, daemon=True, name="pulse").start()

    def is_lost(self, *, started: float) -> bool:
        """Tell whether what started then has fallen silent, or never came to answer."""
        now = time.monotonic()
        if self._heard < started:
            return now - started > _BEGINNING_S_MAX
        return now - self._heard > self._silent_s_max

    def _listen(self) -> None:
        while True:
            if self._answers():
                self._heard = time.monotonic()
            time.sleep(min(_ASK_EVERY_S, self._silent_s_max / 4))


class Child:
    """One child process, kept alive; or, with `once`, until it has done its work."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        once: bool = False,
        pulse: Pulse | None = None,
    ) -> None:
        self.name, self._command, self._once = name, tuple(command), once
        self._pulse = pulse
        self._running: subprocess.Popen[bytes] | None = None
        self._started = self._again = 0.0
        self._falls = 0

    @property
    def restarts(self) -> int:
        """Tell how often it fell since it last was steady."""
        return self._falls

    def start(self) -> None:
        """Start it. Its standard input is our life line: it ends when we do."""
        self._running = subprocess.Popen(  # noqa: S603 - our own command
            self._command, stdin=subprocess.PIPE, start_new_session=True
        )
        self._started = time.monotonic()

    def watch(self) -> None:
        """Start it again when it has fallen and its pause is over; end it when it is silent."""
        now = time.monotonic()
        if self._running is not None:
            code = self._running.poll()
            if code is None and self._pulse and self._pulse.is_lost(started=self._started):
                log.warning("does not answer any more; killing it", child=self.name)
                self._running.kill()
                code = self._running.wait()
            if code is None or (self._once and code == 0):
                return
            self._falls = 0 if now - self._started > _STEADY_S else self._falls
            pause = _BACK_OFF_S[min(self._falls, len(_BACK_OFF_S) - 1)]
            self._falls += 1
            log.warning("ended; starting it again", child=self.name, exit_code=code, pause_s=pause)
            _let_go(self._running)
            self._running, self._again = None, now + pause
        elif now >= self._again:
            self.start()

    def stop(self) -> None:
        """Ask it to end."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Wait until it has ended; end it hard when it takes too long."""
        if self._running is None:
            return
        try:
            self._running.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            log.warning("does not end; killing it", child=self.name)
            self._running.kill()
            self._running.wait()
        _let_go(self._running)


def _let_go(ended: subprocess.Popen[bytes]) -> None:
    assert ended.stdin is not None, "every child has a life line"
    ended.stdin.close()


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Make the command that runs one of our modules in a process of its own."""
    return (sys.executable, "-m", module, *arguments)


def run_to_end(command: Sequence[str]) -> Iterator[bytes]:
    """Run `command`, give the lines that it writes, and raise `ChildFailed` if it failed."""
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None, "it was asked for a line ago"
        yield from running.stdout
    if running.returncode:
        raise ChildFailed(running.returncode)


def end_with_parent() -> None:
    """End this process when its parent is gone, however that ended."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="life line").start()
