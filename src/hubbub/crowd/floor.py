"""Which cells of a released table show enough people. Only noised counts are looked at.

A threshold on true counts is no privacy: whether a cell is shown would tell of one person. Here the
noise is already in, so that the choice is post-processing, and hides nobody worse.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.crowd.declaration import Declaration
from hubbub.terms.purposes import Purpose


def people[For: Purpose](declaration: Declaration[For], table: pa.Table) -> npt.NDArray[np.float64]:
    """Tell about how many people stand behind each cell: its noisy count, where each adds most."""
    counted = np.sum([table[name].to_numpy() for name in declaration.measure.counters], axis=0)
    voices: npt.NDArray[np.float64] = counted / declaration.cell_max
    return voices


def clears_floor[For: Purpose](
    declaration: Declaration[For], table: pa.Table
) -> npt.NDArray[np.bool_]:
    """Tell which cells show the floor's people, noise allowed for.

    The floor is k plus what the noise exceeds by luck alone: for one Laplace draw of scale b that
    is k + b ln(1 / (2 luck)).
    """
    draws = len(declaration.measure.counters)
    margin = declaration.noise.margin(declaration.floor.luck, draws=draws) / declaration.cell_max
    return people(declaration, table) >= declaration.floor.people + margin
