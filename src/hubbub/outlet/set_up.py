"""How a phone is told where to send: links that OwnTracks and Overland open, and QR codes."""

import base64
from io import BytesIO
from urllib.parse import quote, urlencode

import msgspec
import segno
from msgspec.structs import replace

from hubbub.deal.desk import Enrolment
from hubbub.outlet.wire import SetUp


def set_up(enrolment: Enrolment, *, origin: str, pictures: bool = False) -> list[SetUp]:
    """Give the ways to make the device of `enrolment` send to the house at `origin`.

    With `pictures`, links are drawn as QR codes too, which takes a tenth of a second.
    """
    token, device = enrolment.token.secret, enrolment.device
    ways = [
        _owntracks(token, device, origin),
        _overland(token, device, origin),
        _typed("Traccar Client", f"Server URL: {origin}/v1/intake/traccar", f"Identifier: {token}"),
        _typed(
            "GPSLogger",
            "Log to custom URL, with this URL:",
            f"{origin}/v1/intake/gpslogger?lat=%LAT&lon=%LON&time=%TIME"
            f"&spd=%SPD&acc=%ACC&dir=%DIR&token={token}",
        ),
    ]
    return [replace(way, qr_svg=_qr(way.link)) if pictures and way.link else way for way in ways]


def _owntracks(token: str, device: str, origin: str) -> SetUp:
    configuration = {
        "_type": "configuration",
        "mode": 3,  # HTTP
        "url": f"{origin}/v1/intake/owntracks",
        "auth": True,
        "username": device,
        "password": token,
        "deviceId": device,
        "tid": (device + "xx")[:2],
        "monitoring": 2,  # move mode: a position every few seconds while driving
        "locatorInterval": 10,
        "moveModeLocatorInterval": 10,
        "cmd": False,
    }
    inline = base64.b64encode(msgspec.json.encode(configuration)).decode()
    link = f"owntracks:///config?inline={quote(inline, safe='')}"
    steps = ["Install OwnTracks.", "Open this link on the phone, or scan it with the camera."]
    return SetUp(app="OwnTracks", link=link, qr_svg="", steps=steps)


def _overland(token: str, device: str, origin: str) -> SetUp:
    query = urlencode({"url": f"{origin}/v1/intake/overland", "token": token, "device_id": device})
    link = f"overland://setup?{query}"
    steps = [
        "Install Overland.",
        "Open this link on the phone, or scan it with the camera.",
        "Choose the tracking mode “driving”, and switch tracking on.",
    ]
    return SetUp(app="Overland", link=link, qr_svg="", steps=steps)


def _typed(app: str, *fields: str) -> SetUp:
    return SetUp(app=app, link="", qr_svg="", steps=[f"Install {app}.", *fields])


def _qr(link: str) -> str:
    drawn = BytesIO()
    # Black on white in dark mode too: cameras read it more surely.
    segno.make(link, error="m").save(
        drawn, kind="svg", scale=4, border=3, light="#ffffff", xmldecl=False, svgns=True
    )
    return drawn.getvalue().decode()
