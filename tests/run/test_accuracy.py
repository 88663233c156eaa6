"""A release's accuracy is predicted from its own bytes, while its map and promise are in force."""

from hashlib import sha256
from math import sqrt

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.book import Stored
from hubbub.crowd.laws import G
from hubbub.products.traffic.declarations import LIVE_DAY, TYPICAL, TYPICAL_SLOTS
from hubbub.run.accuracy import accuracy_of
from hubbub.terms.time import Instant
from traffic.crowd import roads

ROADS = roads(60)
DECLARED = {each.name: each for each in (LIVE_DAY, TYPICAL)}


class Shelf:
    """Where one release stands, and how often it was read."""

    def __init__(self, product: str, keys: range, mean: float, *, promise: str = "") -> None:
        declared = DECLARED[product]
        noise = np.random.default_rng(2).normal(0, declared.noise.deviation, (2, len(keys)))
        counters = np.rint(mean * G / 2 + noise).astype(np.int64)
        table = pa.table(
            {"key": pa.array(keys, pa.int32()), "up": counters[0], "down": counters[1]}
        )
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        output = bytes(sink.getvalue())
        self.read = 0
        self._stored = Stored(
            release="r",
            product=product,
            block="a week",
            promise=promise or declared.promise().words,
            digest=sha256(output).hexdigest(),
            output=output,
            released_at=Instant(0),
            seq=1,
        )

    def stored(self, release: str) -> Stored | None:
        self.read += 1
        return self._stored if release == "r" else None


def test_a_week_says_how_it_was_told_and_how_far_off_it_is() -> None:
    shelf = Shelf(TYPICAL.name, range(60 * TYPICAL_SLOTS), 40)
    told = accuracy_of("r", shelf, declarations=DECLARED, roads=ROADS)
    assert told is not None
    count, _ = told.value.counters
    assert told.value.denoiser != "none"
    assert count.noise == pytest.approx(5.496 * sqrt(2))
    assert count.error < count.noise / 2
    assert len(told.sources) == 1


def test_a_window_is_as_exact_as_its_noise() -> None:
    shelf = Shelf(LIVE_DAY.name, range(3, 60, 10), 2)
    told = accuracy_of("r", shelf, declarations=DECLARED, roads=ROADS)
    assert told is not None
    assert told.value.denoiser == "none"
    assert all(each.error == each.noise for each in told.value.counters)


def test_what_is_no_longer_in_force_predicts_nothing() -> None:
    older = Shelf(TYPICAL.name, range(60 * TYPICAL_SLOTS), 40, promise="another one")
    other_map = Shelf(TYPICAL.name, range(61 * TYPICAL_SLOTS), 40)
    smaller_map = Shelf(LIVE_DAY.name, range(100, 106), 40)
    assert accuracy_of("r", older, declarations=DECLARED, roads=ROADS) is None
    assert accuracy_of("r", other_map, declarations=DECLARED, roads=ROADS) is None
    assert accuracy_of("r", smaller_map, declarations=DECLARED, roads=ROADS) is None
    assert accuracy_of("never", older, declarations=DECLARED, roads=ROADS) is None
    assert accuracy_of("r", older, declarations={}, roads=ROADS) is None


def test_a_prediction_is_made_once() -> None:
    shelf = Shelf(TYPICAL.name, range(60 * TYPICAL_SLOTS), 40)
    once = accuracy_of("r", shelf, declarations=DECLARED, roads=ROADS)
    read = shelf.read
    assert accuracy_of("r", shelf, declarations=DECLARED, roads=ROADS) is once
    assert shelf.read == read + 1
