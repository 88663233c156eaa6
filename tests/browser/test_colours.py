"""The colours of traffic stay apart for every kind of colour vision, in light and dark."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

COLOURS = (Path(__file__).parents[2] / "web/src/map/colours.ts").read_text()
THEMES = ("light", "dark")

# Machado, Oliveira & Fernandes 2009, severity 1: what each kind of vision makes of linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Ottosson 2020, OKLab: a distance of 0.02 is just noticeable side by side.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
APART = 0.1

type Triple = NDArray[np.float64]


def linear(colour: str) -> Triple:
    """Turn #rrggbb into linear light."""
    encoded = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def seen(colour: str, vision: Triple) -> Triple:
    """Place `colour` in OKLab as somebody of this vision sees it."""
    return TO_LAB @ np.cbrt(TO_CONES @ np.clip(vision @ linear(colour), 0, 1))


def levels(theme: str) -> list[str]:
    """Read the colours of the levels, free to standing."""
    found = re.findall(rf'from: [\d.]+.*?{theme}: "(#\w+)"', COLOURS)
    assert len(found) == 4
    return found


def ground(theme: str) -> str:
    """Read the colour of a street, on which traffic is drawn."""
    found = re.search(rf'{theme}: {{\n.*?street: "(#\w+)"', COLOURS, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", THEMES)
def test_levels_are_told_apart(theme: str, vision: str) -> None:
    for one, other in combinations(levels(theme), 2):
        distance = np.linalg.norm(seen(one, VISION[vision]) - seen(other, VISION[vision]))
        assert distance > APART, (one, other)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", THEMES)
def test_levels_stand_out_from_the_street(theme: str, vision: str) -> None:
    street = seen(ground(theme), VISION[vision])
    for colour in levels(theme):
        assert np.linalg.norm(seen(colour, VISION[vision]) - street) > APART, colour


def test_green_and_red_of_old_would_not_pass() -> None:
    green, red = (seen(colour, VISION["deuteranopia"]) for colour in ("#4caf50", "#c9822b"))
    assert np.linalg.norm(green - red) < APART
