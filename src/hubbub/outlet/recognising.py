"""Who asks, as far as they have shown it, and whether they may: looked at before any operation."""

from http import HTTPStatus
from typing import Final, assert_never
from urllib.parse import urlsplit

from starlette.requests import Request

from hubbub.deal.desk import SignedIn, Token
from hubbub.deal.identity import Secret, Session
from hubbub.deal.policy import Who
from hubbub.outlet.problems import NoToken, ProblemError
from hubbub.outlet.sources import Sources
from hubbub.terms.people import Personal, Subject

COOKIE: Final = "__Host-hubbub"
"""The browser keeps it for this very host, shows it to no script and sends it over TLS only."""

_SAFE: Final = frozenset({"GET", "HEAD"})


class FromElsewhere(ProblemError):
    """Another site's page asks in somebody's name."""

    def __init__(self) -> None:
        why = "a page of another site does nothing here in anybody's name"
        super().__init__("from-elsewhere", HTTPStatus.FORBIDDEN, why)


class NotFresh(ProblemError):
    """What was asked wants somebody who has shown within the last minutes who they are."""

    def __init__(self) -> None:
        why = "sign in again: this wants somebody who has done so within the last five minutes"
        super().__init__("not-fresh", HTTPStatus.FORBIDDEN, why)


class Person(Personal, frozen=True, kw_only=True):
    """Somebody who has shown who they are."""

    subject: Subject
    session: Session | None  # None: by the token of the device, here and now

    @property
    def who(self) -> SignedIn:
        """Give what the desk knows them by."""
        return SignedIn(self.subject)


class Recogniser:
    """Knows a person by the token of their device, or by the cookie of a session."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def admit(self, request: Request, who: Who) -> Person | None:
        """Let those ask who may, and tell which person it is where it is one."""
        _refuse_from_elsewhere(request)
        match who:
            case "anybody" | "holder":
                return None
            case "device":
                raise NoToken("the token of a device, at the door")
            case "enroller":
                if not self._sources.open_enrolment:
                    self._require_operator(request)
                return None
            case "operator":
                self._require_operator(request)
                return None
            case "messenger":
                self._require_messenger(request)
                return None
            case "person":
                return self._person(request)
            case "fresh person":
                person = self._person(request)
                if not self._is_fresh(person):
                    raise NotFresh
                return person
        assert_never(who)

    def _require_operator(self, request: Request) -> None:
        key = bearer(request)
        if key is None or not self._sources.is_operator(key):
            raise NoToken("the operator's key")

    def _require_messenger(self, request: Request) -> None:
        secret, there = bearer(request), self._sources.messenger
        if secret is None or there is None or not there.is_module(secret):
            raise NoToken("the secret of the homeserver's module")

    def _person(self, request: Request) -> Person:
        token, kept = bearer(request), session_secret(request)
        identities = self._sources.identities()
        if token is not None:
            subject = identities.subject_of(Token(token))
            if subject is not None:
                return Person(subject=subject, session=None)
        elif kept is not None:
            _require_own_page(request)
            session = identities.session(kept)
            if session is not None:
                return Person(subject=session.subject, session=session)
        raise NoToken("the device's token, or sign in")

    def _is_fresh(self, person: Person) -> bool:
        if person.session is None:
            return True
        return self._sources.identities().now() < person.session.fresh_until


def bearer(request: Request) -> str | None:
    """Give the bearer token, if one was shown."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def session_secret(request: Request) -> Secret | None:
    """Give the secret in the cookie, if there is one."""
    kept = request.cookies.get(COOKIE)
    return None if not kept else Secret(kept)


def _refuse_from_elsewhere(request: Request) -> None:
    """Refuse to change anything for a page of another site, whoever it speaks for."""
    if request.method not in _SAFE and _site(request) in {"cross-site", "same-site"}:
        raise FromElsewhere


def _require_own_page(request: Request) -> None:
    """Let a cookie count for our own pages only; to change something, they have to say so."""
    site = _site(request)
    if site in {"cross-site", "same-site"}:
        raise FromElsewhere
    if request.method in _SAFE or site == "same-origin":
        return
    origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
    if site is not None or not host or urlsplit(origin).netloc != host:
        raise FromElsewhere


def _site(request: Request) -> str | None:
    return request.headers.get("sec-fetch-site")
