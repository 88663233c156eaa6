"""A person's deal, switch by switch: what is on, since when, and the receipt of every change."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, Literal

from starlette.responses import Response

from hubbub.deal.desk import AgeBand, ChoiceRefused
from hubbub.deal.notice import Notice
from hubbub.deal.policy import Resource
from hubbub.deal.receipt import Receipt, on_since
from hubbub.deal.signals import Conflict
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import BadParameter, NotFound, ProblemError
from hubbub.outlet.signals import SIGNALS, signals_of
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_me import (
    CellCard,
    CellName,
    ConflictCard,
    DismissChanges,
    MyDeal,
    NoticeCard,
    PauseDeal,
    ReceiptCard,
    SwitchCell,
)
from hubbub.terms.purposes import PURPOSES, Category, Cell, RecipientKey
from hubbub.terms.time import iso

METHOD: Final = "switched on My data"


class CannotSwitch(ProblemError):
    """The switch cannot be put that way."""

    def __init__(self, why: str) -> None:
        super().__init__("cannot-choose", HTTPStatus.UNPROCESSABLE_ENTITY, why, expected=why)


class MyDealOutlet:
    """Answers what a person asks of their own deal."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (*self._of_switches(), *self._of_all_of_it(), *self._of_receipts())

    def _of_switches(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/me/deal",
                resource=Resource.DEAL,
                action="read",
                summary="Your deal: every switch there is, on or off, and since when.",
                perform=self.deal,
                answer=MyDeal,
                waits=True,
            ),
            Operation(
                method="PUT",
                path="/v1/me/deal/cell",
                resource=Resource.DEAL,
                action="change",
                summary="Switch one cell on or off. The device keeps its token.",
                perform=self.switch,
                answer=MyDeal,
                body=SwitchCell,
                example={
                    "category": Category.LOCATION,
                    "purpose": "public.traffic.live",
                    "on": False,
                },
                parameters=SIGNALS,
                problems=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY),
                waits=True,
            ),
        )

    def _of_all_of_it(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="PUT",
                path="/v1/me/deal/pause",
                resource=Resource.DEAL,
                action="change",
                summary="Pause: nothing of you is read or taken, and nothing deleted. Or go on.",
                perform=self.pause,
                answer=MyDeal,
                body=PauseDeal,
                example={"paused": True},
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="PUT",
                path="/v1/me/deal/dismissed",
                resource=Resource.DEAL,
                action="change",
                summary="Dismiss what changed in the notice, once. It agrees to nothing.",
                perform=self.dismiss,
                answer=MyDeal,
                body=DismissChanges,
                example={"version": 1},
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="DELETE",
                path="/v1/me/deal",
                resource=Resource.DEAL,
                action="end",
                summary="Switch everything off.",
                perform=self.stop,
                answer=MyDeal,
                waits=True,
            ),
        )

    def _of_receipts(self) -> tuple[Operation, ...]:
        return (
            Operation(
                method="GET",
                path="/v1/me/receipts",
                resource=Resource.RECEIPTS,
                action="read",
                summary="Your receipts in short, newest first.",
                perform=self.receipts,
                answer=list[ReceiptCard],
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/me/receipts/{number}",
                resource=Resource.RECEIPTS,
                action="read",
                summary="One receipt of yours, signed, to keep.",
                perform=self.receipt,
                answer=Receipt,
                parameters=(
                    Parameter(name="number", meaning="Its number.", example="1", within="path"),
                ),
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
        )

    def deal(self, asked: Asked) -> Response:
        """Answer with the deal."""
        return answer_json(self._deal(asked))

    def switch(self, asked: Asked) -> Response:
        """Switch one cell, and answer with the deal as it is then."""
        wish: SwitchCell = asked.body
        if wish.purpose not in PURPOSES:
            raise BadParameter("purpose", expected=f"any of {', '.join(PURPOSES)}")
        cell = Cell(wish.category, PURPOSES[wish.purpose], RecipientKey(wish.recipient))
        desk = self._sources.desk()
        try:
            if wish.on:
                signals = signals_of(asked.request)
                desk.choose(asked.person.who, frozenset({cell}), METHOD, signals=signals)
            else:
                desk.withdraw(asked.person.who, frozenset({cell}), METHOD)
        except ChoiceRefused as refused:
            raise CannotSwitch(str(refused)) from None
        return self.deal(asked)

    def pause(self, asked: Asked) -> Response:
        """Pause, or go on, and answer with the deal as it is then."""
        wish: PauseDeal = asked.body
        desk = self._sources.desk()
        if wish.paused:
            desk.pause(asked.person.who, METHOD)
        else:
            desk.resume(asked.person.who, METHOD)
        return self.deal(asked)

    def dismiss(self, asked: Asked) -> Response:
        """Remember that what changed was seen, and answer with the deal: it is what it was."""
        wish: DismissChanges = asked.body
        if wish.version > self._sources.desk().notice().version:
            raise BadParameter("version", expected="a version that is in force, or was")
        self._sources.identities().dismiss_notice(asked.person.subject, wish.version)
        return self.deal(asked)

    def stop(self, asked: Asked) -> Response:
        """Switch everything off, and answer with the deal as it is then."""
        self._sources.desk().withdraw(asked.person.who, None, METHOD)
        return self.deal(asked)

    def receipts(self, asked: Asked) -> Response:
        """Answer with the receipts in short."""
        theirs = self._sources.desk().receipts(asked.person.who)
        cards = [_receipt(number, receipt) for number, receipt in enumerate(theirs, 1)]
        return answer_json(cards[::-1])

    def receipt(self, asked: Asked) -> Response:
        """Answer with one receipt. The numbers are the person's own, so nobody else's is there."""
        number = asked.request.path_params["number"]
        theirs = self._sources.desk().receipts(asked.person.who)
        known = {str(each): receipt for each, receipt in enumerate(theirs, 1)}
        if number not in known:
            raise NotFound("a receipt of that number")
        response = answer_json(known[number].document())
        file = f'attachment; filename="hubbub-receipt-{number}.json"'
        response.headers["content-disposition"] = file
        return response

    def _deal(self, asked: Asked) -> MyDeal:
        desk, person = self._sources.desk(), asked.person
        receipts, notice = desk.receipts(person.who), desk.notice()
        since, conflicts = on_since(receipts), desk.conflicts(person.who)
        account = self._sources.identities().account(person.subject)
        seen = self._sources.identities().notice_seen(person.subject)
        names, paused = names_of(self._sources), desk.paused_since(person.who)
        changes = desk.changes(person.who)
        return MyDeal(
            device=account.device,
            age_band=account.age,
            standing=_standing(is_on=bool(since), is_paused=paused is not None),
            paused_since=None if paused is None else iso(paused),
            since=receipts[-1].given_at,
            receipt=len(receipts),
            agreed_version=changes.agreed_version,
            changes=[*changes.changes],
            changes_dismissed=seen >= notice.version,
            notice=NoticeCard(
                version=notice.version,
                sha256=notice.sha256,
                title=notice.title,
                region=notice.region.region,
                language=notice.language,
            ),
            cells=[
                _cell(
                    cell,
                    notice,
                    names=names,
                    since=since.get(cell),
                    alone=account.age is AgeBand.MINOR or notice.is_special(cell.category),
                    conflicts=conflicts,
                )
                for cell in _switches(notice, since)
            ],
            conflicts=[_conflict(each) for each in conflicts],
        )


def _switches(notice: Notice, on: dict[Cell, str]) -> list[Cell]:
    """List what the notice offers, in its order, and what is on and no longer offered."""
    offered = [
        Cell(category, PURPOSES[use.purpose], recipient)
        for use in notice.uses
        for category in use.categories
        for recipient in use.recipients
    ]
    return [*offered, *(cell for cell in on if cell not in offered)]


def _standing(*, is_on: bool, is_paused: bool) -> Literal["sharing", "paused", "stopped"]:
    if not is_on:
        return "stopped"
    return "paused" if is_paused else "sharing"


def names_of(sources: Sources) -> dict[str, str]:
    """Give the names of who may read, by key: of all that are or ever were registered."""
    registered = ((card.key, card.name) for card in sources.registry().cards())
    told = ((each.recipient, each.name) for each in sources.desk().notice().recipients)
    return {str(key): name for key, name in (*registered, *told)}


def _cell(
    cell: Cell,
    notice: Notice,
    *,
    names: Mapping[str, str],
    since: str | None,
    alone: bool,
    conflicts: Sequence[Conflict],
) -> CellCard:
    offered = cell in notice.cells()
    use = notice.use(cell.purpose) if offered else None
    return CellCard(
        category=cell.category,
        purpose=cell.purpose.key,
        recipient=cell.recipient,
        category_title=notice.category(cell.category).title if use else cell.category,
        title=use.title if use else cell.purpose.key,
        words=use.words if use else "The notice in force offers this no more.",
        published=use.published if use else "",
        recipient_name=names.get(cell.recipient, cell.recipient),
        retention_days=notice.category(cell.category).retention_days if use else None,
        legal_basis=notice.basis(use).dpv if use else "",
        on=since is not None,
        since=since,
        offered=offered,
        alone=alone,
        conflicts=sorted({each.signal for each in conflicts if cell in each.cells}),
    )


def _conflict(conflict: Conflict) -> ConflictCard:
    return ConflictCard(
        signal=conflict.signal,
        cells=[CellName.of(cell) for cell in conflict.cells],
        first_at=iso(conflict.first_at),
        last_at=iso(conflict.last_at),
        times=conflict.times,
    )


def _receipt(number: int, receipt: Receipt) -> ReceiptCard:
    return ReceiptCard(
        number=number,
        at=receipt.given_at,
        status="given" if receipt.agreed else "withdrawn",
        method=receipt.method,
        notice_version=receipt.notice.version,
        granted=[CellName.of(cell) for cell in receipt.cells()],
        closed=list(receipt.closed),
    )
