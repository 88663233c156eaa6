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

from hubbub.deal.policy import POLICY, Action, Resource, Who
from hubbub.outlet.problems import BadBody, BadParameter, ProblemError, answer_fault, answer_problem
from hubbub.outlet.recognising import Person

BODY_BYTES_MAX: Final = 64_000
"""The outlet takes choices, not data: data come in at the intake."""

type Admit = Callable[[Request, Who], Person | None]
"""Lets those ask who may, or raises what they are told."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter: of path, query or header. All are optional, but for those in the path."""

    name: str
    meaning: str
    example: str
    within: Literal["query", "path", "header"] = "query"
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that may be asked of the outlet."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    resource: Resource
    action: Action
    summary: str
    perform: Callable[["Asked"], Response]
    answer: Any = None  # the type of the JSON in it, or None
    media: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    body: type[msgspec.Struct] | None = None
    example: Mapping[str, object] | None = None  # of the body
    status: HTTPStatus = HTTPStatus.OK
    problems: tuple[HTTPStatus, ...] = ()
    waits: bool = False  # on a disk: it then leaves the event loop alone

    def __post_init__(self) -> None:
        """Look up who may: an operation that nobody thought about does not come into being."""
        assert (self.resource, self.action) in POLICY, f"{self.path}: who may is not written down"
        assert self.waits or self.who == "anybody", f"{self.path}: to know somebody takes a disk"

    @property
    def who(self) -> Who:
        """Tell who may."""
        return POLICY[self.resource, self.action]


@dataclass(frozen=True)
class Asked:
    """One request: its parameters are checked by whoever uses them, its body already is."""

    request: Request
    body: Any = None
    known: Person | None = None

    @property
    def person(self) -> Person:
        """Give who asks, where the policy says that a person does."""
        assert self.known is not None, "the policy lets nobody else ask"
        return self.known

    def query(self, name: str) -> str | None:
        """Give a parameter that may be given once or not at all."""
        given = self.request.query_params.getlist(name)
        if len(given) > 1:
            raise BadParameter(name, expected="it once at most")
        return given[0] if given else None


def routes(operations: tuple[Operation, ...], *, admit: Admit) -> list[Route]:
    """Make the routes, one a path, so that a wrong method is told which ones are right.

    `admit` is asked before anything is performed.
    """
    by_path = groupby(sorted(operations, key=attrgetter("path")), attrgetter("path"))
    made = []
    for path, of_path in by_path:
        made.append(Route(path, _Endpoint({each.method: each for each in of_path}, admit)))
    # A fixed path before one with a hole in it, whatever the alphabet says.
    return sorted(made, key=lambda route: "{" in route.path)


class _Endpoint:
    """Performs the operations of one path as an ASGI app."""

    def __init__(self, by_method: Mapping[str, Operation], admit: Admit) -> None:
        self._by_method, self._admit = dict(by_method), admit
        if "GET" in self._by_method:
            self._by_method["HEAD"] = self._by_method["GET"]
        self._allow = ", ".join(sorted(self._by_method))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        operation = self._by_method.get(request.method)
        if operation is None:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": self._allow})
        response = await _answer(operation, request, self._admit)
        await response(scope, receive, send)


async def _answer(operation: Operation, request: Request, admit: Admit) -> Response:
    try:
        body = await request.body() if operation.body is not None else b""
        if operation.waits:
            return await run_in_threadpool(_perform, operation, request, body=body, admit=admit)
        return _perform(operation, request, body=body, admit=admit)
    except ProblemError as error:
        return answer_problem(request, error)
    except HTTPException:
        raise  # too large a body, or a client that went away: the app says so
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller sees no traceback
        return answer_fault(request, error)


def _perform(operation: Operation, request: Request, *, body: bytes, admit: Admit) -> Response:
    known = admit(request, operation.who)
    given = None if operation.body is None else _decode(body, operation.body)
    return operation.perform(Asked(request, given, known))


def _decode[Body: msgspec.Struct](body: bytes, kind: type[Body]) -> Body:
    """Read a body strictly. The error names the rule and the field, never what was sent."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise BadBody(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadBody("expected a JSON object") from None
