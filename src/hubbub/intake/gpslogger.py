"""GPSLogger for Android, "Log to custom URL": parameters of a GET or POST, one position a request.

Sources: GPSLogger's own sender (github.com/mendhak/gpslogger, CustomUrlManager) for parameters and
units - `%TIMESTAMP` seconds, `%TIME` ISO 8601 in UTC, `%SPD` metres a second - and the example URL
that the app starts with, which has `longitude` and `s`. Any 2xx is the answer it needs; a token
goes into Basic or the URL.
"""

from typing import Final

from hubbub.intake.adapter import Adapter, Sent, form
from hubbub.intake.ping import (
    Parsed,
    Ping,
    Source,
    check,
    columns_of,
    number_of,
    number_told,
    renamed,
    seconds_of,
    told,
)

_FIELDS: Final = renamed(at="time", accuracy_m="acc", speed_mps="spd", course_deg="dir")


def read(sent: Sent) -> Parsed:
    """Read one position. The names are the app's placeholders in small letters, or common ones."""
    parameters = form(sent.body) | dict(sent.query)
    ping = Ping(
        # A `+` before a zone, sent as it is, arrives as a space; these times have no other.
        at=seconds_of(_first(parameters, "timestamp", "time").replace(" ", "+")),
        lat=number_of(_first(parameters, "lat", "latitude")),
        lon=number_of(_first(parameters, "lon", "lng", "longitude")),
        accuracy_m=told(number_told(parameters, "acc", "accuracy")),
        speed_mps=told(number_told(parameters, "spd", "s", "speed")),
        course_deg=told(number_told(parameters, "dir", "direction", "bearing")),
    )
    return check(columns_of([ping]), Source.GPSLOGGER, fields=_FIELDS)


def token(sent: Sent) -> str | None:
    """Find the token among the parameters in the body."""
    return form(sent.body).get("token")


def _first(parameters: dict[str, str], *names: str) -> str:
    return next((parameters[name] for name in names if parameters.get(name)), "")


GPSLOGGER: Final = Adapter(
    read=read,
    methods=frozenset({"GET", "POST"}),
    answer=(b"", "text/plain"),
    token_parameters=("token", "id"),
    token_in_body=token,
)
