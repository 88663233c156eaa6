"""Gate 1: nobody else makes, changes, copies or sends away what was permitted."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from deal.visits import RESTING, permitted_for
from hubbub.deal.gate import Permitted
from hubbub.terms.purposes import OWN, LiveTraffic, Traffic

genuine = permitted_for(Traffic)
forge: Any = Permitted  # a type checker refuses these attacks: see prove/forgeries/deal.py


def _assign() -> None:
    genuine.rows = RESTING


def _widen() -> None:
    genuine.purpose = LiveTraffic


def _delete() -> None:
    del genuine.rows


ATTACKS: dict[str, Callable[[], object]] = {
    "call": lambda: forge(RESTING),
    "call without argument": forge,
    "call by name": lambda: forge(rows=RESTING, purpose=Traffic, recipient=OWN),
    "call with its parameters": lambda: forge[object, Traffic](RESTING),
    "subclass": lambda: type("Wider", (Permitted,), {}),
    "assign": _assign,
    "widen": _widen,
    "delete": _delete,
    "copy": lambda: copy.copy(genuine),
    "deep copy": lambda: copy.deepcopy(genuine),
    "copy with changes": lambda: copy.replace(genuine, purpose=LiveTraffic),
    "pickle": lambda: pickle.dumps(genuine),
    "convert": lambda: msgspec.convert({"rows": 1}, Permitted),
    "encode": lambda: msgspec.json.encode(genuine),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_but_the_gate_makes_or_changes_what_is_permitted(attack: str) -> None:
    with pytest.raises((TypeError, msgspec.ValidationError)):
        ATTACKS[attack]()
    assert genuine.purpose is Traffic


def test_what_is_permitted_prints_as_its_kind_only() -> None:
    assert repr(genuine) == str(genuine) == f"{genuine}" == "<Permitted>"


def test_malice_inside_the_process_can_forge_and_is_visible() -> None:
    """Python cannot stop this. A style test finds `object.__new__` outside terms/sealed.py."""
    forged = object.__new__(Permitted)
    with pytest.raises(AttributeError):
        _ = forged.rows
    object.__setattr__(forged, "rows", RESTING)
    assert forged.rows is RESTING
