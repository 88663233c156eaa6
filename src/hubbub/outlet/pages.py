"""The pages and their assets: read once, kept in memory, packed once, tagged by content."""

import gzip
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hubbub.deal.policy import POLICY, Resource
from hubbub.terms.errors import HubbubError

STATIC: Final = Path(__file__).parent / "static"
CHAT: Final = "/chat"
PAGES: Final = {
    "/": "index",
    "/places": "places",
    "/share": "share",
    "/me": "me",
    "/notice": "notice",
    "/about-numbers": "numbers",
    CHAT: "chat",
}
"""Each page by its path."""

_ALLOWED: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data: blob:",  # QR codes, and the map library's own pictures
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS: Final = {
    "content-security-policy": "; ".join(f"{what} {where}" for what, where in _ALLOWED.items()),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""What every page tells the browser: nothing from elsewhere, nothing to elsewhere."""

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/plain; charset=utf-8",  # the licences of what is built in
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_FOREVER: Final = "public, max-age=31536000, immutable"  # assets carry their hash in their name
_ASK_AGAIN: Final = "no-cache"


class PagesNotBuilt(HubbubError):
    """The web pages are not in this installation. Installing hubbub builds them."""

    def __init__(self) -> None:
        super().__init__("the web pages are not built; install hubbub again: `make demo` does")


@cache
def page_routes(folder: Path = STATIC, *, homeserver: str | None = None) -> tuple[Route, ...]:
    """Make a route for every page and asset; the chat's browser may ask the `homeserver`, too.

    Raises `PagesNotBuilt` where there are none.
    """
    assert POLICY[Resource.PAGES, "read"] == "anybody", "nobody is asked who they are"
    if not (folder / "index.html").exists():
        raise PagesNotBuilt
    made = []
    for path, name in PAGES.items():
        headers = _chat_headers(homeserver) if path == CHAT else HEADERS
        made.append(_route(path, folder / f"{name}.html", {"cache-control": _ASK_AGAIN} | headers))
    for file in sorted(folder.rglob("*")):
        if file.suffix in _TYPES and file.suffix != ".html":
            path = "/" + file.relative_to(folder).as_posix()
            caching = _FOREVER if path.startswith("/assets/") else _ASK_AGAIN
            made.append(_route(path, file, {"cache-control": caching} | HEADERS))
    return tuple(made)


def packed(body: bytes, request: Request, headers: Mapping[str, str], *, media: str) -> Response:
    """Answer with a `body` that is packed already, unpacked for a client that cannot."""
    extra = {"vary": "accept-encoding"} | dict(headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body, headers=extra | {"content-encoding": "gzip"}, media_type=media)
    return Response(gzip.decompress(body), headers=extra, media_type=media)


def tag(body: bytes) -> str:
    """Name a body by its content, as an entity tag. Weak: packed or not, it is the same."""
    return f'W/"{blake2b(body, digest_size=12).hexdigest()}"'


def is_known(request: Request, entity_tag: str) -> bool:
    """Tell whether the client has this very body already."""
    return entity_tag in request.headers.get("if-none-match", "")


def unchanged(headers: Mapping[str, str]) -> Response:
    """Answer that what the client has is still right."""
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)


def _chat_headers(homeserver: str | None) -> dict[str, str]:
    """Allow what only the chat needs: its house's homeserver, its locks, camera and microphone."""
    allowed = _ALLOWED | {
        "script-src": "'self' 'wasm-unsafe-eval'",  # compiles the locks, and evaluates no text
        "connect-src": f"'self' {homeserver}" if homeserver else "'self'",
        "media-src": "blob:",
    }
    return {
        **HEADERS,
        "content-security-policy": "; ".join(f"{what} {where}" for what, where in allowed.items()),
        "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    }


def _route(path: str, file: Path, saying: Mapping[str, str]) -> Route:
    plain = file.read_bytes()
    headers = {"etag": tag(plain), **saying}
    media = _TYPES[file.suffix]

    @cache
    def body() -> bytes:
        return gzip.compress(plain, mtime=0)  # when it is asked for: the locks alone take a second

    async def page(request: Request) -> Response:
        if is_known(request, headers["etag"]):
            return unchanged(headers)
        return packed(await run_in_threadpool(body), request, headers, media=media)

    return Route(path, page, include_in_schema=False)
