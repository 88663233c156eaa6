"""The deal over HTTP: the notice, sharing from a device, stopping it, and its receipts."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from hubbub.deal.desk import AgeBand, ChoiceRefused, DeviceTaken, Enrolment, Wish
from hubbub.deal.notice import Notice, hash_of
from hubbub.deal.policy import Resource
from hubbub.deal.receipt import Receipt
from hubbub.deal.wish import read_cell
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter, NotFound, ProblemError
from hubbub.outlet.set_up import set_up
from hubbub.outlet.signals import SIGNALS, signals_of
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import Choose, Enrol, Enrolled
from hubbub.terms.purposes import PURPOSES, Cell, Purpose

METHOD: Final = "asked over HTTP"
_QR: Final = Parameter(
    name="qr", meaning="yes: draw the set-up links as QR codes too.", example="yes"
)
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class CannotChoose(ProblemError):
    """The choice cannot be written down as it was made."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "cannot-choose", HTTPStatus.UNPROCESSABLE_ENTITY, why, field="purposes", expected=why
        )


class NameTaken(ProblemError):
    """A device of this name shares already."""

    def __init__(self) -> None:
        why = "a device of this name shares already: choose another name"
        super().__init__("name-taken", HTTPStatus.CONFLICT, why, field="device", expected=why)


class DealOutlet:
    """Answers what is asked of the deal."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (*self._for_everybody(), *self._for_one_device())

    def _for_everybody(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/notice",
                resource=Resource.NOTICE,
                action="read",
                summary="The notice in force.",
                perform=self.notice,
                answer=Notice,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/notices/{name}",
                resource=Resource.NOTICE,
                action="read",
                summary="A notice that is or was in force, as it was published.",
                perform=self.published,
                answer=Notice,
                parameters=(
                    Parameter(
                        name="name",
                        meaning="Its version, or its SHA-256.",
                        example="1",
                        within="path",
                    ),
                ),
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/deal/enrolments",
                resource=Resource.ENROLMENT,
                action="make",
                summary="Share from one device, for what is named and nothing else.",
                perform=self.enrol,
                answer=Enrolled,
                body=Enrol,
                example={"device": "my phone", "purposes": ["public.traffic"]},
                parameters=(_QR, *SIGNALS),
                status=HTTPStatus.CREATED,
                problems=(
                    HTTPStatus.BAD_REQUEST,
                    HTTPStatus.CONFLICT,
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                ),
                waits=True,
            ),
        )

    def _for_one_device(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="PUT",
                path="/v1/deal/enrolments/current",
                resource=Resource.OWN_ENROLMENT,
                action="change",
                summary="Choose anew for the device whose token this is; it gets a new token.",
                perform=self.renew,
                answer=Enrolled,
                body=Choose,
                example={"purposes": ["public.traffic", "public.traffic.live"]},
                parameters=(_QR, *SIGNALS),
                problems=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY),
                waits=True,
            ),
            Operation(
                method="DELETE",
                path="/v1/deal/enrolments/current",
                resource=Resource.DEAL,
                action="end",
                summary="Take back what the device whose token this is agreed to, or parts of it.",
                perform=self.withdraw,
                answer=Receipt,
                parameters=(
                    Parameter(
                        name="purposes",
                        meaning="Only these purposes, with commas; without it, everything.",
                        example="public.traffic.live",
                    ),
                    Parameter(
                        name="cells",
                        meaning="Only these, each CATEGORY:PURPOSE:RECIPIENT, with commas.",
                        example="user.location.precise:public.traffic:own",
                    ),
                ),
                problems=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/deal/receipts",
                resource=Resource.RECEIPTS,
                action="read",
                summary="Every receipt of the device whose token this is, oldest first.",
                perform=self.receipts,
                answer=list[Receipt],
                waits=True,
            ),
        )

    def notice(self, asked: Asked) -> Response:
        """Answer with the notice."""
        del asked
        body = self._sources.desk().notice().canonical()
        name = hash_of(body)
        return answer_json(
            body,
            headers={
                "cache-control": "no-cache",
                "content-location": f"/v1/notices/{name}",
                "etag": f'"{name}"',
            },
        )

    def published(self, asked: Asked) -> Response:
        """Answer with one notice, whose hash is that of the very bytes."""
        body = self._sources.desk().notice_document(asked.request.path_params["name"])
        if body is None:
            raise NotFound("a notice of that version or hash")
        return answer_json(body, headers={"cache-control": _FOR_EVER, "etag": f'"{hash_of(body)}"'})

    def enrol(self, asked: Asked) -> Response:
        """Make a deal, and tell its token this once."""
        wish: Enrol = asked.body
        signals = signals_of(asked.request)
        try:
            enrolment = self._sources.desk().enrol(
                wish.device,
                _wish(wish),
                METHOD,
                age=wish.age_band or AgeBand.ADULT,
                signals=signals,
            )
        except DeviceTaken:
            raise NameTaken from None
        except ChoiceRefused as refused:
            raise CannotChoose(str(refused)) from None
        return answer_json(_enrolled(enrolment, asked), status=HTTPStatus.CREATED)

    def renew(self, asked: Asked) -> Response:
        """Make another deal with a device that shows its token, and tell its new one this once."""
        wish: Choose = asked.body
        signals = signals_of(asked.request)
        try:
            enrolment = self._sources.desk().renew(
                asked.person.who, _wish(wish), METHOD, age=wish.age_band, signals=signals
            )
        except ChoiceRefused as refused:
            raise CannotChoose(str(refused)) from None
        return answer_json(_enrolled(enrolment, asked))

    def withdraw(self, asked: Asked) -> Response:
        """Take back what was agreed, and answer with the receipt that says so."""
        receipt = self._sources.desk().withdraw(asked.person.who, _taken_back(asked), METHOD)
        return answer_json(receipt.document())

    def receipts(self, asked: Asked) -> Response:
        """Answer with the receipts of that one device."""
        receipts = self._sources.desk().receipts(asked.person.who)
        return answer_json([msgspec.Raw(r.document()) for r in receipts])


def _enrolled(enrolment: Enrolment, asked: Asked) -> bytes:
    pictures = asked.query("qr") == "yes"
    answer = Enrolled(
        token=enrolment.token.secret,
        receipt=msgspec.Raw(enrolment.receipt.document()),
        set_up=set_up(enrolment, origin=_origin(asked.request), pictures=pictures),
    )
    return msgspec.json.encode(answer)


def _wish(chosen: Choose) -> Wish:
    cells = {Cell(each.category, _purpose(each.purpose), each.recipient) for each in chosen.cells}
    return frozenset({_purpose(key) for key in chosen.purposes} | cells)


def _taken_back(asked: Asked) -> Wish | None:
    purposes, cells = asked.query("purposes"), asked.query("cells")
    if purposes is None and cells is None:
        return None
    named = set() if purposes is None else {_purpose(key) for key in purposes.split(",")}
    try:
        return frozenset(named | {read_cell(cell) for cell in (cells or "").split(",") if cell})
    except ChoiceRefused as refused:
        raise BadParameter("cells", expected=str(refused)) from None


def _purpose(key: str) -> type[Purpose]:
    if key not in PURPOSES:
        raise BadParameter("purposes", expected=f"any of {', '.join(PURPOSES)}")
    return PURPOSES[key]


def _origin(request: Request) -> str:
    """Tell how the asker reaches this house: a browser knows, also behind a proxy that does TLS."""
    said = request.headers.get("origin", "")
    if urlsplit(said).netloc == request.headers.get("host"):
        return said
    return str(request.base_url).rstrip("/")
