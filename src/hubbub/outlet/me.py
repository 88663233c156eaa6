"""What a person gave, for that person alone: in numbers, as points for a map, and whole."""

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from starlette.responses import Response, StreamingResponse

from hubbub.deal.policy import Resource
from hubbub.outlet.json_answer import PRIVATE, answer_json
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_me import CategoryGiven, DayGiven, Given, Points, RefusedGiven
from hubbub.terms.catalogue import CATEGORIES
from hubbub.terms.pings import NOT_TOLD
from hubbub.terms.purposes import Category
from hubbub.terms.time import SECOND, Instant, iso, local_day, moment
from hubbub.terms.use import USE_TABLES

LINES: Final = "application/x-ndjson"
POINTS_MAX: Final = 1000
"""What a phone draws without a thought."""

_ROWS_AT_ONCE: Final = 10_000
_QUARTER_US: Final = 900 * SECOND  # clocks everywhere are set by whole quarters of an hour
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
                path="/v1/me/given",
                resource=Resource.ROWS,
                action="read",
                summary="What is kept of what you gave, by category and local day.",
                perform=self.given,
                answer=Given,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/me/points",
                resource=Resource.ROWS,
                action="read",
                summary="Where you were on one local day, thinned to what a phone can draw.",
                perform=self.points,
                answer=Points,
                parameters=(
                    Parameter(
                        name="day",
                        meaning="A local day; without it, the newest of which there is something.",
                        example="2026-11-25",
                        schema={"type": "string", "format": "date"},
                    ),
                ),
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/me/pings",
                resource=Resource.ROWS,
                action="read",
                summary="Every ping kept of you, a line each, oldest first.",
                perform=self.pings,
                media=LINES,
                waits=True,
            ),
        )

    def given(self, asked: Asked) -> Response:
        """Answer with how much there is."""
        zone, subject = zone_of(self._sources), asked.person.subject
        categories = [_given(Category.LOCATION, self._theirs(asked), zone)]
        for table in USE_TABLES:
            counts = self._sources.own_use(subject, table).hand_over(to=subject)
            if counts.num_rows:
                categories.append(_given(CATEGORIES[table], counts, zone))
        refused = self._sources.own_refused(subject).hand_over(to=subject)
        answer = Given(
            zone=zone.key,
            rows=sum(each.rows for each in categories),
            categories=categories,
            refused=[RefusedGiven(reason, rows) for reason, rows in sorted(refused.items())],
        )
        return answer_json(answer)

    def points(self, asked: Asked) -> Response:
        """Answer with the points of one day."""
        day = _day_asked(asked)
        theirs = self._theirs(asked)
        days = _days(theirs["at"].to_numpy(), zone_of(self._sources))
        if day is None and len(days):
            day = date.fromordinal(int(days[-1]))
        chosen = days == (day.toordinal() if day else 0)
        return answer_json(_points(theirs.filter(pa.array(chosen)), day))

    def pings(self, asked: Asked) -> StreamingResponse:
        """Answer with a person's own pings, also after their deal was taken back."""
        headers = {**PRIVATE, "content-disposition": "attachment"}
        return StreamingResponse(lines(self._theirs(asked)), headers=headers, media_type=LINES)

    def _theirs(self, asked: Asked) -> pa.Table:
        subject = asked.person.subject
        return self._sources.own_pings(subject).hand_over(to=subject)


def _given(category: Category, rows: pa.Table, zone: ZoneInfo) -> CategoryGiven:
    """Count rows by local day."""
    at = rows["at"].to_numpy()
    counted = np.unique(_days(at, zone), return_counts=True)
    return CategoryGiven(
        category=category,
        rows=len(at),
        first=iso(Instant(int(at[0]))) if len(at) else None,
        last=iso(Instant(int(at[-1]))) if len(at) else None,
        days=[
            DayGiven(day=date.fromordinal(day).isoformat(), rows=rows)
            for day, rows in zip(*map(np.ndarray.tolist, counted), strict=True)
        ],
    )


def lines(theirs: pa.Table, **beside: str) -> Iterator[bytes]:
    """Write pings in the format that the intake takes, so that they can be taken elsewhere.

    What is `beside` stands on every line.
    """
    for batch in theirs.to_batches(_ROWS_AT_ONCE):
        yield b"".join(
            msgspec.json.encode(beside | _ping(row)) + b"\n" for row in batch.to_pylist()
        )


def zone_of(sources: Sources) -> ZoneInfo:
    """Give the zone whose days are meant: the city's, where there is one."""
    return _UTC if sources.city is None else ZoneInfo(sources.city.zone)


def _day_asked(asked: Asked) -> date | None:
    text = asked.query("day")
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadParameter("day", expected="a day as YYYY-MM-DD") from None


def _days(at: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Tell on which local day each instant is, as an ordinal."""
    quarters, which = np.unique(at // _QUARTER_US, return_inverse=True)
    days = [local_day(Instant(q * _QUARTER_US), zone).toordinal() for q in quarters.tolist()]
    return np.array(days, np.int64)[which]


def _points(of_day: pa.Table, day: date | None) -> Points:
    """Keep the first, the last, and what lies evenly between them."""
    rows = of_day.num_rows
    shown = min(rows, POINTS_MAX)
    kept = of_day.take(pa.array(np.linspace(0, rows - 1, shown).round(), pa.int64()))
    lon_e6, lat_e6, at = (kept[name].to_pylist() for name in ("lon_e6", "lat_e6", "at"))
    box = (min(lon_e6), min(lat_e6), max(lon_e6), max(lat_e6)) if shown else None
    return Points(
        day=None if day is None else day.isoformat(),
        rows=rows,
        shown=shown,
        bbox=None if box is None else (box[0] / 1e6, box[1] / 1e6, box[2] / 1e6, box[3] / 1e6),
        lon_e6=lon_e6,
        lat_e6=lat_e6,
        at=[iso(Instant(each)) for each in at],
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
