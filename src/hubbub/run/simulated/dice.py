"""The chance that a simulated city is made by: from a seed, so that a seed is a city."""

import numpy as np

type Dice = np.random.Generator  # noqa: TID251 - nobody real is hidden by it


def dice_of(seed: int) -> Dice:
    """Give the dice of a seed."""
    return np.random.default_rng(seed)  # noqa: TID251 - nobody real is hidden by it
