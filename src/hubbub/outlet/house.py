"""The house about itself: what it serves, its promises and releases, its health and its metrics."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from hubbub.crowd.book import Stored
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.denoise import CounterError, PredictedAccuracy
from hubbub.crowd.promise import MeanError
from hubbub.deal.policy import Resource
from hubbub.outlet.json_answer import PRIVATE, answer_json
from hubbub.outlet.leaving import LastLook
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter, NotFound
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import (
    About,
    Accuracy,
    Health,
    OneRelease,
    Promise,
    ReleaseCard,
    Releases,
)
from hubbub.terms.time import iso

RELEASES_MAX: Final = 200


class HouseOutlet:
    """Answers what is asked about the house."""

    def __init__(self, sources: Sources, *, last_look: LastLook) -> None:
        self._sources = sources
        self._last_look = last_look

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (*self._of_releases(), *self._of_itself())

    def _of_itself(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/about",
                resource=Resource.HOUSE,
                action="read",
                summary="What is served here, what time it is, and which promises hold.",
                perform=self.about,
                answer=About,
            ),
            Operation(
                method="GET",
                path="/healthz",
                resource=Resource.HOUSE,
                action="read",
                summary="Whether everything works; if not, why. 200 also when degraded.",
                perform=self.health,
                answer=Health,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/metrics",
                resource=Resource.HOUSE,
                action="read",
                summary="Metrics for Prometheus.",
                perform=self.metrics,
                media=CONTENT_TYPE_LATEST,
            ),
        )

    def _of_releases(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/releases",
                resource=Resource.RELEASES,
                action="read",
                summary="What was released, newest first, each with its promise and its accuracy.",
                perform=self.releases,
                answer=Releases,
                parameters=(
                    Parameter(
                        name="limit",
                        meaning=f"How many, at most {RELEASES_MAX}; 50 without it.",
                        example="20",
                        schema={"type": "integer", "minimum": 1, "maximum": RELEASES_MAX},
                    ),
                    Parameter(
                        name="before",
                        meaning="Only releases older than this one.",
                        example="0b6c…",
                    ),
                ),
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/releases/{id}",
                resource=Resource.RELEASES,
                action="read",
                summary="One release: its promise and its accuracy.",
                perform=self.release,
                answer=OneRelease,
                parameters=(
                    Parameter(name="id", meaning="Its name.", example="0b6c…", within="path"),
                ),
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
        )

    def about(self, asked: Asked) -> Response:
        """Answer with the city, the clock and the promises."""
        del asked
        return answer_json(
            About(
                city=self._sources.city,
                clock=self._sources.clock(),
                promises=[_promise(each) for each in self._sources.declarations.values()],
                enrolment="open" if self._sources.open_enrolment else "operator",
            )
        )

    def releases(self, asked: Asked) -> Response:
        """Answer with a page of releases."""
        limit = _limit_asked(asked)
        page = self._sources.newest_releases(limit, before=asked.query("before"))
        cards = [_card(stored, self._sources.declarations) for stored in page]
        return answer_json(Releases(cards, before=cards[-1].id if len(cards) == limit else None))

    def release(self, asked: Asked) -> Response:
        """Answer with one release."""
        stored = self._sources.stored(asked.request.path_params["id"])
        if stored is None:
            raise NotFound("a release of that name")
        card = _card(stored, self._sources.declarations)
        predicted = self._sources.accuracy(stored.release)
        told = None if predicted is None else _accuracy(self._last_look.take_out(predicted))
        return answer_json(OneRelease(**msgspec.structs.asdict(card), accuracy=told))

    def health(self, asked: Asked) -> Response:
        """Answer how the house is."""
        del asked
        return answer_json(self._sources.health())

    def metrics(self, asked: Asked) -> Response:
        """Answer with every metric."""
        del asked
        body = generate_latest(self._sources.metrics)
        return Response(body, headers=PRIVATE, media_type=CONTENT_TYPE_LATEST)


def _limit_asked(asked: Asked) -> int:
    text = asked.query("limit")
    if text is None:
        return 50
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= RELEASES_MAX):
        raise BadParameter("limit", expected=f"a number from 1 to {RELEASES_MAX}")
    return int(text)


def _promise(declaration: Declaration[Any]) -> Promise:
    said = declaration.promise()
    return Promise(
        name=said.name,
        unit=said.unit,
        epsilon=said.epsilon,
        delta=said.delta,
        weaker=said.weaker,
        guess_percent_max=round(said.guess_percent_max, 1),
        block=said.block,
        words=said.words,
        accuracy=said.accuracy.words,
        noise_people=round(said.accuracy.noise_people, 2),
        noise_people_95=round(said.accuracy.noise_people_95, 2),
        means=[
            MeanError(people=mean.people, percent=round(mean.percent, 1))
            for mean in said.accuracy.means
        ],
        floor_people=said.floor_people,
    )


def _card(stored: Stored, declarations: Mapping[str, Declaration[Any]]) -> ReleaseCard:
    declaration = declarations.get(stored.product)
    return ReleaseCard(
        id=stored.release,
        name=stored.product,
        block=stored.block,
        at=iso(stored.released_at),
        sha256=stored.digest,
        words=stored.promise,
        # An older edition may have promised otherwise: then only its own words count.
        promise=_promise(declaration)
        if declaration is not None and declaration.promise().words == stored.promise
        else None,
    )


def _accuracy(predicted: PredictedAccuracy) -> Accuracy:
    return Accuracy(
        unit="people",
        denoiser=predicted.denoiser,
        counters=[
            CounterError(
                counter=each.counter,
                noise=round(each.noise, 3),
                error=round(each.error, 3),
                error_95=round(each.error_95, 3),
            )
            for each in predicted.counters
        ],
    )
