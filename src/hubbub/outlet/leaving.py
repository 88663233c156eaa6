"""The last look before anything leaves: it was released, and the ledger knows of what."""

from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from hubbub.crowd.gate import Released
from hubbub.outlet.problems import ProblemError
from hubbub.outlet.sources import Sources

REFUSED: Final = "hubbub_outlet_withheld"


class Withheld(ProblemError):
    """What was about to leave was not released by a gate, or the ledger does not know it."""

    def __init__(self, why: str) -> None:
        super().__init__("withheld", HTTPStatus.INTERNAL_SERVER_ERROR, why)


class LastLook:
    """Lets released values out, and counts what it did not let out."""

    def __init__(self, sources: Sources, *, metrics: CollectorRegistry) -> None:
        self._sources = sources
        self._withheld = Counter(
            REFUSED, "Answers that the outlet refused to give.", registry=metrics
        )
        self._seen: object = None  # the promise that was looked at last

    def take_out[Value](self, promise: Released[Value]) -> Value:
        """Give the value of `promise`. Raises `Withheld` for whatever no gate let through."""
        if promise is self._seen:
            return promise.value
        if not _is_genuine(promise):
            self._withheld.inc()
            raise Withheld("only what a gate released leaves this house")
        if not promise.sources or not all(map(self._sources.is_released, promise.sources)):
            self._withheld.inc()
            raise Withheld("the ledger does not know what this was made of")
        self._seen = promise
        return promise.value


def _is_genuine(promise: object) -> bool:
    return type(promise) is Released  # not isinstance: a look-alike may lie about its class
