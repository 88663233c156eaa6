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

OTHER: Final = "other"
"""The column that names a second person, where a row is about what two people did."""
OTHER_STAMP: Final = {"other_receipt": "int64", "other_may": "int64"}
"""The stamp that such a row carries for the second person."""

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
VISITS_SCHEMA: Final = {
    "subject": "int64",
    "at": "int64",  # microseconds: the arrival
    "until": "int64",  # microseconds: the departure
    "place": "int32",  # where in the city's list of places, from 0 on; -1: at none of them
}
USE_SCHEMA: Final = {
    "subject": "int64",
    "at": "int64",  # microseconds: from here on
    "until": "int64",  # microseconds: to here; an hour, as a rule
    "kind": "int16",  # of `UseKind` or `DeviceKind`
    "times": "int32",
}
INTERACTIONS_SCHEMA: Final = {
    **USE_SCHEMA,  # what two people did is a row of each
    "room": "int64",  # where; a pseudonym that no other person's rows have
    OTHER: "int64",  # with whom; NULL unless both agreed
}

PINGS: Final[ir.Table] = ibis.table(PINGS_SCHEMA, name="pings")
"""Where phones were."""
PASSES: Final[ir.Table] = ibis.table(PASSES_SCHEMA, name="passes")
"""How one phone passed along one road segment: distance and time, both sums."""
VISITS: Final[ir.Table] = ibis.table(VISITS_SCHEMA, name="visits")
"""When people came to which place, and left: away from home and desk."""
SERVICE_USE: Final[ir.Table] = ibis.table(USE_SCHEMA, name="service_use")
"""How often somebody did what with a service."""
DEVICE_USE: Final[ir.Table] = ibis.table(USE_SCHEMA, name="device_use")
"""How often somebody used it with which kind of device."""
INTERACTIONS: Final[ir.Table] = ibis.table(INTERACTIONS_SCHEMA, name="interactions")
"""What people did with one another: that they did, never what was said."""

CATEGORIES: Final = {
    "pings": Category.LOCATION,
    "passes": Category.LOCATION,
    "visits": Category.LOCATION,
    "service_use": Category.SERVICE_USE,
    "device_use": Category.DEVICE,
    "interactions": Category.INTERACTIONS,
}
"""What kind of data the rows of each table are. A table that is not here is not asked about."""
