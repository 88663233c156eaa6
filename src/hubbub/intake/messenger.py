"""The door for what the homeserver's module counted: of nobody by name, each by a receipt.

The module and the house share a secret, and nobody else knows it. What a row says of a person is
judged anew here: by what holds of the receipt that it came under, and of that of whom it names.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Final, Literal, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from hubbub.deal.desk import LiveReceipt
from hubbub.deal.policy import POLICY, Resource
from hubbub.intake.admission import Admitted
from hubbub.intake.answers import Answer, Problem, Wait
from hubbub.intake.limits import Limits
from hubbub.intake.ping import Field, Rejected, decode_rows
from hubbub.intake.refusals import Refusals
from hubbub.intake.request import Receive, Request, Scope, Send, exchange
from hubbub.terms.catalogue import CATEGORIES
from hubbub.terms.errors import HubbubError
from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.time import SECOND, Clock, Instant
from hubbub.terms.use import Counted, DeviceKind, Named, UseKind, UseTable

PATH: Final = "/v1/intake/messenger"

_AGAIN_AFTER_S: Final = 5.0
_DAY_MS: Final = 86_400_000
_MS: Final = 1000
_MS_MAX: Final = 1 << 43
_NUMBER_MAX: Final = 1 << 62

_TABLES: Final[Mapping[str, UseTable]] = {
    "use": "service_use",
    "device": "device_use",
    "contacts": "interactions",
}
_KINDS: Final[Mapping[str, Mapping[str, int]]] = {
    "use": {kind.name.lower(): kind for kind in UseKind},
    "device": {kind.name.lower(): kind for kind in DeviceKind},
    "contacts": {kind.name.lower(): kind for kind in UseKind},
}

type _Number = Annotated[int, Meta(ge=1, le=_NUMBER_MAX)]


class Receipts(Protocol):
    """Where receipts are looked up."""

    def live(self, receipts: Collection[ReceiptNumber]) -> Mapping[ReceiptNumber, LiveReceipt]:
        """Tell whose `receipts` are, and what of them holds now. Those of nobody are left out."""
        ...


class Counts(Protocol):
    """Where counts come to rest."""

    def add(self, rows: Sequence[Counted]) -> int:
        """Add those that are not here yet, durably. Gives how many those were."""
        ...


class _Row(Personal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    receipt: _Number
    at_ms: Annotated[int, Meta(ge=0, le=_MS_MAX)]
    until_ms: Annotated[int, Meta(ge=0, le=_MS_MAX)]
    about: Literal["use", "device", "contacts"]
    kind: str
    times: Annotated[int, Meta(ge=1, le=1 << 30)]
    room: Annotated[int, Meta(ge=1, le=(1 << 63) - 1)] | None = None
    other_receipt: _Number | None = None


class _Body(msgspec.Struct, frozen=True):
    rows: list[msgspec.Raw]


_BODY: Final = msgspec.json.Decoder(_Body)
_ROW: Final = msgspec.json.Decoder(_Row)
_FIELDS: Final = {
    name: Field(name, expected)
    for name, expected in {
        "id": "32 hexadecimal digits",
        "receipt": "the number of a receipt that covers this",
        "at_ms": "a time that has come, in milliseconds since 1970",
        "until_ms": "a time after `at_ms`, by a day at most",
        "about": "use, device or contacts",
        "kind": "a kind of what the row is about",
        "times": "a number of times, 1 or more",
        "room": "a pseudonym, where a row is about contacts and nowhere else",
        "other_receipt": "the number of a receipt, where a row is about contacts",
    }.items()
}


class _Judged(NamedTuple):
    """What became of the rows of one body: taken in, told of, and counted by whose and why."""

    rows: list[Counted]
    rejected: list[Rejected]
    refused: Counter[tuple[Subject | None, str]]

    def __repr__(self) -> str:
        """Name the kind and nothing else: the rows are about people."""
        return "<_Judged>"


class MessengerDoor:
    """Takes counts over HTTP: each bad row told, each good row durable, none of them twice."""

    def __init__(
        self,
        receipts: Receipts,
        counts: Counts,
        refusals: Refusals,
        *,
        secret: str,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        """Let in who knows `secret`. The `clock` is the real one."""
        assert POLICY[Resource.COUNTS, "make"] == "messenger", "nobody else counts"
        self._receipts, self._counts, self._refusals = receipts, counts, refusals
        self._secret, self._clock = secret, clock
        self._limits = limits or Limits()
        self.answers: Counter[int] = Counter()
        self.accepted = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "the door speaks HTTP"
        request = Request(scope, receive)
        told = await exchange(request, send, answer=self._answer, limits=self._limits)
        if told is not None:
            self.answers[told.status] += 1

    async def _answer(self, request: Request) -> Answer:
        if request.method != "POST":
            raise Problem("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "this takes POST")
        token = request.token() or ""
        if not secrets.compare_digest(token.encode(), self._secret.encode()):
            detail = "this is for the house's own homeserver"
            raise Problem("unknown-token", HTTPStatus.UNAUTHORIZED, detail)
        body = await request.body(self._limits)
        try:
            raws = _BODY.decode(body).rows
        except (msgspec.DecodeError, RecursionError):
            detail = "the body cannot be read: expected JSON with `rows`, a list"
            raise Problem("bad-body", HTTPStatus.BAD_REQUEST, detail) from None
        if len(raws) > self._limits.rows_max:
            detail = f"a request has at most {self._limits.rows_max} rows; send it in parts"
            raise Problem("too-many-rows", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        try:
            admitted = await self._admitted(raws)
        except (HubbubError, OSError):
            detail = "rows cannot be made durable just now; send them again later"
            raise Wait(
                "not-durable", HTTPStatus.SERVICE_UNAVAILABLE, detail, wait_s=_AGAIN_AFTER_S
            ) from None
        return Answer(HTTPStatus.OK, msgspec.json.encode(admitted._asdict()), "application/json")

    async def _admitted(self, raws: Sequence[msgspec.Raw]) -> Admitted:
        """Make the rows durable that may be taken, and count the others."""
        judged, new = await asyncio.to_thread(self._take_in, raws)
        for (subject, reason), rows in judged.refused.items():
            if subject is None:
                self._refusals.count(reason, rows)
            else:
                self._refusals.count_of(subject, reason, rows)
        self.accepted += new
        return Admitted(new, len(judged.rows) - new, judged.rejected)

    def _take_in(self, raws: Sequence[msgspec.Raw]) -> tuple[_Judged, int]:
        rows, places, rejected = decode_rows(enumerate(raws), _ROW, _FIELDS)
        named = {row.receipt for row in rows} | {row.other_receipt for row in rows}
        live = self._receipts.live({ReceiptNumber(each) for each in named if each is not None})
        judged = _Judged([], rejected, Counter({(None, "bad-row"): len(rejected)}))
        for place, row in zip(places, rows, strict=True):
            self._judge(row, place, live, into=judged)
        judged.rejected.sort(key=lambda reason: reason.row)
        return judged, self._counts.add(judged.rows) if judged.rows else 0

    def _judge(
        self,
        row: _Row,
        place: int,
        live: Mapping[ReceiptNumber, LiveReceipt],
        *,
        into: _Judged,
    ) -> None:
        """Take a row in as it holds now, or tell why not."""
        table = _TABLES[row.about]
        deal = live.get(ReceiptNumber(row.receipt))
        may = 0 if deal is None else deal.stamp(CATEGORIES[table])
        if (field := self._wrong_field(row)) is not None:
            into.rejected.append(Rejected(place, *_FIELDS[field]))
            into.refused[None if deal is None else deal.subject, "bad-row"] += 1
        elif deal is None:
            into.rejected.append(Rejected(place, *_FIELDS["receipt"]))
            into.refused[None, "unknown-receipt"] += 1
        elif may == 0:
            into.rejected.append(Rejected(place, *_FIELDS["receipt"]))
            into.refused[deal.subject, "paused" if deal.paused else "withdrawn"] += 1
        else:
            other = _named(row, live, may=may)
            into.rows.append(_counted(row, table, deal.subject, may=may, other=other))

    def _wrong_field(self, row: _Row) -> str | None:
        latest_ms = (self._clock.now() + self._limits.future_s_max * SECOND) // _MS
        if row.kind not in _KINDS[row.about]:
            return "kind"
        if row.at_ms > latest_ms:
            return "at_ms"
        if not row.at_ms < row.until_ms <= min(row.at_ms + _DAY_MS, latest_ms):
            return "until_ms"
        is_about_contacts = row.about == "contacts"
        if (row.room is not None) != is_about_contacts:
            return "room"
        if row.other_receipt is not None and not is_about_contacts:
            return "other_receipt"
        return None


def _named(row: _Row, live: Mapping[ReceiptNumber, LiveReceipt], *, may: int) -> Named | None:
    """Name whom a row names, if that holds on their side as well: else the row goes without."""
    if row.other_receipt is None:
        return None
    theirs = live.get(ReceiptNumber(row.other_receipt))
    their_may = 0 if theirs is None else theirs.stamp(CATEGORIES[_TABLES[row.about]])
    if theirs is None or their_may & may == 0:
        return None
    return Named(subject=theirs.subject, receipt=ReceiptNumber(row.other_receipt), may=their_may)


def _counted(
    row: _Row, table: UseTable, subject: Subject, *, may: int, other: Named | None
) -> Counted:
    return Counted(
        id=bytes.fromhex(row.id),
        table=table,
        subject=subject,
        receipt=ReceiptNumber(row.receipt),
        may=may,
        at=Instant(row.at_ms * _MS),
        until=Instant(row.until_ms * _MS),
        kind=_KINDS[row.about][row.kind],
        times=row.times,
        room=row.room or 0,
        other=other,
    )
