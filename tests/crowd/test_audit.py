"""What an attacker can really tell from a release: thousands of small worlds in one real run.

In half of the worlds one person more is there, and does the worst she can; the attack is that of
`hubbub prove`. The real gate stays under what it claims, and every planted bug is caught. Luck: the
seeds are fixed; with others each of these would fail once in a thousand.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from crowd.morning import NOON, VISITS, ZONE, MemoryBook, engine, permitted, seeded
from hubbub.crowd import bounds, gate, summing
from hubbub.crowd.blocks import Days
from hubbub.crowd.gate import release, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G, Noise
from hubbub.crowd.noise import Integers, draw
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted
from hubbub.prove.attack import certain
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, LiveTraffic, cell_bit
from hubbub.terms.time import SECOND

WORLDS = 8_000  # with the canary, and as many without
KEYS_EACH = 4
ALPHA = 1e-3
KEYS = PublicKeys(pa.table({"key": pa.array(range(2 * WORLDS * KEYS_EACH), pa.int32())}))
ONCE = np.array([3])
ALL_DAY = np.array([0, 1, 2, 3] * 5)

type Counts = npt.NDArray[np.int64]


def worlds(canary: npt.NDArray[np.int64]) -> Permitted[pa.Table, LiveTraffic]:
    """Lay down all worlds: two bystanders on the first roads, and the canary in the second half."""
    everywhere = np.arange(2 * WORLDS)
    bystanders = [(everywhere * 10 + n, everywhere * KEYS_EACH + n) for n in range(2)]
    hers = np.arange(WORLDS, 2 * WORLDS).repeat(len(canary))
    canaries = (hers * 10 + 9, hers * KEYS_EACH + np.tile(canary, WORLDS))
    subjects, keys = (np.concatenate(column) for column in zip(*bystanders, canaries, strict=True))
    columns = {
        "subject": subjects,
        "at": NOON + np.arange(len(subjects)) % 3600 * SECOND,
        "segment": keys,
        "distance_dm": np.full(len(subjects), G),
        "time_ms": np.ones(len(subjects)),
        "receipt": np.ones(len(subjects)),
        "may": np.full(len(subjects), cell_bit(LiveTraffic, OWN)),
    }
    kinds = {name: getattr(pa, kind)() for name, kind in (PASSES_SCHEMA | STAMP).items()}
    return permitted(
        pa.table({n: pa.array(columns[n].astype("int64")).cast(kinds[n]) for n in kinds})
    )


def published(canary: npt.NDArray[np.int64], entropy: Callable[[int], bytes]) -> Counts:
    """Release all worlds at once; a row a world, a column a road."""
    question = Question(
        declaration=replace(VISITS),  # its own, so that no query of another test's bug is kept
        rows={"passes": worlds(canary)},
        keys=KEYS,
        block=Days().block(20_417, ZONE),
    )
    released = release(
        question, spend(MemoryBook(), question, at=NOON), engine=engine, entropy=entropy
    )
    counts: Counts = released.value["up"].to_numpy().reshape(2 * WORLDS, KEYS_EACH)
    return counts


def epsilon_seen(entropy: Callable[[int], bytes] | None = None) -> float:
    """Attack by her own road and by the sum of all, with the worst that she can do."""
    looks: dict[str, Counts] = {}
    for day, canary in (("once", ONCE), ("all day", ALL_DAY)):
        counts = published(canary, entropy or seeded(len(canary)))
        looks |= {f"her road, {day}": counts[:, 3], f"all roads, {day}": counts.sum(axis=1)}
    return certain(looks, delta=0).epsilon


def test_the_gate_tells_what_it_claims_and_no_more() -> None:
    assert 0.7 < epsilon_seen() <= VISITS.epsilon


def half_noise(law: Noise, count: int, **options: Any) -> Integers:
    """Plant: half of the noise."""
    assert isinstance(law, DiscreteLaplace)
    return draw(DiscreteLaplace(scale=law.scale // 2), count, **options)


def test_half_the_noise_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "draw", half_noise)
    assert epsilon_seen() > VISITS.epsilon


def test_a_missing_bound_is_caught_even_if_the_check_were_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = bounds.weighed

    def unbounded(*args: Any, **options: Any) -> Any:
        weighed = right(*args, **options)
        return weighed.mutate(up=weighed.c * G)

    monkeypatch.setattr(bounds, "weighed", unbounded)
    monkeypatch.setattr(summing, "_prove", lambda *_: None)
    assert epsilon_seen() > VISITS.epsilon


def test_a_threshold_on_true_counts_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = gate.in_key_order

    def hidden(sums: pa.Table, column: str, **options: Any) -> Integers:
        counts = right(sums, column, **options)
        return np.where(counts > 0, counts, -(10**6))

    monkeypatch.setattr(gate, "in_key_order", hidden)
    assert epsilon_seen() > VISITS.epsilon


def test_noise_that_is_not_random_is_caught() -> None:
    assert epsilon_seen(bytes) > VISITS.epsilon
