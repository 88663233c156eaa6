"""Signing in and out over HTTP: by the device's token, a passkey, or the messenger."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from hubbub.deal.desk import UnknownDevice
from hubbub.deal.identity import SESSION_US, Identities, Means, Session, TooManyPasskeys
from hubbub.deal.policy import Resource
from hubbub.outlet.ceremonies import Ceremonies, PasskeyRefused
from hubbub.outlet.deal import METHOD
from hubbub.outlet.json_answer import PRIVATE, answer_json
from hubbub.outlet.messenger import NoMessenger, proved
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter, NotFound, NoToken, ProblemError
from hubbub.outlet.recognising import COOKIE, bearer, session_secret
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_me import AddPasskey, PasskeyCard, SessionCard, ShowPasskey
from hubbub.outlet.wire_messenger import ShowAccount
from hubbub.terms.people import Subject
from hubbub.terms.time import SECOND, iso


class NotThisPasskey(ProblemError):
    """The passkey was not taken."""

    def __init__(self, why: str) -> None:
        super().__init__("passkey-refused", HTTPStatus.UNPROCESSABLE_ENTITY, why)


class NoPasskeysHere(ProblemError):
    """Passkeys are of one address, and this page was opened at another."""

    def __init__(self, origin: str) -> None:
        why = f"passkeys are of {origin}: open the page there"
        super().__init__("passkeys-not-here", HTTPStatus.CONFLICT, why)


class BeingErased(ProblemError):
    """Whoever is being erased signs in again when that is done, as somebody new."""

    def __init__(self) -> None:
        why = "all of this account's is being erased here: try again in a minute"
        super().__init__("being-erased", HTTPStatus.CONFLICT, why)


class SessionOutlet:
    """Answers who is asking, and remembers it for a browser."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._ceremonies = sources, Ceremonies(sources)

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        signing_in = (*self._of_signing_in(), *self._of_messenger())
        return (*self._of_sessions(), *signing_in, *self._of_passkeys())

    def _of_sessions(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="POST",
                path="/v1/me/session",
                resource=Resource.SESSION,
                action="make",
                summary="Sign in with the token of the device: its browser gets a cookie.",
                perform=self.sign_in,
                answer=SessionCard,
                status=HTTPStatus.CREATED,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/me/session",
                resource=Resource.SESSION,
                action="read",
                summary="Who is signed in.",
                perform=self.session,
                answer=SessionCard,
                waits=True,
            ),
            Operation(
                method="DELETE",
                path="/v1/me/session",
                resource=Resource.SESSION,
                action="end",
                summary="Sign out here, or everywhere.",
                perform=self.sign_out,
                parameters=(
                    Parameter(
                        name="everywhere",
                        meaning="yes: end all sessions of this person.",
                        example="yes",
                    ),
                ),
                status=HTTPStatus.NO_CONTENT,
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
        )

    def _of_signing_in(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="POST",
                path="/v1/me/session/passkey/options",
                resource=Resource.SIGN_IN,
                action="make",
                summary="What a browser needs to show a passkey: WebAuthn's request options.",
                perform=self.ask_for_known,
                problems=(HTTPStatus.CONFLICT,),
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/me/session/passkey",
                resource=Resource.SIGN_IN,
                action="make",
                summary="Sign in with a passkey.",
                perform=self.sign_in_by_passkey,
                answer=SessionCard,
                body=ShowPasskey,
                status=HTTPStatus.CREATED,
                problems=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY),
                waits=True,
            ),
        )

    def _of_messenger(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="POST",
                path="/v1/me/session/messenger",
                resource=Resource.SIGN_IN,
                action="make",
                summary="Sign in with an account of the messenger, by the homeserver's token.",
                perform=self.sign_in_by_messenger,
                answer=SessionCard,
                body=ShowAccount,
                status=HTTPStatus.CREATED,
                problems=(
                    HTTPStatus.BAD_REQUEST,
                    HTTPStatus.NOT_FOUND,
                    HTTPStatus.CONFLICT,
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                ),
                waits=True,
            ),
        )

    def _of_passkeys(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/me/passkeys",
                resource=Resource.PASSKEYS,
                action="read",
                summary="Your passkeys.",
                perform=self.passkeys,
                answer=list[PasskeyCard],
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/me/passkeys/options",
                resource=Resource.PASSKEYS,
                action="make",
                summary="What a browser needs to make a passkey: WebAuthn's creation options.",
                perform=self.ask_for_new,
                problems=(HTTPStatus.CONFLICT,),
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/me/passkeys",
                resource=Resource.PASSKEYS,
                action="make",
                summary="Add a passkey that a browser has just made.",
                perform=self.add_passkey,
                answer=PasskeyCard,
                body=AddPasskey,
                status=HTTPStatus.CREATED,
                problems=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY),
                waits=True,
            ),
            Operation(
                method="DELETE",
                path="/v1/me/passkeys/{id}",
                resource=Resource.PASSKEYS,
                action="end",
                summary="Remove a passkey. Who is signed in by it stays so until signed out.",
                perform=self.remove_passkey,
                parameters=(
                    Parameter(name="id", meaning="Its number.", example="1", within="path"),
                ),
                status=HTTPStatus.NO_CONTENT,
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
        )

    def sign_in(self, asked: Asked) -> Response:
        """Begin a session with a token that was shown just now: a session does not renew itself."""
        if bearer(asked.request) is None:
            raise NoToken("the device's token")
        return self._begin(asked.request, asked.person.subject, by="token")

    def sign_in_by_passkey(self, asked: Asked) -> Response:
        """Begin a session with a passkey."""
        shown: ShowPasskey = asked.body
        try:
            subject = self._ceremonies.recognise(bytes(shown.credential))
            return self._begin(asked.request, subject, by="passkey")
        except (PasskeyRefused, UnknownDevice) as refused:
            raise NotThisPasskey(str(refused)) from None

    def sign_in_by_messenger(self, asked: Asked) -> Response:
        """Begin a session of whose account it is; at first, of somebody who agreed to nothing."""
        shown: ShowAccount = asked.body
        there = self._sources.messenger
        if there is None:
            raise NoMessenger
        subject = there.accounts.meet(proved(there, shown.token), METHOD)
        try:
            return self._begin(asked.request, subject, by="messenger")
        except UnknownDevice:
            raise BeingErased from None

    def session(self, asked: Asked) -> Response:
        """Answer who is signed in."""
        person = asked.person
        return answer_json(self._card(asked.request, person.subject, person.session))

    def sign_out(self, asked: Asked) -> Response:
        """End this session, or all of them."""
        everywhere = asked.query("everywhere")
        if everywhere not in {None, "yes"}:
            raise BadParameter("everywhere", expected="yes, or nothing")
        if everywhere:
            self._identities.sign_out_everywhere(asked.person.subject)
        self._forget(asked.request)
        response = Response(status_code=HTTPStatus.NO_CONTENT, headers=PRIVATE)
        clear_cookie(response)
        return response

    def ask_for_known(self, asked: Asked) -> Response:
        """Ask for a passkey."""
        self._require_here(asked.request)
        return answer_json(self._ceremonies.ask_for_known().encode())

    def ask_for_new(self, asked: Asked) -> Response:
        """Ask for a new passkey."""
        self._require_here(asked.request)
        options = self._ceremonies.ask_for_new(asked.person.subject)
        return answer_json(options.encode())

    def add_passkey(self, asked: Asked) -> Response:
        """Add a passkey."""
        wish: AddPasskey = asked.body
        try:
            passkey = self._ceremonies.add(asked.person.subject, wish.name, bytes(wish.credential))
        except (PasskeyRefused, TooManyPasskeys) as refused:
            raise NotThisPasskey(str(refused)) from None
        return answer_json(PasskeyCard.of(passkey), status=HTTPStatus.CREATED)

    def passkeys(self, asked: Asked) -> Response:
        """Answer with a person's passkeys."""
        theirs = self._identities.passkeys(asked.person.subject)
        return answer_json([PasskeyCard.of(each) for each in theirs])

    def remove_passkey(self, asked: Asked) -> Response:
        """Remove a passkey of theirs. Another person's is not there."""
        number = asked.request.path_params["id"]
        known = number.isascii() and number.isdecimal() and len(number) < 16
        if not known or not self._identities.remove_passkey(asked.person.subject, int(number)):
            raise NotFound("a passkey of that number")
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=PRIVATE)

    @property
    def _identities(self) -> Identities:
        return self._sources.identities()

    def _begin(self, request: Request, subject: Subject, *, by: Means) -> Response:
        """Begin a session in the place of the one that this browser has."""
        secret, session = self._identities.sign_in(subject, by)
        self._forget(request)
        response = answer_json(self._card(request, subject, session), status=HTTPStatus.CREATED)
        response.set_cookie(
            COOKIE,
            secret.secret,
            max_age=SESSION_US // SECOND,
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return response

    def _forget(self, request: Request) -> None:
        kept = session_secret(request)
        if kept is not None:
            self._identities.sign_out(kept)

    def _card(self, request: Request, subject: Subject, session: Session | None) -> SessionCard:
        return SessionCard(
            device=self._identities.account(subject).device,
            by="token" if session is None else session.by,
            since=iso(self._identities.now() if session is None else session.shown_at),
            ends_at=None if session is None else iso(session.ends_at),
            fresh_until=self._fresh_until(session),
            sessions=self._identities.sessions(subject),
            passkeys=len(self._identities.passkeys(subject)),
            passkeys_here=self._is_here(request),
            passkeys_origin=self._sources.origin,
        )

    def _fresh_until(self, session: Session | None) -> str | None:
        if session is None or session.fresh_until <= self._identities.now():
            return None
        return iso(session.fresh_until)

    def _require_here(self, request: Request) -> None:
        if not self._is_here(request):
            raise NoPasskeysHere(self._sources.origin)

    def _is_here(self, request: Request) -> bool:
        return urlsplit(self._sources.origin).netloc == request.headers.get("host")


def clear_cookie(response: Response) -> None:
    """Tell the browser to forget its session."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")
