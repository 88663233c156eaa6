"""Releases in bulk: a little for everybody, more for partners' clients; true of crowds only.

A client's token opens nothing that is closed to others: it lets more of the same be fetched.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import msgspec
import pyarrow as pa
from starlette.responses import Response, StreamingResponse

from hubbub.crowd.book import Stored
from hubbub.crowd.laws import G
from hubbub.deal.policy import Resource
from hubbub.outlet.fetching import REFUSALS, Fetchers
from hubbub.outlet.leaving import LastLook
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter, NotFound
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import BulkRelease
from hubbub.terms.time import iso

LINES: Final = "application/x-ndjson"
_RELEASES_MAX: Final = 100


class BulkOutlet:
    """Hands out releases, many at once."""

    def __init__(self, sources: Sources, *, last_look: LastLook, fetchers: Fetchers) -> None:
        self._sources, self._last_look, self._fetchers = sources, last_look, fetchers

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
                problems=(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, *REFUSALS),
                waits=True,
            ),
        )

    def bulk(self, asked: Asked) -> Response:
        """Answer with releases of a product."""
        product = asked.request.path_params["product"]
        client = self._fetchers.client(asked.request)
        if product not in self._sources.declarations:
            raise NotFound("a product of that name")
        reader = self._fetchers.reader(client, product)
        after, limit = asked.query("after"), _limit(asked)
        if after is not None and self._sources.stored(after) is None:
            raise BadParameter("after", expected="the id of a release")
        found = self._sources.bulk(product, after=after, limit=limit)
        self._fetchers.note(reader, [stored.released_at for stored, _ in found])
        lines = [(stored, self._last_look.take_out(released)) for stored, released in found]
        headers = {"cache-control": "no-store"}
        return StreamingResponse(_written(lines), headers=headers, media_type=LINES)


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
