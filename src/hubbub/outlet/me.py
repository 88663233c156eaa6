"""What a person gave, for that person alone: whoever shows the token of the device."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
from starlette.responses import StreamingResponse

from hubbub.deal.policy import Resource
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.sources import Sources
from hubbub.terms.pings import NOT_TOLD
from hubbub.terms.time import Instant, moment

LINES: Final = "application/x-ndjson"
_ROWS_AT_ONCE: Final = 10_000
_UTC: Final = ZoneInfo("UTC")


class MeOutlet:
    """Answers what a person asks about their own rows."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/me/pings",
                resource=Resource.ROWS,
                action="read",
                summary="Every ping kept of the device whose token this is, a line each.",
                perform=self.pings,
                media=LINES,
                waits=True,
            ),
        )

    def pings(self, asked: Asked) -> StreamingResponse:
        """Answer with the device's own pings, also after its deal was taken back."""
        subject = asked.person.subject
        theirs = self._sources.own_pings(subject).hand_over(to=subject)
        headers = {"cache-control": "no-store", "content-disposition": "attachment"}
        return StreamingResponse(lines(theirs), headers=headers, media_type=LINES)


def lines(theirs: pa.Table, **beside: str) -> Iterator[bytes]:
    """Write pings in the format that the intake takes, so that they can be taken elsewhere.

    What is `beside` stands on every line.
    """
    for batch in theirs.to_batches(_ROWS_AT_ONCE):
        yield b"".join(
            msgspec.json.encode(beside | _ping(row)) + b"\n" for row in batch.to_pylist()
        )


def _ping(row: dict[str, int]) -> dict[str, str | float]:
    told = {
        "accuracy_m": (row["accuracy_dm"], 10),
        "speed_mps": (row["speed_cms"], 100),
        "course_deg": (row["course_deg"], 1),
    }
    return {
        "at": moment(Instant(row["at"]), _UTC).isoformat(),
        "lat": row["lat_e6"] / 1e6,
        "lon": row["lon_e6"] / 1e6,
        **{name: value / unit for name, (value, unit) in told.items() if value != NOT_TOLD},
    }
