"""The OpenAPI document, from the same table and types that serve."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from hubbub.deal.policy import Who
from hubbub.outlet.operations import Operation, Parameter
from hubbub.outlet.problems import MEDIA_TYPE, Problem
from hubbub.outlet.recognising import COOKIE

_SCHEMES: Final = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token that a device got when it was enrolled.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A browser's session. To change something it takes a page of this house.",
    },
    "secret": {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret that was told once, when the thing was asked for.",
    },
    "operator": {
        "type": "http",
        "scheme": "bearer",
        "description": "The operator's key. Not asked for where enrolment is open to everybody.",
    },
    "module": {
        "type": "http",
        "scheme": "bearer",
        "description": "What hubbub and its own module in the homeserver share. Nobody else asks.",
    },
}
_OF_WHOM: Final[dict[Who, tuple[str, ...]]] = {
    "anybody": (),
    "holder": ("secret",),
    "device": ("token",),
    "person": ("token", "session"),
    "fresh person": ("token", "session"),
    "enroller": ("operator",),
    "operator": ("operator",),
    "messenger": ("module",),
}
"""How each may show who they are: one of these is enough."""

_CONVERTOR: Final = re.compile(r":\w+}")  # what Starlette reads in `{x:int}`


def document(operations: tuple[Operation, ...], *, version: str) -> bytes:
    """Write the document for `operations`."""
    types = [op.answer for op in operations if op.answer] + [
        op.body for op in operations if op.body
    ]
    schemas, components = msgspec.json.schema_components(
        [*types, Problem], ref_template="#/components/schemas/{name}"
    )
    by_type = dict(zip([*types, Problem], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = paths.setdefault(_CONVERTOR.sub("}", operation.path), {})
        path[operation.method.lower()] = _described(operation, by_type)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "hubbub",
                "version": version,
                "summary": "What leaves the house: released to everybody, or one person's own.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": _SCHEMES,
            },
        }
    )


def _described(operation: Operation, by_type: Mapping[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            str(int(operation.status)): {
                "description": operation.status.phrase,
                "content": {
                    operation.media: {"schema": by_type[operation.answer]}
                    if operation.answer
                    else {}
                },
            }
        }
        | {
            str(int(status)): {
                "description": status.phrase,
                "content": {MEDIA_TYPE: {"schema": by_type[Problem]}},
            }
            for status in _problems(operation)
        },
    }
    if operation.body is not None:
        body: dict[str, Any] = {"schema": by_type[operation.body]}
        if operation.example is not None:
            body["example"] = operation.example
        described["requestBody"] = {"required": True, "content": {"application/json": body}}
    if schemes := _OF_WHOM[operation.who]:
        described["security"] = [{scheme: []} for scheme in schemes]
    return described


def _problems(operation: Operation) -> list[HTTPStatus]:
    """List what can go wrong: what the operation says, and what follows from who may."""
    more = set(operation.problems)
    if operation.who != "anybody":
        more.add(HTTPStatus.UNAUTHORIZED)
    if operation.who == "fresh person" or operation.method != "GET":
        more.add(HTTPStatus.FORBIDDEN)
    return sorted(more)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.within,
        "required": parameter.within == "path",
        "description": parameter.meaning,
        "schema": dict(parameter.schema),
        "example": parameter.example,
    }


def _identifier(operation: Operation) -> str:
    words = re.findall(r"[a-z0-9]+", _CONVERTOR.sub("}", operation.path).removeprefix("/v1"))
    return "_".join([operation.method.lower(), *words])
