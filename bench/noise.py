"""How long noise takes to draw, and whether that tells what was drawn.

python -m bench.noise
"""

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.traffic import tell
from hubbub.crowd.laws import Noise
from hubbub.crowd.noise import draw, table
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL

DRAWS: Final = 1_000_000
RUNS: Final = 7

type Words = npt.NDArray[np.uint64]


def main() -> None:
    """Draw a million times from each law in use; then from words chosen by what they give."""
    for declared in (LIVE_PASSAGE, LIVE_DAY, TYPICAL):
        law = declared.noise
        table.cache_clear()
        began = time.process_time()
        columns = len(table(law).jump)
        made_s = time.process_time() - began
        drawn_s = _seconds(partial(draw, law, DRAWS, entropy=os.urandom))
        near, far = (_ns_of(law, near=near) for near in (True, False))
        tell(
            f"{declared.name}: {columns} columns made in {made_s:.2f} CPU-s; a million draws "
            f"{drawn_s:.3f} CPU-s; a draw {near:.1f} ns near nought, {far:.1f} ns further out"
        )


def _ns_of(law: Noise, *, near: bool) -> float:
    """Time draws of chosen words only: those that give less, or more, than half a deviation."""
    words = np.frombuffer(os.urandom(64 * DRAWS), dtype=np.uint64).reshape(2, -1)
    drawn = draw(law, words.shape[1], entropy=lambda _: words.tobytes())
    chosen = words[:, (abs(drawn) < law.deviation / 2) == near][:, :DRAWS]
    assert chosen.shape[1] == DRAWS, "enough words give either"
    entropy = chosen.tobytes()
    return _seconds(lambda: draw(law, DRAWS, entropy=lambda _: entropy)) / DRAWS * 1e9


def _seconds(task: Callable[[], object]) -> float:
    """Give the CPU-seconds of a task: the least of several runs, after one to warm up."""
    task()
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        task()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
