"""Errors as the caller sees them: RFC 9457 problem documents with a stable `type`."""

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hubbub.terms.errors import HubbubError

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:hubbub:problem:"
_log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, what rule was broken, and where. Never a value that a person sent."""

    type: str
    title: str
    status: int
    detail: str = ""
    field: str = ""  # the parameter or field that broke the rule
    expected: str = ""  # the rule


class ProblemError(HubbubError):
    """A request that gets a problem for an answer."""

    def __init__(
        self,
        kind: str,
        status: HTTPStatus,
        detail: str,
        *,
        field: str = "",
        expected: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.headers = headers
        self.kind, self.status, self.detail = kind, status, detail
        self.field, self.expected = field, expected


class BadParameter(ProblemError):
    """A parameter of the query cannot be used."""

    def __init__(self, field: str, *, expected: str) -> None:
        super().__init__(
            "bad-parameter",
            HTTPStatus.BAD_REQUEST,
            f"the parameter {field!r} cannot be used: expected {expected}",
            field=field,
            expected=expected,
        )


class BadBody(ProblemError):
    """The body is not what this operation takes."""

    def __init__(self, rule: str) -> None:
        super().__init__("bad-body", HTTPStatus.BAD_REQUEST, rule, expected=rule)


class NoToken(ProblemError):
    """Who asks showed no token that is known here, and this is not for everybody."""

    def __init__(self, whose: str) -> None:
        detail = f"send the header `Authorization: Bearer …` with {whose}"
        super().__init__("no-token", HTTPStatus.UNAUTHORIZED, detail)


class NotFound(ProblemError):
    """There is nothing here by that name."""

    def __init__(self, what: str) -> None:
        super().__init__("not-found", HTTPStatus.NOT_FOUND, f"{what} is not here")


def answer_problem(request: Request, error: Exception) -> Response:
    """Answer a problem that an operation raised."""
    del request
    assert isinstance(error, ProblemError)
    return _response(error, headers=error.headers)


def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what the router refused: no such path, wrong method, too large."""
    del request
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    kind = status.phrase.lower().replace(" ", "-")
    detail = {
        HTTPStatus.NOT_FOUND: "nothing is at this path; /openapi.json lists what is",
        HTTPStatus.METHOD_NOT_ALLOWED: "this path does not take that method; see the header Allow",
    }.get(status, status.description or status.phrase)
    return _response(ProblemError(kind, status, detail), headers=error.headers or {})


def answer_fault(request: Request, error: Exception) -> Response:
    """Answer our own fault: its kind and place go to the log, and nothing of it to the caller."""
    del request
    *_, deepest = traceback.walk_tb(error.__traceback__)
    where = f"{deepest[0].f_code.co_filename}:{deepest[1]}"
    _log.error("outlet fault", kind=type(error).__name__, where=where)
    fault = ProblemError(
        "fault", HTTPStatus.INTERNAL_SERVER_ERROR, "the fault is ours, and it is in our log"
    )
    return _response(fault, headers={})


def _response(error: ProblemError, *, headers: Mapping[str, str]) -> Response:
    problem = Problem(
        type=_TYPE + error.kind,
        title=error.status.phrase,
        status=error.status,
        detail=error.detail,
        field=error.field,
        expected=error.expected,
    )
    extra = {"cache-control": "no-store"} | dict(headers)
    if error.status is HTTPStatus.UNAUTHORIZED:
        extra["www-authenticate"] = "Bearer"
    return Response(msgspec.json.encode(problem), error.status, extra, MEDIA_TYPE)
