"""Signals that come with a request: read at the outlet as at the door."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from hubbub.deal.signals import Signals, read_signals
from hubbub.deal.tcf import NotTcf
from hubbub.outlet.operations import Parameter
from hubbub.outlet.problems import ProblemError

GPC_SUPPORT: Final = {"gpc": True, "lastUpdate": "2026-11-25"}
"""What `/.well-known/gpc.json` says: the signal is heeded, and since when we say so."""


SIGNALS: Final = (
    Parameter(
        name="Sec-GPC",
        meaning="1: no ads, and nobody but the own service, whatever was chosen.",
        example="1",
        within="header",
    ),
    Parameter(
        name="TC-String",
        meaning="What an app's dialogue of TCF 2.2 or 2.3 was told: it closes what was refused.",
        example="CQ…",
        within="header",
    ),
)
"""What may come with a request that says yes to something, and narrows it."""


class BadTcString(ProblemError):
    """A TC string came along that cannot be read: then nothing is agreed to."""

    def __init__(self, rule: str) -> None:
        super().__init__("bad-tc-string", HTTPStatus.BAD_REQUEST, rule, expected=rule)


def signals_of(request: Request) -> Signals:
    """Read `Sec-GPC` and TC strings, by header and by address, of a request."""
    headers = request.headers
    told = [*headers.getlist("tc-string"), *request.query_params.getlist("gdpr_consent")]
    try:
        return read_signals(gpc=headers.getlist("sec-gpc"), tc_strings=told)
    except NotTcf as bad:
        raise BadTcString(str(bad)) from None
