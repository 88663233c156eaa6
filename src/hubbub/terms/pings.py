"""A ping as it travels from the door to the record: 48 bytes, little-endian, stamp included."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubbub.terms.catalogue import PINGS_SCHEMA, STAMP

PING: Final = np.dtype([*(PINGS_SCHEMA | STAMP).items()]).newbyteorder("<")
"""The columns of the catalogue's `pings` and their stamp, packed."""

type Pings = NDArray[np.void]
"""Pings, one `PING` each."""

NOT_TOLD: Final = -1
"""What accuracy, speed and course hold where the phone told none."""
