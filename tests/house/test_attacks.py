"""Forgeries at run time: what no gate made does not leave the house, whoever asks for it."""

import importlib
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from house.tree import CORE, modules_of
from hubbub.crowd.gate import postprocess, recall
from hubbub.outlet.leaving import REFUSED, LastLook, Withheld
from hubbub.prove.forging import (
    CHANGING,
    FORBIDDEN,
    FORGERIES,
    MAKING,
    PROMISES,
    SHELF,
    new_last_look,
)
from hubbub.terms.sealed import Sealed

for core_module in modules_of(*CORE):
    importlib.import_module(core_module)


@pytest.fixture
def metrics() -> CollectorRegistry:
    """Give metrics of this test's own."""
    return CollectorRegistry()


@pytest.fixture
def last_look(metrics: CollectorRegistry) -> LastLook:
    """Give the outlet's last look, with a ledger that knows one release."""
    return new_last_look(metrics)


def test_every_promise_is_attacked() -> None:
    ours = {kind for kind in Sealed.__subclasses__() if kind.__module__.startswith("hubbub.")}
    assert ours == set(PROMISES)


@pytest.mark.parametrize("way", MAKING)
@pytest.mark.parametrize("kind", PROMISES, ids=lambda kind: kind.__name__)
def test_a_promise_has_no_constructor_and_no_subclass(kind: Any, way: str) -> None:
    with pytest.raises(FORBIDDEN):
        MAKING[way](kind)
    assert kind.__final__, "type checkers refuse a subclass, too"
    assert not hasattr(object.__new__(kind), "__dict__"), "nothing more can be put on it"


@pytest.mark.parametrize("attack", CHANGING)
def test_what_was_released_is_not_changed_or_copied(attack: str) -> None:
    genuine = recall(SHELF, "one")
    with pytest.raises(FORBIDDEN):
        CHANGING[attack](genuine)
    assert genuine.sources == {SHELF.digest}
    assert repr(genuine) == "<Released>"


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
