"""Who fetches in bulk: a stranger a little, a partner's client more, each as often as they may.

A client's token opens nothing that is closed to others: it lets more of the same be fetched.
"""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from math import ceil
from threading import Lock
from typing import Final

from starlette.requests import Request

from hubbub.deal.reads import Read, Reader
from hubbub.deal.recipients import Client, ClientToken
from hubbub.outlet.problems import NoToken, ProblemError
from hubbub.outlet.recognising import bearer
from hubbub.outlet.sources import Sources
from hubbub.terms.buckets import Buckets, Rate
from hubbub.terms.time import Instant

STRANGERS: Final = Rate(a_second=10 / 60, burst=10)
"""How often who shows no token may ask, from one address."""

REFUSALS: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
)
"""What whoever fetches may be told."""

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


class Fetchers:
    """Knows who fetches, keeps them from asking too often, and writes down what clients got."""

    def __init__(self, sources: Sources, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._asked = Buckets[str](elapsed=elapsed, keys_max=_ASKERS_MAX)
        self._lock = Lock()

    def client(self, request: Request) -> Client | None:
        """Tell which client asks, and that it may ask now. None: a stranger.

        A token that is nobody's is refused, not taken for none.
        """
        client = self._recognised(request)
        address = request.client.host if request.client else ""
        who = f"from {address}" if client is None else f"client {client.number}"
        with self._lock:
            wait_s = self._asked.wait_s(who, 1, STRANGERS if client is None else client.rate)
        if wait_s > 0:
            raise TooOften(wait_s)
        return client

    def reader(self, client: Client | None, product: str) -> Reader | None:
        """Name whom a fetch of `product` is written down for. None: a stranger's is not."""
        if client is None:
            return None
        purpose = client.purpose_for(product)
        if purpose is None:
            raise OutOfScope
        return product, purpose, str(client.recipient)

    def note(self, reader: Reader | None, released_at: Sequence[Instant]) -> None:
        """Write down what is about to be handed out."""
        if reader is not None and released_at:
            until = Instant(max(released_at) + 1)
            read = Read(what="releases", reader=reader, since=min(released_at), until=until)
            self._sources.reads().note(read)

    def _recognised(self, request: Request) -> Client | None:
        token = bearer(request)
        if token is None or self._sources.is_operator(token):
            return None
        client = self._sources.registry().client(ClientToken(token))
        if client is None:
            raise NoToken("the token of a client, or with none")
        return client
