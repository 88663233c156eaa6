"""The last look: nothing leaves that no gate released, and nothing the ledger does not know."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubbub.outlet.leaving import LastLook, Withheld
from hubbub.products.traffic.flow import LiveFlow
from outlet.fake_house import MORNING, SLOW, Caller, House

PATHS = ("/v1/traffic/live.json", "/v1/traffic/flow")


@pytest.mark.parametrize("path", PATHS)
def test_what_a_gate_released_leaves(house: House, caller: Caller, path: str) -> None:
    house.publish(SLOW)
    answer = caller.get(path)
    assert answer.status_code == 200
    assert b"live" in answer.content


@pytest.mark.parametrize("path", PATHS)
def test_a_look_alike_never_leaves(house: House, caller: Caller, path: str) -> None:
    house.publish(SLOW)
    genuine = house.released
    assert genuine is not None
    look_alike = SimpleNamespace(value=genuine.value, sources=genuine.sources)
    house.released = cast("Any", look_alike)

    answer = caller.get(path)

    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:hubbub:problem:withheld"
    assert b"speed" not in answer.content


@pytest.mark.parametrize("path", PATHS)
def test_what_the_ledger_does_not_know_never_leaves(
    house: House, caller: Caller, path: str
) -> None:
    house.publish(SLOW)
    house.keeper.kept.clear()

    answer = caller.get(path)

    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")


def test_a_bare_value_never_leaves(house: House) -> None:
    last_look = LastLook(house, metrics=house.metrics)
    with pytest.raises(Withheld):
        last_look.take_out(cast("Any", LiveFlow(at=MORNING, roads=(SLOW,))))


def test_what_was_withheld_is_counted(house: House, caller: Caller) -> None:
    house.publish(SLOW)
    caller.get(PATHS[0])
    before = caller.get("/metrics").text
    house.publish(SLOW)
    house.keeper.kept.clear()
    caller.get(PATHS[0])

    assert "hubbub_outlet_withheld_total 0.0" in before
    assert "hubbub_outlet_withheld_total 1.0" in caller.get("/metrics").text
