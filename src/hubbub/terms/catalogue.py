"""The tables that a product may ask about: unbound, so that only the gate can bind them.

Ibis is used as a compiler only. What rests in the record has two columns more, `receipt` and `may`:
the stamp that gate 1 reads and products never see.
"""

from typing import Final

import ibis
from ibis.expr import types as ir

from hubbub.terms.purposes import Category

STAMP: Final = {"receipt": "int64", "may": "int64"}
"""The columns that every row about a person carries beside its own."""

PINGS_SCHEMA: Final = {
    "subject": "int64",
    "at": "int64",  # microseconds since 1970, UTC: the phone's time
    "lat_e6": "int32",
    "lon_e6": "int32",
    "accuracy_dm": "int16",  # -1: not told
    "speed_cms": "int16",  # centimetres per second; -1: not told
    "course_deg": "int16",  # -1: not told
    "source": "int16",  # the wire format it came in by
}
PASSES_SCHEMA: Final = {
    "subject": "int64",
    "at": "int64",  # microseconds: when the pass was confirmed (its trip went on beyond it)
    "segment": "int32",
    "distance_dm": "int32",
    "time_ms": "int32",
}

PINGS: Final[ir.Table] = ibis.table(PINGS_SCHEMA, name="pings")
"""Where phones were."""
PASSES: Final[ir.Table] = ibis.table(PASSES_SCHEMA, name="passes")
"""How one phone passed along one road segment: distance and time, both sums."""

CATEGORIES: Final = {"pings": Category.LOCATION, "passes": Category.LOCATION}
"""What kind of data the rows of each table are. A table that is not here is not asked about."""
