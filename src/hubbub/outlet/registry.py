"""What everybody may know of who reads: the recipients, and the head of the log of reads."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.deal.recipients import RecipientCard
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.problems import NotFound
from hubbub.outlet.signals import GPC_SUPPORT
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import ReadsHead

_SEQ_MAX: Final = (1 << 63) - 1
_FRESH: Final = {"cache-control": "no-cache"}


class RegistryOutlet:
    """Answers what is asked about who reads."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/recipients",
                resource=Resource.RECIPIENTS,
                action="read",
                summary="Everybody who is or ever was registered to read, as far as people agree.",
                perform=self.recipients,
                answer=list[RecipientCard],
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/audit/head",
                resource=Resource.RECIPIENTS,
                action="read",
                summary="The head of the log of who read what for which purpose: note it down.",
                perform=self.head,
                answer=ReadsHead,
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/audit/heads/{seq:int}",
                resource=Resource.RECIPIENTS,
                action="read",
                summary="What the head was at an entry: the same that was noted down then.",
                perform=self.head_then,
                answer=ReadsHead,
                parameters=(
                    Parameter(
                        name="seq",
                        meaning="The number of the entry.",
                        example="1",
                        within="path",
                        schema={"type": "integer", "minimum": 1, "maximum": _SEQ_MAX},
                    ),
                ),
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/.well-known/gpc.json",
                resource=Resource.NOTICE,
                action="read",
                summary="That Global Privacy Control is heeded here.",
                perform=self.gpc,
            ),
        )

    def recipients(self, asked: Asked) -> Response:
        """Answer with the list."""
        del asked
        return answer_json(self._sources.registry().cards(), headers=_FRESH)

    def head(self, asked: Asked) -> Response:
        """Answer with the place and hash of the last entry."""
        del asked
        return answer_json(self._sources.reads_head(), headers=_FRESH)

    def head_then(self, asked: Asked) -> Response:
        """Answer with what the head was at an entry: is it what somebody noted down then."""
        seq = asked.request.path_params["seq"]
        head = self._sources.reads_head_at(seq) if seq <= _SEQ_MAX else None
        if head is None:
            raise NotFound("an entry of that number")
        return answer_json(head, headers=_FRESH)

    def gpc(self, asked: Asked) -> Response:
        """Answer as the specification of the signal says."""
        del asked
        return answer_json(GPC_SUPPORT, headers=_FRESH)
