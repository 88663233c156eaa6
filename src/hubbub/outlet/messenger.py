"""The messenger over HTTP: where it is, who comes in, whose account it is, what it may share."""

from collections.abc import Iterator
from hashlib import blake2b
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from hubbub.deal.messenger import (
    AccountTaken,
    Invitation,
    InvitedOnly,
    Messenger,
    MessengerGrant,
    MessengerSilent,
    TooManyInvitations,
)
from hubbub.deal.messenger_proof import BadProof
from hubbub.deal.policy import Resource
from hubbub.outlet.json_answer import PRIVATE, answer_json
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import NotFound, NoToken, ProblemError
from hubbub.outlet.recognising import bearer
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_messenger import (
    AccountCard,
    DealThere,
    GrantCard,
    GrantsCard,
    HomeserverCard,
    InvitationCard,
    Invite,
    MessengerCard,
    ShowAccount,
    WellKnown,
)
from hubbub.terms.time import SECOND

_NONE: Final = "This house has no messenger: whoever runs it has not installed one."
_STARTING: Final = "The messenger is starting. That takes a few seconds."


class NoMessenger(NotFound):
    """There is no messenger in this house."""

    def __init__(self) -> None:
        super().__init__("a messenger")


class NotInvited(ProblemError):
    """Whoever wants to sign up here needs an invitation."""

    def __init__(self, why: str) -> None:
        super().__init__("invited-only", HTTPStatus.FORBIDDEN, why)


class InvitedEnough(ProblemError):
    """There were many invitations lately."""

    def __init__(self, why: str) -> None:
        super().__init__("invited-enough", HTTPStatus.TOO_MANY_REQUESTS, why)


class NotUp(ProblemError):
    """The homeserver does not answer just now."""

    def __init__(self, why: str) -> None:
        headers = {"retry-after": "5"}
        super().__init__("messenger-silent", HTTPStatus.SERVICE_UNAVAILABLE, why, headers=headers)


class NotThisAccount(ProblemError):
    """The account is somebody else's here, or this person has another one."""

    def __init__(self, why: str) -> None:
        super().__init__("account-taken", HTTPStatus.CONFLICT, why)


class NotThisToken(ProblemError):
    """The token proves no account, or no longer."""

    def __init__(self) -> None:
        why = "get another token of the homeserver's: each counts once, for a minute"
        super().__init__("account-refused", HTTPStatus.UNPROCESSABLE_ENTITY, why)


class MessengerOutlet:
    """Answers whoever wants to write to somebody."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (*self._of_the_house(), *self._of_coming(), *self._of_accounts())

    def _of_the_house(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/messenger",
                resource=Resource.MESSENGER,
                action="read",
                summary="Whether there is a messenger, where, and who signs up.",
                perform=self.messenger,
                answer=MessengerCard,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/.well-known/matrix/client",
                resource=Resource.MESSENGER,
                action="read",
                summary="Where the homeserver is, for Matrix apps.",
                perform=self.well_known,
                answer=WellKnown,
                problems=(HTTPStatus.NOT_FOUND,),
            ),
            Operation(
                method="GET",
                path="/v1/messenger/grants",
                resource=Resource.MESSENGER_GRANTS,
                action="read",
                summary="What people agreed to, for hubbub's module in the homeserver.",
                perform=self.grants,
                answer=GrantsCard,
                parameters=(
                    Parameter(
                        name="after",
                        meaning="The version that is known: null is answered where it holds.",
                        example="8f14e45fceea167a",
                    ),
                ),
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
        )

    def _of_coming(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="POST",
                path="/v1/messenger/sign-ups",
                resource=Resource.SIGN_UP,
                action="make",
                summary="A registration token for whoever signs up now, where anybody may.",
                perform=self.let_in,
                answer=InvitationCard,
                status=HTTPStatus.CREATED,
                problems=(
                    HTTPStatus.NOT_FOUND,
                    HTTPStatus.FORBIDDEN,
                    HTTPStatus.TOO_MANY_REQUESTS,
                    HTTPStatus.SERVICE_UNAVAILABLE,
                ),
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/messenger/invites",
                resource=Resource.INVITATION,
                action="make",
                summary="Invite somebody by a link, with a token of the homeserver's as bearer.",
                perform=self.invite,
                answer=InvitationCard,
                body=Invite,
                status=HTTPStatus.CREATED,
                problems=(
                    HTTPStatus.BAD_REQUEST,
                    HTTPStatus.NOT_FOUND,
                    HTTPStatus.TOO_MANY_REQUESTS,
                    HTTPStatus.SERVICE_UNAVAILABLE,
                ),
                waits=True,
            ),
        )

    def _of_accounts(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/me/messenger",
                resource=Resource.OWN_MESSENGER,
                action="read",
                summary="The account of the messenger that is put to you.",
                perform=self.account,
                answer=AccountCard,
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/me/messenger",
                resource=Resource.OWN_MESSENGER,
                action="make",
                summary="Put an account of the messenger to you, by the homeserver's token.",
                perform=self.join,
                answer=AccountCard,
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
            Operation(
                method="DELETE",
                path="/v1/me/messenger",
                resource=Resource.OWN_MESSENGER,
                action="end",
                summary="Share nothing of that account any more. The account itself stays.",
                perform=self.part,
                status=HTTPStatus.NO_CONTENT,
                waits=True,
            ),
        )

    def messenger(self, asked: Asked) -> Response:
        """Answer whether there is one, and who signs up."""
        del asked
        there = self._sources.messenger
        if there is None:
            return answer_json(MessengerCard(state="none", why=_NONE))
        try:
            sign_up = there.sign_up() if there.is_up() else None
        except MessengerSilent:
            sign_up = None
        card = MessengerCard(
            state="starting" if sign_up is None else "up",
            why=_STARTING if sign_up is None else "",
            homeserver=there.url,
            server_name=there.server_name,
            audience=self._sources.origin,
            sign_up=sign_up or "invited",
        )
        return answer_json(card)

    def well_known(self, asked: Asked) -> Response:
        """Answer where the homeserver is, to pages and apps from anywhere."""
        del asked
        card = WellKnown(homeserver=HomeserverCard(base_url=self._there().url))
        response = answer_json(card)
        response.headers["access-control-allow-origin"] = "*"
        return response

    def let_in(self, asked: Asked) -> Response:
        """Invite whoever asks, if anybody may sign up."""
        del asked
        try:
            return self._card(self._there().let_in())
        except InvitedOnly as refused:
            raise NotInvited(str(refused)) from None
        except TooManyInvitations as refused:
            raise InvitedEnough(str(refused)) from None
        except MessengerSilent as silent:
            raise NotUp(str(silent)) from None

    def invite(self, asked: Asked) -> Response:
        """Invite somebody, for whoever shows that they have an account."""
        wish: Invite = asked.body
        there, shown = self._there(), bearer(asked.request)
        try:
            by = there.proved(shown or "")
        except BadProof:
            raise NoToken("a token of the homeserver's, which counts once") from None
        try:
            return self._card(there.invite(by, uses=wish.uses, days=wish.days), by=by)
        except TooManyInvitations as refused:
            raise InvitedEnough(str(refused)) from None
        except MessengerSilent as silent:
            raise NotUp(str(silent)) from None

    def grants(self, asked: Asked) -> Response:
        """Answer what everybody agreed to, unless that is known."""
        there = self._there()
        cards = tuple(_cards(there, there.accounts.grants()))
        version = blake2b(msgspec.json.encode(cards), digest_size=16).hexdigest()
        is_known = asked.query("after") == version
        return answer_json(GrantsCard(version, None if is_known else cards))

    def account(self, asked: Asked) -> Response:
        """Answer which account is put to a person."""
        joined = self._there().accounts.of(asked.person.subject)
        if joined is None:
            raise NotFound("an account of the messenger")
        return answer_json(AccountCard.of(joined))

    def join(self, asked: Asked) -> Response:
        """Put an account to a person."""
        wish: ShowAccount = asked.body
        there = self._there()
        try:
            joined = there.accounts.join(proved(there, wish.token), asked.person.subject)
        except AccountTaken as taken:
            raise NotThisAccount(str(taken)) from None
        return answer_json(AccountCard.of(joined), status=HTTPStatus.CREATED)

    def part(self, asked: Asked) -> Response:
        """Let the account be nobody's here."""
        self._there().accounts.part(asked.person.subject)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=PRIVATE)

    def _there(self) -> Messenger:
        if self._sources.messenger is None:
            raise NoMessenger
        return self._sources.messenger

    def _card(self, invitation: Invitation, *, by: str | None = None) -> Response:
        # Behind the #, where no server and no log sees it.
        said = {"invite": invitation.token} | ({} if by is None else {"by": by})
        link = f"{self._sources.origin}/chat#{urlencode(said, safe='@:')}"
        return answer_json(InvitationCard.of(invitation, link=link), status=HTTPStatus.CREATED)


def proved(there: Messenger, token: str) -> str:
    """Tell whose account a token proves, or raise `NotThisToken`."""
    try:
        return there.proved(token)
    except BadProof:
        raise NotThisToken from None


def _cards(there: Messenger, grants: tuple[MessengerGrant, ...]) -> Iterator[GrantCard]:
    for grant in grants:
        yield GrantCard(
            person=grant.account,
            receipt=grant.receipt,
            since_ms=there.at_the_homeserver(grant.since) * 1000 // SECOND,
            may=grant.may,
            deal=DealThere(
                cells=grant.cells,
                paused=grant.paused,
                notice=grant.notice,
                changed_at=grant.changed_at,
            ),
        )
