"""The outlet as one ASGI app: pages, tiles and the API, from what the shell hands in."""

from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet.bulk import BulkOutlet
from hubbub.outlet.bulk_busyness import BusyBulkOutlet
from hubbub.outlet.busyness import BusyPlaces
from hubbub.outlet.deal import DealOutlet
from hubbub.outlet.fetching import Fetchers
from hubbub.outlet.house import HouseOutlet
from hubbub.outlet.leaving import LastLook
from hubbub.outlet.me import MeOutlet
from hubbub.outlet.me_deal import MyDealOutlet
from hubbub.outlet.me_got import GotOutlet
from hubbub.outlet.me_leave import LeaveOutlet
from hubbub.outlet.me_session import SessionOutlet
from hubbub.outlet.me_use import MeUseOutlet
from hubbub.outlet.messenger import MessengerOutlet
from hubbub.outlet.openapi import document
from hubbub.outlet.operations import BODY_BYTES_MAX, Asked, Operation, routes
from hubbub.outlet.pages import page_routes, tag
from hubbub.outlet.places import PlacesOutlet
from hubbub.outlet.populartimes import PopularTimesOutlet
from hubbub.outlet.problems import ProblemError, answer_fault, answer_http_error, answer_problem
from hubbub.outlet.recognising import Recogniser
from hubbub.outlet.registry import RegistryOutlet
from hubbub.outlet.sources import Sources
from hubbub.outlet.traffic import TrafficOutlet
from hubbub.products.places.search import PlaceBook

VERSION: Final = "1"
"""Of the API, as its paths say."""


def outlet_app(sources: Sources) -> Starlette:
    """Serve `sources`. One app is for one city: make another when that changes."""
    operations = operations_of(sources)
    messenger = sources.messenger
    pages = page_routes(homeserver=None if messenger is None else messenger.url)
    app = Starlette(
        routes=[*pages, *routes(operations, admit=Recogniser(sources).admit)],
        exception_handlers={
            ProblemError: answer_problem,
            HTTPException: answer_http_error,
            Exception: answer_fault,
        },
        max_body_size=BODY_BYTES_MAX,
    )
    app.router.redirect_slashes = False  # one name for one thing
    return app


def operations_of(sources: Sources) -> tuple[Operation, ...]:
    """List everything that may be asked, and the document that says so."""
    last_look = LastLook(sources, metrics=sources.metrics)
    zone = ZoneInfo("UTC" if sources.city is None else sources.city.zone)
    book, fetchers = PlaceBook(sources.places, zone), Fetchers(sources)
    busy = BusyPlaces(sources, zone=zone, last_look=last_look)
    served = (
        *TrafficOutlet(sources, last_look=last_look).operations(),
        *PlacesOutlet(sources, book=book, busy=busy).operations(),
        *PopularTimesOutlet(sources, book=book, busy=busy).operations(),
        *BusyBulkOutlet(sources, book=book, busy=busy, fetchers=fetchers).operations(),
        *HouseOutlet(sources, last_look=last_look).operations(),
        *BulkOutlet(sources, last_look=last_look, fetchers=fetchers).operations(),
        *DealOutlet(sources).operations(),
        *RegistryOutlet(sources).operations(),
        *SessionOutlet(sources).operations(),
        *MyDealOutlet(sources).operations(),
        *MeOutlet(sources).operations(),
        *MeUseOutlet(sources).operations(),
        *GotOutlet(sources, book=book).operations(),
        *LeaveOutlet(sources).operations(),
        *MessengerOutlet(sources).operations(),
    )
    body = document(served, version=VERSION)
    headers = {"cache-control": "no-cache", "etag": tag(body)}

    def openapi(asked: Asked) -> Response:
        del asked
        return Response(body, HTTPStatus.OK, headers, "application/json")

    itself = Operation(
        method="GET",
        path="/openapi.json",
        resource=Resource.HOUSE,
        action="read",
        summary="This document.",
        perform=openapi,
    )
    return (*served, itself)
