"""Forgeries at run time: what no gate made does not leave the house, whoever asks for it."""

import copy
import importlib
import pickle
import typing
from collections.abc import Callable
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from prometheus_client import CollectorRegistry

from house.tree import CORE, modules_of
from hubbub.crowd.book import Stored
from hubbub.crowd.gate import Released, postprocess, recall
from hubbub.outlet.leaving import REFUSED, LastLook, Withheld
from hubbub.terms.sealed import Sealed
from hubbub.terms.time import Instant

for core_module in modules_of(*CORE):
    importlib.import_module(core_module)
PROMISES: tuple[Any, ...] = tuple(Sealed.__subclasses__())


class Shelf:
    """A ledger with one release on it."""

    def __init__(self) -> None:
        sink = pa.BufferOutputStream()
        table = pa.table({"key": [1, 2], "up": [5000, -3], "down": [4000, 12]})
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        self.output = bytes(sink.getvalue())
        self.digest = sha256(self.output).hexdigest()

    def stored(self, release: str) -> Stored | None:
        """Give the one release, under any name."""
        return Stored(
            release=release,
            product="traffic.live",
            block="one",
            promise="one passage is hidden",
            digest=self.digest,
            output=self.output,
            released_at=Instant(0),
            seq=1,
        )

    def is_released(self, digest: str) -> bool:
        """Know the digest of the one release."""
        return digest == self.digest


SHELF = Shelf()


@pytest.fixture
def metrics() -> CollectorRegistry:
    """Give metrics of this test's own."""
    return CollectorRegistry()


@pytest.fixture
def last_look(metrics: CollectorRegistry) -> LastLook:
    """Give the outlet's last look, with a ledger that knows one release."""
    return LastLook(typing.cast("Any", SHELF), metrics=metrics)


def forged(value: object, sources: frozenset[str]) -> Released[object]:
    """Forge by malice: around the constructor, which Python cannot stop."""
    lie = object.__new__(Released)
    for name, content in (("_value", value), ("_sources", sources), ("_promises", frozenset())):
        object.__setattr__(lie, name, content)
    return lie


class LookAlike:
    """Has what a released value has, and says that it is one."""

    value = 31
    sources = frozenset({SHELF.digest})
    promises: frozenset[str] = frozenset()
    __class__ = Released  # type: ignore[assignment]


def test_there_are_promises_to_attack() -> None:
    assert {kind.__name__ for kind in PROMISES} >= {"Permitted", "Payment", "Released"}


@pytest.mark.parametrize("kind", PROMISES, ids=lambda kind: kind.__name__)
def test_a_promise_has_no_constructor_and_no_subclass(kind: Any) -> None:
    with pytest.raises(TypeError):
        kind()
    with pytest.raises(TypeError):
        kind({"road": 31})
    with pytest.raises(TypeError):
        type("Forged", (kind,), {})
    with pytest.raises((TypeError, msgspec.ValidationError)):
        msgspec.convert({"value": 1}, kind)
    assert kind.__final__, "type checkers refuse a subclass, too"
    assert not hasattr(object.__new__(kind), "__dict__"), "nothing more can be put on it"


ATTACKS: dict[str, Callable[[Any], object]] = {
    "assign": lambda released: setattr(released, "_value", {"road": 31}),
    "add": lambda released: setattr(released, "more", 1),
    "delete": lambda released: delattr(released, "_sources"),
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "pickle": pickle.dumps,
    "encode": msgspec.json.encode,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_released_is_not_changed_or_copied(attack: str) -> None:
    genuine = recall(SHELF, "one")
    with pytest.raises((TypeError, AttributeError)):
        ATTACKS[attack](genuine)
    assert genuine.sources == {SHELF.digest}
    assert repr(genuine) == "<Released>"


FORGERIES: dict[str, Callable[[], object]] = {
    "a raw value": lambda: {"road": 31},
    "a raw table": lambda: pa.table({"road": [31]}),
    "a look-alike": LookAlike,
    "a namespace": lambda: SimpleNamespace(value=31, sources=frozenset({SHELF.digest})),
    "a mock of the class": lambda: Released,
    "one the ledger does not know": lambda: forged({"road": 31}, frozenset({"0" * 64})),
    "one of nothing": lambda: forged({"road": 31}, frozenset()),
    "one partly known": lambda: forged(31, frozenset({SHELF.digest, "0" * 64})),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_no_gate_released_never_leaves(
    forgery: str, last_look: LastLook, metrics: CollectorRegistry
) -> None:
    look: Any = last_look
    with pytest.raises(Withheld):
        look.take_out(FORGERIES[forgery]())
    assert metrics.get_sample_value(f"{REFUSED}_total") == 1


def test_what_a_gate_released_leaves(last_look: LastLook, metrics: CollectorRegistry) -> None:
    genuine = recall(SHELF, "one")
    assert last_look.take_out(genuine) is genuine.value
    speeds = postprocess(lambda table: tuple(table["up"].to_pylist()), genuine)
    assert last_look.take_out(speeds) == (5000, -3)
    assert metrics.get_sample_value(f"{REFUSED}_total") == 0


def test_what_leaves_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        postprocess(lambda table: list(table["up"].to_pylist()), recall(SHELF, "one"))
