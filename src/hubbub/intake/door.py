"""The door: a raw ASGI application that takes what phones send. Its 2xx means durable."""

import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from hubbub.deal.desk import Badge, Deals
from hubbub.deal.policy import POLICY, Resource
from hubbub.deal.signals import Signals
from hubbub.deal.tcf import NotTcf
from hubbub.intake.adapter import Adapter, Sent
from hubbub.intake.admission import Admission, Journal, Seen
from hubbub.intake.answers import Answer, Problem, Wait, account, delivered
from hubbub.intake.gpslogger import GPSLOGGER
from hubbub.intake.limits import Limits
from hubbub.intake.overland import OVERLAND
from hubbub.intake.own import OWN, WrongType
from hubbub.intake.owntracks import OWNTRACKS
from hubbub.intake.ping import Parsed, TooManyRows, Unreadable
from hubbub.intake.request import Receive, Request, Scope, Send, exchange
from hubbub.intake.traccar import TRACCAR
from hubbub.terms.buckets import Buckets
from hubbub.terms.errors import HubbubError
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category
from hubbub.terms.time import Clock

PREFIX: Final = "/v1/intake"

ADAPTERS: Final = {
    PREFIX: OWN,
    f"{PREFIX}/owntracks": OWNTRACKS,
    f"{PREFIX}/overland": OVERLAND,
    f"{PREFIX}/traccar": TRACCAR,
    f"{PREFIX}/gpslogger": GPSLOGGER,
}
_CHALLENGE: Final = (b"www-authenticate", b'Bearer, Basic realm="hubbub"')
_DEVICES_MAX: Final = 100_000
_AGAIN_AFTER_S: Final = 5.0


class Door:
    """Takes pings over HTTP: authenticated, bounded, each bad row told, each good row durable."""

    def __init__(
        self,
        deals: Deals,
        journal: Journal,
        seen: Seen,
        *,
        clock: Clock,
        limits: Limits | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Let in whom `deals` knows; write to `journal` what `seen` does not know."""
        assert POLICY[Resource.PINGS, "make"] == "device", "a token is asked for, and no session"
        self._deals, self._journal = deals, journal
        self._limits = limits or Limits()
        self._rates = Buckets[Subject](elapsed=elapsed, keys_max=_DEVICES_MAX)
        self.admission = Admission(deals, journal, seen, clock=clock, limits=self._limits)
        self.answers: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "the door speaks HTTP"
        request = Request(scope, receive)
        told = await exchange(request, send, answer=self._answer, limits=self._limits)
        if told is not None:
            self.answers[told.status] += 1

    async def _answer(self, request: Request) -> Answer:
        adapter = _adapter(request)
        age_s = self._journal.backlog_age_s()
        if age_s > self._limits.backlog_s_max:
            raise _not_durable()
        try:
            query, signals = request.query(), request.signals()
            token = request.token() or _first(query, adapter.token_parameters)
            if token is None and adapter.token_in_body is None:
                raise self._stranger("no-token")
            badge = None if token is None else self._badge(token)
            body = await request.body(self._limits)
            sent = Sent(request.method, request.content_type(), query, body, self._limits.rows_max)
            badge = badge or self._badge_in_body(sent, adapter)
            parsed = adapter.read(sent)
        except NotTcf as bad:
            raise Problem("bad-tc-string", HTTPStatus.BAD_REQUEST, str(bad)) from None
        except Unreadable as unreadable:
            detail = f"the body cannot be read: {unreadable}"
            raise Problem("bad-body", HTTPStatus.BAD_REQUEST, detail) from None
        except WrongType as wrong:
            raise Problem("wrong-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(wrong)) from None
        except TooManyRows:
            detail = f"a request has at most {self._limits.rows_max} rows; send it in parts"
            raise Problem("too-many-rows", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None
        return await self._admit(badge, parsed, adapter, signals=signals)

    async def _admit(
        self, badge: Badge, parsed: Parsed, adapter: Adapter, *, signals: Signals
    ) -> Answer:
        rows = len(parsed.rows) + len({refused.row for refused in parsed.rejected})
        if badge.paused:
            self.admission.refusals.count_of(badge.subject, "paused", rows)
            detail = "this device's deal is paused, so nothing of it is taken"
            raise Problem("paused", HTTPStatus.FORBIDDEN, detail)
        if badge.stamp(Category.LOCATION) == 0:
            self.admission.refusals.count_of(badge.subject, "withdrawn", rows)
            raise Problem(
                "withdrawn",
                HTTPStatus.FORBIDDEN,
                "this device's deal was withdrawn, so nothing of it is kept",
            )
        if signals.narrow(badge.stamps)[Category.LOCATION.number] == 0:
            self.admission.count_conflicts(badge, signals)
            self.admission.refusals.count_of(badge.subject, "signal", rows)
            raise Problem(
                "signal",
                HTTPStatus.FORBIDDEN,
                "the signals sent along say no to all that these rows are for: none is kept",
            )
        wait_s = self._rates.wait_s(badge.subject, rows, self._limits.rate())
        if wait_s > 0:
            self.admission.refusals.count_of(badge.subject, "too-fast", rows)
            detail = f"a device sends {self._limits.rows_a_second:g} rows a second in the long run"
            raise Wait("too-fast", HTTPStatus.TOO_MANY_REQUESTS, detail, wait_s=wait_s)
        try:
            admitted = await self.admission.admit(badge, parsed, signals=signals)
        except (HubbubError, OSError):
            raise _not_durable() from None
        if adapter.answer is None:
            return account(admitted)
        return delivered(adapter.answer, admitted)

    def _badge(self, token: str) -> Badge:
        badge = self._deals.badge(token)
        if badge is None:
            raise self._stranger("unknown-token")
        return badge

    def _badge_in_body(self, sent: Sent, adapter: Adapter) -> Badge:
        token = adapter.token_in_body(sent) if adapter.token_in_body else None
        if token is None:
            raise self._stranger("no-token")
        return self._badge(token)

    def _stranger(self, reason: str) -> Problem:
        self.admission.refusals.count(reason, 1)
        detail = "only an enrolled device may send; show its token as `Authorization: Bearer …`"
        return Problem(reason, HTTPStatus.UNAUTHORIZED, detail, headers=(_CHALLENGE,))


def _adapter(request: Request) -> Adapter:
    adapter = ADAPTERS.get(request.path.rstrip("/"))
    if adapter is None:
        there = ", ".join(ADAPTERS)
        raise Problem("not-found", HTTPStatus.NOT_FOUND, f"nothing is taken here; see {there}")
    if request.method not in adapter.methods:
        allowed = ", ".join(sorted(adapter.methods))
        raise Problem(
            "method-not-allowed",
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"pings are sent here by {allowed}",
            headers=((b"allow", allowed.encode()),),
        )
    return adapter


def _not_durable() -> Problem:
    return Wait(
        "not-durable",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "rows cannot be made durable just now; send them again later",
        wait_s=_AGAIN_AFTER_S,
    )


def _first(parameters: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((parameters[name] for name in names if parameters.get(name)), None)
