"""One request as it comes in: bounded in bytes and time, inflated with care, its token found."""

import asyncio
import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from hubbub.deal.signals import Signals, read_signals
from hubbub.intake.adapter import form
from hubbub.intake.answers import Answer, Problem, problem
from hubbub.intake.limits import Limits

type Message = MutableMapping[str, Any]  # ASGI's own
type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

TC_PARAMETER: Final = "gdpr_consent"
"""How the TC string is called in addresses, by TCF itself."""

_DISCARD_S_MAX: Final = 5.0
_DISCARD_BODIES_MAX: Final = 4
_GZIP: Final = zlib.MAX_WBITS | 16


class ClientGone(Exception):
    """Whoever asked has hung up."""


class Request:
    """What the door needs to know of an HTTP request."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self._query: bytes = scope.get("query_string", b"")
        self._every_header: list[tuple[bytes, bytes]] = [*scope["headers"]]
        self._headers = dict(reversed(self._every_header))
        self._receive = receive
        self._size, self._more = 0, True

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about a person."""
        return "<Request>"

    def query(self) -> dict[str, str]:
        """Read the parameters in the address."""
        return form(self._query)

    def content_type(self) -> str:
        """Tell the type of the body, without its parameters."""
        return self._header(b"content-type").partition(";")[0].strip().lower()

    def token(self) -> str | None:
        """Find the token in the header: of Bearer, or the password of Basic."""
        scheme, _, credentials = self._header(b"authorization").partition(" ")
        match scheme.lower():
            case "bearer":
                return credentials.strip() or None
            case "basic":
                return _password(credentials)
            case _:
                return None

    def signals(self) -> Signals:
        """Read what was sent along to narrow the deal. Raises `NotTcf`."""
        by_address = self.query().get(TC_PARAMETER)
        told = [*self._all(b"tc-string"), *([] if by_address is None else [by_address])]
        return read_signals(gpc=self._all(b"sec-gpc"), tc_strings=told)

    async def body(self, limits: Limits) -> bytes:
        """Receive the body, and inflate it if it is gzip."""
        encoding = self._header(b"content-encoding").strip().lower()
        if encoding not in {"", "identity", "gzip"}:
            raise Problem(
                "wrong-encoding",
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "send the body as it is, or as gzip",
                headers=((b"accept-encoding", b"gzip"),),
            )
        try:
            async with asyncio.timeout(limits.body_s_max):
                body = await self._whole_body(limits.body_bytes_max)
        except TimeoutError:
            raise Problem(
                "body-too-slow",
                HTTPStatus.REQUEST_TIMEOUT,
                f"the body did not come within {limits.body_s_max:g} seconds",
            ) from None
        return _gunzip(body, limits.inflated_bytes_max) if encoding == "gzip" else body

    async def discard_rest(self, limits: Limits) -> None:
        """Read what is left of a refused body, within reason: who still sends hears no answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_DISCARD_S_MAX, limits.body_s_max)):
                while self._more and self._size <= _DISCARD_BODIES_MAX * limits.body_bytes_max:
                    await self._chunk()

    async def _whole_body(self, bytes_max: int) -> bytes:
        length = self._header(b"content-length")
        if length.isascii() and length.isdigit() and int(length[:20]) > bytes_max:
            raise _too_large(bytes_max)
        chunks = []
        while self._more:
            chunks.append(await self._chunk())
            if self._size > bytes_max:
                raise _too_large(bytes_max)
        return b"".join(chunks)

    async def _chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        self._more = message.get("more_body", False)
        return chunk

    def _all(self, wanted: bytes) -> list[str]:
        return [value.decode("latin-1") for name, value in self._every_header if name == wanted]

    def _header(self, name: bytes) -> str:
        return self._headers.get(name, b"").decode("latin-1")


async def exchange(
    request: Request, send: Send, *, answer: Callable[[Request], Awaitable[Answer]], limits: Limits
) -> Answer | None:
    """Answer one request, with the problem where there is one. None: whoever asked has hung up."""
    try:
        try:
            told = await answer(request)
        except Problem as refused:
            told = problem(refused)
            await request.discard_rest(limits)
    except ClientGone:
        return None
    await _send_answer(send, told)
    return told


async def _send_answer(send: Send, answer: Answer) -> None:
    """Send a whole answer. Nobody in between keeps a copy."""
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _password(credentials: str) -> str | None:
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password or name or None


def _gunzip(body: bytes, bytes_max: int) -> bytes:
    inflated, size, rest = [], 0, body
    while rest:
        member = zlib.decompressobj(_GZIP)
        try:
            inflated.append(member.decompress(rest, bytes_max - size + 1))
        except zlib.error:
            raise _not_gzip() from None
        size += len(inflated[-1])
        if size > bytes_max:
            raise _too_large(bytes_max)
        if not member.eof:
            raise _not_gzip()
        rest = member.unused_data
    return b"".join(inflated)


def _not_gzip() -> Problem:
    return Problem("bad-body", HTTPStatus.BAD_REQUEST, "the body is not whole gzip")


def _too_large(bytes_max: int) -> Problem:
    return Problem(
        "body-too-large",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a body has at most {bytes_max} bytes here; send less at once",
    )
