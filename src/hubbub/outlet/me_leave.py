"""Leaving: taking everything along as one archive, and being erased, with a certificate."""

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

from hubbub.deal.certificate import ErasureProgress
from hubbub.deal.identity import Secret
from hubbub.deal.policy import Resource
from hubbub.outlet.archive import Kept, parts_of, zipped
from hubbub.outlet.json_answer import PRIVATE, answer_json
from hubbub.outlet.me_session import clear_cookie
from hubbub.outlet.me_use import use_of
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.problems import NotFound, NoToken
from hubbub.outlet.recognising import bearer
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_me import ErasureCard, Leave, Left
from hubbub.terms.time import iso

ZIP: Final = "application/zip"

_ARCHIVE: Final = 'attachment; filename="hubbub-my-data.zip"'
_CERTIFICATE: Final = 'attachment; filename="hubbub-erasure-certificate.json"'


class LeaveOutlet:
    """Answers who wants to go."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/me/export",
                resource=Resource.ARCHIVE,
                action="read",
                summary="Everything that is kept of you, as one archive that reads without hubbub.",
                perform=self.export,
                media=ZIP,
                waits=True,
            ),
            Operation(
                method="POST",
                path="/v1/me/erasure",
                resource=Resource.ACCOUNT,
                action="end",
                summary="Erase everything about you, with your account of the messenger if you say "
                "so. There is no way back.",
                perform=self.erase,
                answer=Left,
                body=Leave,
                example={"sure": True},
                status=HTTPStatus.ACCEPTED,
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/erasure",
                resource=Resource.CERTIFICATE,
                action="read",
                summary="How far the erasure is whose secret this is.",
                perform=self.erasure,
                answer=ErasureCard,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/erasure/certificate",
                resource=Resource.CERTIFICATE,
                action="read",
                summary="The signed certificate of the erasure whose secret this is.",
                perform=self.certificate,
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
        )

    def export(self, asked: Asked) -> StreamingResponse:
        """Answer with the archive, as it is being packed."""
        person, at = asked.person, self._sources.now()
        identities, desk = self._sources.identities(), self._sources.desk()
        account = identities.account(person.subject)
        kept = Kept(
            device=account.device,
            age=account.age,
            at=at,
            pings=self._sources.own_pings(person.subject).hand_over(to=person.subject),
            use=use_of(self._sources, asked),
            receipts=tuple(desk.receipts(person.who)),
            reads=self._sources.own_reads(person.subject).hand_over(to=person.subject),
            passkeys=tuple(identities.passkeys(person.subject)),
            notice=desk.notice(),
        )
        headers = {**PRIVATE, "content-disposition": _ARCHIVE}
        return StreamingResponse(zipped(parts_of(kept), at=at), headers=headers, media_type=ZIP)

    def erase(self, asked: Asked) -> Response:
        """Begin to erase; tell the secret this once, and forget who asked."""
        wish: Leave = asked.body
        there = self._sources.messenger
        if wish.messenger and there is not None:
            there.accounts.leave(asked.person.subject)
        secret = self._sources.erase(asked.person.subject)
        left = Left(secret=secret.secret, requested_at=iso(self._sources.now()))
        response = answer_json(left, status=HTTPStatus.ACCEPTED)
        clear_cookie(response)
        return response

    def erasure(self, asked: Asked) -> Response:
        """Answer how far it is."""
        progress = self._progress(asked)
        done = progress.certificate
        card = ErasureCard(
            state="waiting" if done is None else "done",
            requested_at=iso(progress.requested_at),
            certificate=None if done is None else msgspec.Raw(done),
        )
        return answer_json(card)

    def certificate(self, asked: Asked) -> Response:
        """Answer with the certificate itself."""
        progress = self._progress(asked)
        if progress.certificate is None:
            raise NotFound("the certificate is signed when nothing is left; it")
        response = answer_json(progress.certificate)
        response.headers["content-disposition"] = _CERTIFICATE
        return response

    def _progress(self, asked: Asked) -> ErasureProgress:
        shown = bearer(asked.request)
        progress = None if shown is None else self._sources.erasure(Secret(shown))
        if progress is None:
            raise NoToken("the secret that was told when the erasure was asked for")
        return progress
