"""An operation of the API: from one table come the routes and the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hubbub.outlet.problems import BadBody, BadParameter, ProblemError, answer_fault, answer_problem

BODY_BYTES_MAX: Final = 64_000
"""The outlet takes choices, not data: data come in at the intake."""

type Who = Literal["anybody", "person", "operator"]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of the path or the query. All are optional, but for those in the path."""

    name: str
    meaning: str
    example: str
    within: Literal["query", "path"] = "query"
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that may be asked of the outlet."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    summary: str
    perform: Callable[["Asked"], Response]
    answer: Any = None  # the type of the JSON in it, or None
    media: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    body: type[msgspec.Struct] | None = None
    example: Mapping[str, object] | None = None  # of the body
    status: HTTPStatus = HTTPStatus.OK
    problems: tuple[HTTPStatus, ...] = ()
    who: Who = "anybody"
    waits: bool = False  # on a disk: it then leaves the event loop alone


@dataclass(frozen=True)
class Asked:
    """One request: its parameters are checked by whoever uses them, its body already is."""

    request: Request
    body: Any = None

    def query(self, name: str) -> str | None:
        """Give a parameter that may be given once or not at all."""
        given = self.request.query_params.getlist(name)
        if len(given) > 1:
            raise BadParameter(name, expected="it once at most")
        return given[0] if given else None

    def token(self) -> str | None:
        """Give the bearer token, if one was shown."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


def routes(operations: tuple[Operation, ...]) -> list[Route]:
    """Make the routes, one a path, so that a wrong method is told which ones are right."""
    by_path = groupby(sorted(operations, key=attrgetter("path")), attrgetter("path"))
    made = []
    for path, of_path in by_path:
        made.append(Route(path, _Endpoint({each.method: each for each in of_path})))
    # A fixed path before one with a hole in it, whatever the alphabet says.
    return sorted(made, key=lambda route: "{" in route.path)


class _Endpoint:
    """Performs the operations of one path as an ASGI app."""

    def __init__(self, by_method: Mapping[str, Operation]) -> None:
        self._by_method = dict(by_method)
        if "GET" in self._by_method:
            self._by_method["HEAD"] = self._by_method["GET"]
        self._allow = ", ".join(sorted(self._by_method))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        operation = self._by_method.get(request.method)
        if operation is None:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": self._allow})
        response = await _answer(operation, request)
        await response(scope, receive, send)


async def _answer(operation: Operation, request: Request) -> Response:
    try:
        body = None
        if operation.body is not None:
            body = _decode(await request.body(), operation.body)
        asked = Asked(request, body)
        if operation.waits:
            return await run_in_threadpool(operation.perform, asked)
        return operation.perform(asked)
    except ProblemError as error:
        return answer_problem(request, error)
    except HTTPException:
        raise  # too large a body, or a client that went away: the app says so
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller sees no traceback
        return answer_fault(request, error)


def _decode[Body: msgspec.Struct](body: bytes, kind: type[Body]) -> Body:
    """Read a body strictly. The error names the rule and the field, never what was sent."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise BadBody(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadBody("expected a JSON object") from None
