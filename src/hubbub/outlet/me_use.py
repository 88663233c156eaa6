"""What the messenger counted of a person, for that person alone: by day, by hour, and whole."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import pyarrow as pa
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.me import zone_of
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_me import CountsOfMine, DayOfUse, DeviceOfMine, HourOfUse
from hubbub.terms.time import Instant, iso, local_day
from hubbub.terms.use import USE_TABLES, DeviceKind, UseKind, UseTable

HOURS_MAX: Final = 48
"""The newest of them; the days tell of all."""

type Use = dict[UseTable, pa.Table]
"""What was counted of one person."""


class MeUseOutlet:
    """Answers what a person asks about how they used services."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/me/counts",
                resource=Resource.ROWS,
                action="read",
                summary="What is kept of what the messenger counted of you.",
                perform=self.counts,
                answer=CountsOfMine,
                waits=True,
            ),
        )

    def counts(self, asked: Asked) -> Response:
        """Answer with the counts."""
        use, zone = use_of(self._sources, asked), zone_of(self._sources)
        rows, contacts = use["service_use"].to_pylist(), use["interactions"]
        by_day: dict[str, Counter[int]] = {}
        for row in rows:
            day = local_day(Instant(row["at"]), zone).isoformat()
            by_day.setdefault(day, Counter())[row["kind"]] += row["times"]
        devices: Counter[int] = Counter()
        for row in use["device_use"].to_pylist():
            devices[row["kind"]] += row["times"]
        named = contacts.filter(contacts["named"]) if contacts.num_rows else contacts
        answer = CountsOfMine(
            zone=zone.key,
            rows=sum(table.num_rows for table in use.values()),
            days=[DayOfUse(day=day, **_by_name(counted)) for day, counted in by_day.items()],
            hours=list(_hours(rows))[-HOURS_MAX:],
            devices=[
                DeviceOfMine(kind=kind.name.lower(), times=devices[kind])
                for kind in DeviceKind
                if devices[kind]
            ],
            conversations=len(contacts["room"].unique()),
            conversations_named=len(named["room"].unique()),
        )
        return answer_json(answer)


def use_of(sources: Sources, asked: Asked) -> Use:
    """Give all that was counted of whoever asks."""
    subject = asked.person.subject
    return {table: sources.own_use(subject, table).hand_over(to=subject) for table in USE_TABLES}


def count_lines(use: Use) -> Iterator[bytes]:
    """Write every count, a line each, so that it reads without hubbub."""
    for table, rows in use.items():
        kinds = DeviceKind if table == "device_use" else UseKind
        for row in rows.to_pylist():
            told = {
                "what": table,
                "from": iso(Instant(row["at"])),
                "to": iso(Instant(row["until"])),
                "kind": kinds(row["kind"]).name.lower(),
                "times": row["times"],
            }
            beside = {name: row[name] for name in ("room", "named") if name in row}
            yield msgspec.json.encode(told | beside) + b"\n"


def _hours(rows: Iterable[dict[str, Any]]) -> Iterator[HourOfUse]:
    counted: dict[tuple[int, int], Counter[int]] = {}
    for row in rows:
        stretch = (row["at"], row["until"])
        counted.setdefault(stretch, Counter())[row["kind"]] += row["times"]
    for (at, until), kinds in sorted(counted.items()):
        yield HourOfUse(at=iso(Instant(at)), until=iso(Instant(until)), **_by_name(kinds))


def _by_name(counted: Counter[int]) -> dict[str, int]:
    return {kind.name.lower(): counted[kind] for kind in UseKind}
