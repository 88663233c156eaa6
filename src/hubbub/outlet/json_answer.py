"""How the outlet answers in JSON: what is about one person is kept by no cache."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import msgspec
from starlette.responses import Response

PRIVATE: Final[Mapping[str, str]] = MappingProxyType({"cache-control": "no-store"})


def answer_json(
    answer: object, *, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = PRIVATE
) -> Response:
    """Answer with a value, or with the very bytes of a document that is JSON already."""
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    return Response(body, status, dict(headers), "application/json")
