"""The keys of an answer are public and complete: a cell exists because the road does.

So no key has to be chosen, and that a row exists tells nothing about anybody.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.crowd.measure import Histogram, Measure
from hubbub.crowd.noise import Integers
from hubbub.terms.errors import BadInput


class KeysNotPublic(BadInput):
    """A table of public keys has a key twice, or none, or is not of whole numbers."""


@final
class PublicKeys:
    """A table with a column `key` (int32, each once), and what else everybody knows of each.

    `beside` are more public tables that a question may name: what leads to a key, for instance.
    """

    def __init__(self, table: pa.Table, *, beside: Mapping[str, pa.Table] | None = None) -> None:
        """Take the table in the order of its keys."""
        if "key" not in table.column_names or table.schema.field("key").type != pa.int32():
            raise KeysNotPublic("public keys need a column `key` of int32")
        self.table: pa.Table = table.sort_by("key").combine_chunks()
        self.beside: Mapping[str, pa.Table] = dict(beside or {})
        keys = self.table["key"]
        if keys.null_count or pc.count_distinct(keys).as_py() != len(keys):
            raise KeysNotPublic("each public key stands once in its table, and none is missing")
        self._keys: Integers = keys.to_numpy()
        if len(keys) and self._keys[0] < 0:
            raise KeysNotPublic("public keys count from nought")
        self.digest = sha256(self._keys.astype("<i4").tobytes()).hexdigest()

    @property
    def below(self) -> int | None:
        """Tell which number all keys are below, if they are all numbers from nought to there."""
        count = len(self._keys)
        return count if count and self._keys[-1] == count - 1 else None

    def of_group(self, group: int, groups: int) -> Integers:
        """List the keys of one group, in order."""
        keys: Integers = self._keys[self._keys % groups == group]
        return keys


def cells_of(keys: Integers, measure: Measure) -> dict[str, pa.Array]:
    """List the public cells: every key, with every bin where `measure` has bins."""
    columns = {
        "key": np.repeat(keys, measure.bins),
        "bin": np.tile(np.arange(measure.bins), len(keys)),
    }
    return {name: pa.array(columns[name], pa.int32()) for name in measure.cell}


def in_key_order(sums: pa.Table, column: str, *, keys: Integers, measure: Measure) -> Integers:
    """Spread `sums` over all public cells: nought where nobody was."""
    spread = np.zeros(len(keys) * measure.bins, dtype=np.int64)
    places = np.searchsorted(keys, sums["key"].to_numpy()) * measure.bins
    if isinstance(measure, Histogram):
        places += sums["bin"].to_numpy()
    spread[places] = sums[column].to_numpy()
    return spread
