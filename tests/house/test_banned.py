"""What import contracts cannot see, the linter refuses: imports by name, clocks and dice."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from house.tree import ROOT

RUFF = Path(sys.executable).with_name("ruff")
BANNED = {
    "an import by name": 'import importlib\n\nimportlib.import_module("hubbub.record")',
    "an import by another's name": 'from importlib import import_module as load\n\nload("os")',
    "an import by a builtin": 'import builtins\n\nbuiltins.__import__("hubbub.record")',
    "an import by its spec": "from importlib.util import find_spec\n\nfind_spec('os')",
    "what others imported": 'import sys\n\nsys.modules["hubbub.record"]',
    "code from a string": 'eval("1")',
    "a program from a string": 'exec("import os")',
    "a module run": 'import runpy\n\nrunpy.run_module("hubbub.record")',
    "the clock's now": "from datetime import UTC, datetime\n\ndatetime.now(UTC)",
    "today": "from datetime import date\n\ndate.today()",
    "seconds since 1970": "import time\n\ntime.time()",
    "nanoseconds since 1970": "from time import time_ns\n\ntime_ns()",
    "dice": "import random\n\nrandom.random()",
    "numpy's dice": "import numpy as np\n\nnp.random.default_rng()",
    "a pickle": "import pickle\n\npickle.dumps(1)",
    "an import in a function": "def f() -> None:\n    import json\n\n    json.dumps(1)",
    "a relative import": "from . import app\n\napp.f()",
}
RULES = {"PLC0415", "S102", "S307", "TID251", "TID252"}


def refused(code: str, module: str) -> set[str]:
    """Lint `code` as if it were `module`; give the rules of ours that it breaks."""
    linted = subprocess.run(
        [
            RUFF,
            "check",
            "--no-cache",
            "--output-format",
            "concise",
            "--stdin-filename",
            module,
            "-",
        ],
        input=f'"""Planted."""\n\n{code}\n',
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return set(re.findall(r": ([A-Z]+\d+)", linted.stdout)) & RULES


@pytest.mark.parametrize("what", BANNED)
def test_what_is_banned_is_refused_in_every_room(what: str) -> None:
    assert refused(BANNED[what], "src/hubbub/outlet/planted.py")


def test_the_one_module_that_reads_the_clock_may() -> None:
    assert not refused(BANNED["seconds since 1970"], "src/hubbub/run/clock.py")
    assert refused(BANNED["seconds since 1970"], "src/hubbub/run/keeper.py")


def test_what_is_not_banned_is_not_refused() -> None:
    assert not refused("import time\n\ntime.monotonic()", "src/hubbub/run/planted.py")
