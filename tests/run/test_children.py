"""Children are kept alive, and none outlives its parent."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hubbub.run.children import Child, Pulse

_TICKS = "import time,os,sys; open(sys.argv[1],'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
_FALLS = "import os,sys; open(sys.argv[1],'a').write(f'{os.getpid()}\\n'); sys.exit(1)"
_ENDS = "import os,sys; open(sys.argv[1],'a').write(f'{os.getpid()}\\n')"
_WAITS = """
import time
from hubbub.run.children import end_with_parent
end_with_parent()
time.sleep(60)
"""
_PARENT = f"""
import sys, time
from hubbub.run.children import Child
child = Child("waits", (sys.executable, "-c", {_WAITS!r}))
child.start()
print(child._running.pid, flush=True)
time.sleep(60)
"""


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def until(true: Callable[[], bool], child: Child | None = None, *, for_s: float = 15.0) -> bool:
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        if child is not None:
            child.watch()
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_child_that_falls_is_started_again(tmp_path: Path) -> None:
    child = Child("faller", (sys.executable, "-c", _FALLS, str(tmp_path / "pids")))
    child.start()
    assert until(lambda: len(lines(tmp_path / "pids")) >= 2, child)
    child.stop()
    child.wait()


def test_a_child_whose_work_is_done_is_not_started_again(tmp_path: Path) -> None:
    child = Child("worker", (sys.executable, "-c", _ENDS, str(tmp_path / "pids")), once=True)
    child.start()
    assert until(lambda: len(lines(tmp_path / "pids")) == 1, child)
    child.wait()
    for _ in range(3):
        child.watch()
    assert child.restarts == 0


def test_a_child_that_falls_silent_is_killed_and_started_again(tmp_path: Path) -> None:
    speaks = [True]
    pulse = Pulse(lambda: speaks[0], silent_s_max=0.4)
    child = Child("silent", (sys.executable, "-c", _TICKS, str(tmp_path / "pids")), pulse=pulse)
    child.start()
    assert until(lambda: len(lines(tmp_path / "pids")) == 1, child)
    time.sleep(0.3)
    speaks[0] = False
    assert until(lambda: len(lines(tmp_path / "pids")) >= 2, child)
    child.stop()
    child.wait()


def test_a_child_that_answers_is_left_alone(tmp_path: Path) -> None:
    pulse = Pulse(lambda: True, silent_s_max=0.4)
    child = Child("talker", (sys.executable, "-c", _TICKS, str(tmp_path / "pids")), pulse=pulse)
    child.start()
    assert not until(lambda: child.restarts > 0, child, for_s=1.2)
    child.stop()
    child.wait()


def test_a_child_ends_when_it_is_stopped(tmp_path: Path) -> None:
    child = Child("ticker", (sys.executable, "-c", _TICKS, str(tmp_path / "pids")))
    child.start()
    assert until(lambda: len(lines(tmp_path / "pids")) == 1)
    child.stop()
    child.wait()
    pid = int(lines(tmp_path / "pids")[0])
    assert not Path(f"/proc/{pid}").exists()


def test_a_child_ends_when_its_parent_was_killed() -> None:
    parent = subprocess.Popen(
        (
            sys.executable,
            "-c",
            _PARENT,
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
