"""Releases in bulk: a little for everybody, more for partners' clients; true of crowds only.

A client's token opens nothing that is closed to others: it lets more of the same be fetched.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from math import ceil
from threading import Lock
from typing import Final

import msgspec
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hubbub.crowd.book import Stored
from hubbub.crowd.laws import G
from hubbub.deal.policy import Resource
from hubbub.deal.reads import Read
from hubbub.deal.recipients import Client, ClientToken
from hubbub.outlet.leaving import LastLook
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter, NotFound, NoToken, ProblemError
from hubbub.outlet.recognising import bearer
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import BulkRelease
from hubbub.terms.buckets import Buckets, Rate
from hubbub.terms.time import Instant, iso

STRANGERS: Final = Rate(a_second=10 / 60, burst=10)
"""How often who shows no token may ask, from one address."""

LINES: Final = "application/x-ndjson"
_RELEASES_MAX: Final = 100
_ASKERS_MAX: Final = 10_000


class TooOften(ProblemError):
    """Whoever asks has asked too often; later it is welcome again."""

    def __init__(self, wait_s: float) -> None:
        seconds = max(1, ceil(wait_s))
        super().__init__(
            "too-often",
            HTTPStatus.TOO_MANY_REQUESTS,
            f"ask again in {seconds} s; partners' clients may ask more often",
            headers={"retry-after": str(seconds)},
        )


class OutOfScope(ProblemError):
    """A client fetches what it was registered for, and nothing else with its token."""

    def __init__(self) -> None:
        super().__init__(
            "out-of-scope", HTTPStatus.FORBIDDEN, "this client was not registered for this product"
        )


class BulkOutlet:
    """Hands out releases, many at once."""

    def __init__(
        self,
        sources: Sources,
        *,
        last_look: LastLook,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources, self._last_look = sources, last_look
        self._asked = Buckets[str](elapsed=elapsed, keys_max=_ASKERS_MAX)
        self._lock = Lock()

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/bulk/{product}",
                resource=Resource.RELEASES,
                action="read",
                summary="Releases of one product with their numbers, oldest first, a line each.",
                perform=self.bulk,
                media=LINES,
                parameters=(
                    Parameter(
                        name="product",
                        meaning="Its name, as /v1/about has it.",
                        example="traffic.typical",
                        within="path",
                    ),
                    Parameter(
                        name="after",
                        meaning="Only releases later than this one: the last that you have.",
                        example="0b6c…",
                    ),
                    Parameter(
                        name="limit",
                        meaning=f"How many, at most {_RELEASES_MAX}; 20 without it.",
                        example="20",
                        schema={"type": "integer", "minimum": 1, "maximum": _RELEASES_MAX},
                    ),
                ),
                problems=(
                    HTTPStatus.BAD_REQUEST,
                    HTTPStatus.UNAUTHORIZED,
                    HTTPStatus.FORBIDDEN,
                    HTTPStatus.NOT_FOUND,
                    HTTPStatus.TOO_MANY_REQUESTS,
                ),
                waits=True,
            ),
        )

    def bulk(self, asked: Asked) -> Response:
        """Answer with releases of a product."""
        product = asked.request.path_params["product"]
        client = self._client(asked.request)
        self._require_patience(asked.request, client)
        if product not in self._sources.declarations:
            raise NotFound("a product of that name")
        purpose = None if client is None else client.purpose_for(product)
        if client is not None and purpose is None:
            raise OutOfScope
        after, limit = asked.query("after"), _limit(asked)
        if after is not None and self._sources.stored(after) is None:
            raise BadParameter("after", expected="the id of a release")
        found = self._sources.bulk(product, after=after, limit=limit)
        if client is not None and purpose is not None and found:
            reader = (product, purpose, str(client.recipient))
            self._sources.reads().note(_read(reader, [stored for stored, _ in found]))
        lines = [(stored, self._last_look.take_out(released)) for stored, released in found]
        headers = {"cache-control": "no-store"}
        return StreamingResponse(_written(lines), headers=headers, media_type=LINES)

    def _client(self, request: Request) -> Client | None:
        """Tell which client asks. A token that is nobody's is refused, not taken for none."""
        token = bearer(request)
        if token is None or self._sources.is_operator(token):
            return None
        client = self._sources.registry().client(ClientToken(token))
        if client is None:
            raise NoToken("the token of a client, or with none")
        return client

    def _require_patience(self, request: Request, client: Client | None) -> None:
        address = request.client.host if request.client else ""
        who = f"from {address}" if client is None else f"client {client.number}"
        with self._lock:
            wait_s = self._asked.wait_s(who, 1, STRANGERS if client is None else client.rate)
        if wait_s > 0:
            raise TooOften(wait_s)


def _read(reader: tuple[str, str, str], handed_out: Sequence[Stored]) -> Read:
    at = [stored.released_at for stored in handed_out]
    return Read(what="releases", reader=reader, since=min(at), until=Instant(max(at) + 1))


def _written(lines: list[tuple[Stored, pa.Table]]) -> Iterator[bytes]:
    for stored, table in lines:
        line = BulkRelease(
            id=stored.release,
            block=stored.block,
            at=iso(stored.released_at),
            sha256=stored.digest,
            words=stored.promise,
            grid=G,
            columns=table.to_pydict(),
        )
        yield msgspec.json.encode(line) + b"\n"


def _limit(asked: Asked) -> int:
    text = asked.query("limit")
    if text is None:
        return 20
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _RELEASES_MAX):
        raise BadParameter("limit", expected=f"a number from 1 to {_RELEASES_MAX}")
    return int(text)
