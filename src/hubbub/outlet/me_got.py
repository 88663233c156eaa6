"""What became of what a person gave: which roads it helped, and who read it for what."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.me import zone_of
from hubbub.outlet.me_deal import names_of
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.problems import ProblemError
from hubbub.outlet.sources import Busy, Sources
from hubbub.outlet.wire_me import (
    CountedCell,
    CountedVisits,
    HelpedRoad,
    HelpedRoads,
    MyReads,
    ReadCard,
)
from hubbub.products.places.own import OwnCell, OwnVisits
from hubbub.products.places.search import PlaceBook
from hubbub.products.traffic.own import OwnWeek
from hubbub.terms.time import iso, local_day

ROADS_MAX: Final = 200
WORDS: Final = (
    "Counted are your own trips by car of this week, without the first and last 200 metres of "
    "each, as far as you share them for live traffic. A road is listed if a five-minute window "
    "of it was released that your trips were let count in: nobody counts in more than the promise "
    "of live traffic says. How much of the released number is yours, nobody can tell."
)


VISITS_WORDS: Final = (
    "Counted are your own stays of five minutes and more at public places, of the days of this "
    "week that are over, as far as you share them for places. Your home and your work are in none "
    "of them. Of one day, two visits count at most: more of them have a part of a voice each. The "
    "visits are kept for eight days at most, and what you take back before the week is released "
    "is not in it."
)


class TooBusy(ProblemError):
    """What was asked takes a while, and others asked first."""

    def __init__(self, why: str) -> None:
        super().__init__("busy", HTTPStatus.SERVICE_UNAVAILABLE, why)


class GotOutlet:
    """Answers what became of what a person gave."""

    def __init__(self, sources: Sources, *, book: PlaceBook) -> None:
        self._sources, self._book = sources, book

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/me/roads",
                resource=Resource.ROWS,
                action="read",
                summary="Which roads your trips of this week helped, from your own rows only.",
                perform=self.roads,
                answer=HelpedRoads,
                problems=(HTTPStatus.SERVICE_UNAVAILABLE,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/me/visits",
                resource=Resource.ROWS,
                action="read",
                summary="In which cells your visits of this week count, from your own rows only.",
                perform=self.visits,
                answer=CountedVisits,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/me/reads",
                resource=Resource.READS,
                action="read",
                summary="Who read rows of yours for what, by local day.",
                perform=self.reads,
                answer=MyReads,
                waits=True,
            ),
        )

    def reads(self, asked: Asked) -> Response:
        """Answer with who read a person's rows: at most so often, and nobody else."""
        subject, zone = asked.person.subject, zone_of(self._sources)
        names = names_of(self._sources)
        read = sorted(
            self._sources.own_reads(subject).hand_over(to=subject),
            key=lambda each: (local_day(each.at, zone), each.last_at),
            reverse=True,
        )
        by_day: dict[tuple[str, str, str, str], ReadCard] = {}
        for each in read:
            day = local_day(each.at, zone).isoformat()
            what = (day, each.category, each.purpose, each.recipient)
            before = by_day.get(what)
            by_day[what] = ReadCard(
                *what,
                recipient_name=names.get(each.recipient, each.recipient),
                times=each.times + (before.times if before else 0),
                last_at=before.last_at if before else iso(each.last_at),
            )
        head = self._sources.reads_head()
        return answer_json(MyReads(zone=zone.key, reads=[*by_day.values()], head=head))

    def roads(self, asked: Asked) -> Response:
        """Answer with the roads that a person's own passes counted for."""
        subject = asked.person.subject
        try:
            own = self._sources.own_roads(subject)
        except Busy as busy:
            raise TooBusy(str(busy)) from None
        week = OwnWeek(passes=0, roads=0, helped=()) if own is None else own.hand_over(to=subject)
        zone, monday = zone_of(self._sources), self._monday()
        answer = HelpedRoads(
            since=monday.isoformat(),
            until=(monday + timedelta(days=6)).isoformat(),
            zone=zone.key,
            passes=week.passes,
            roads=week.roads,
            released=len(week.helped),
            words=WORDS,
            helped=[
                HelpedRoad(
                    segment=segment,
                    name=self._sources.roads[segment].name,
                    length_m=round(self._sources.roads[segment].length_m, 1),
                    passes=passes,
                    windows=windows,
                )
                for segment, passes, windows in week.helped[:ROADS_MAX]
            ],
        )
        return answer_json(answer)

    def visits(self, asked: Asked) -> Response:
        """Answer with the places and hours in which a person's own visits count, and no more."""
        subject, monday = asked.person.subject, self._monday()
        own = self._sources.own_visits(subject)
        week = OwnVisits(visits=0, cells=()) if own is None else own.hand_over(to=subject)
        answer = CountedVisits(
            since=monday.isoformat(),
            until=(monday + timedelta(days=6)).isoformat(),
            zone=zone_of(self._sources).key,
            visits=week.visits,
            words=VISITS_WORDS,
            cells=[self._cell(cell, monday) for cell in reversed(week.cells)],
        )
        return answer_json(answer)

    def _cell(self, cell: OwnCell, monday: date) -> CountedCell:
        place = self._book.get(cell.place)
        return CountedCell(
            place=cell.place,
            name="" if place is None else place.name,
            category="" if place is None else place.category,
            day=(monday + timedelta(days=cell.weekday)).isoformat(),
            hour=cell.hour,
            visits=cell.visits,
        )

    def _monday(self) -> date:
        today = local_day(self._sources.now(), zone_of(self._sources))
        return today - timedelta(days=today.weekday())
