"""What the door says: an account of the rows, or a problem (RFC 9457). Never a sender's value."""

import math
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

from hubbub.intake.admission import Admitted
from hubbub.intake.ping import Rejected

type Headers = tuple[tuple[bytes, bytes], ...]

_PROBLEM: Final = "application/problem+json"
_TYPE: Final = "urn:hubbub:problem:"
_TOLD_IN_A_HEADER: Final = 20  # rows; a client's own answer has no room for them


class Answer(NamedTuple):
    """A whole answer."""

    status: HTTPStatus
    body: bytes
    media_type: str
    headers: Headers = ()


class Problem(Exception):
    """A request that cannot be granted, and what its sender can do."""

    def __init__(
        self, kind: str, status: HTTPStatus, detail: str, *, headers: Headers = ()
    ) -> None:
        super().__init__(detail)
        self.kind, self.status, self.detail = kind, status, detail
        self.headers = headers


class Wait(Problem):
    """Not now: the same request, later."""

    def __init__(self, kind: str, status: HTTPStatus, detail: str, *, wait_s: float) -> None:
        seconds = str(max(1, math.ceil(wait_s)))
        super().__init__(kind, status, detail, headers=((b"retry-after", seconds.encode()),))


class _Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str
    accepted: int | None = None
    duplicates: int | None = None
    rejected: list[Rejected] | None = None


def problem(refused: Problem) -> Answer:
    """Write a problem down."""
    document = _Problem(
        type=_TYPE + refused.kind,
        title=refused.status.phrase,
        status=refused.status,
        detail=refused.detail,
    )
    return Answer(refused.status, msgspec.json.encode(document), _PROBLEM, refused.headers)


def account(admitted: Admitted) -> Answer:
    """Tell what became of each row. A body without one good row is a problem."""
    if admitted.rejected and not admitted.accepted and not admitted.duplicates:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        document = _Problem(
            type=_TYPE + "no-good-row",
            title=status.phrase,
            status=status,
            detail="no row could be taken; `rejected` says why",
            accepted=0,
            duplicates=0,
            rejected=admitted.rejected,
        )
        return Answer(status, msgspec.json.encode(document), _PROBLEM)
    return Answer(HTTPStatus.OK, msgspec.json.encode(admitted._asdict()), "application/json")


def delivered(answer: tuple[bytes, str], admitted: Admitted) -> Answer:
    """Give a client the answer it needs. Rows not taken are told in a header, for whoever looks.

    Anything but success would make the client send the same rows again for ever.
    """
    told = admitted.rejected[:_TOLD_IN_A_HEADER]
    headers = ((b"hubbub-rejected", msgspec.json.encode(told)),) if told else ()
    return Answer(HTTPStatus.OK, *answer, headers)
