"""Whether anything of one person leaves: somebody unmistakable shares, and every byte is searched.

In a house of its own somebody enrols and drives through the city. Her device's name, her token, a
number plate in a field that nobody asked for, and every place she was at are looked for, in many
forms, in whatever the house then answers to others and in what its processes write. That they can
be found is seen where they belong: in the answers to herself, which are hers by right, and which
come from the record.
"""

import secrets
import time
from collections import ChainMap
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from hubbub.prove.check import Case, Check, Verdict, failed, verdict
from hubbub.prove.drill import DrillHouse, drill_house
from hubbub.prove.looking import looks, provoked
from hubbub.prove.traces import Forms, forms_of_place, forms_of_word, found_in
from hubbub.run.city import DEMO_MORNINGS
from hubbub.run.demo import DAY
from hubbub.run.recording import read_recording
from hubbub.run.status import KeeperStatus, read_note
from hubbub.terms.people import Personal
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND

OWN: Final = ("/v1/deal/receipts", "/v1/me/pings")
"""What she may ask about herself. With her enrolment's answer, it is all that is not searched."""

_PINGS: Final = 60
_PLACES_MIN: Final = 30
_SEND_EVERY_S: Final = 0.25
_OUT_AFTER_US: Final = 340 * SECOND  # of the house's clock: a window of each group, and a bit
_PATIENCE_S: Final = 30.0
_OK: Final = 200
_FAULT: Final = 500


class Place(Personal, frozen=True):
    """Where she was, so long after she set out, and how she went."""

    after_us: int
    lat_e6: int
    lon_e6: int
    speed_mps: float
    course_deg: float

    @property
    def forms(self) -> Forms:
        """Give what of it is looked for."""
        return forms_of_place("a place of hers:", self.lat_e6, self.lon_e6)


class Canary(Personal, frozen=True, kw_only=True):
    """Somebody whose every word and place is hers alone."""

    device: str
    plate: str
    token: str
    told: bytes  # the answer to her enrolment
    words: dict[str, Forms]
    drive: list[Place]

    @property
    def forms(self) -> Forms:
        """Give all that is looked for."""
        places = {
            f"{what} ({number})": form
            for number, place in enumerate(self.drive)
            for what, form in place.forms.items()
        }
        return {**places, **dict(ChainMap(*map(dict, self.words.values())))}


class _Enrolled(msgspec.Struct):
    token: str


def check_canary(case: Case) -> Verdict:
    """Let her share, look at everything, and search it."""
    del case
    with drill_house() as house:
        canary = enrolled(house, [reply.all for _, reply in looks(house)])
        stranger, _ = _enrol(house, "somebody else")
        if not _drive(house, canary):
            return failed("her drive was not released: nothing of hers was there to leave")
        own = b"".join(house.ask("GET", path, token=canary.token).body for path in OWN)
        looked = [*looks(house, token=stranger)]
        errors = [*provoked(house, canary.token, (canary.device, canary.plate))]
        house.stop()
        written = ("what its processes wrote", house.written())
        rests = b"".join(f.read_bytes() for f in house.home.folder.rglob("*") if f.is_file())
    answers = (*looked, *errors)
    if broken := [what for what, reply in answers if reply.status == _FAULT]:
        return failed(f"the house faults: {broken[0]}")
    if sum(reply.status == _OK for _, reply in looked) < len(looked) / 2:
        return failed("the house shows little, so there was little to search")
    seen = [*((what, reply.all) for what, reply in answers), written]
    return _judged(canary, own, seen, rests=rests)


def _judged(
    canary: Canary, own: bytes, seen: Sequence[tuple[str, bytes]], *, rests: bytes
) -> Verdict:
    """Search what others saw, and what rests; and see that the search does find."""
    forms = canary.forms
    faults = [
        f"{what} tells {min(found)}" for what, text in seen if (found := found_in(forms, text))
    ]
    for word in ("plate", "token"):  # a token is kept as its hash, a plate not at all
        secret = {what: form for what, form in canary.words[word].items() if "sha256" not in what}
        faults += [f"at rest: {form}" for form in sorted(found_in(secret, rests))]
    places = sum(bool(found_in(place.forms, own)) for place in canary.drive)
    named = all(found_in(canary.words[word], canary.told) for word in ("name", "token"))
    if places < len(canary.drive) or not named or not found_in(canary.words["name"], rests):
        faults.append("what belongs to her is not in her own answers, so the search shows nothing")
    size_mb = sum(len(text) for _, text in seen) / 1e6
    return verdict(
        faults,
        f"{len(forms)} forms of her name, token, plate and {places} places: none in {len(seen)} "
        f"answers, pages, tiles, errors and logs ({size_mb:.1f} MB); all in her own answers",
    )


def enrolled(house: DrillHouse, before: Sequence[bytes]) -> Canary:
    """Make up somebody of whom nothing stands in what was answered before, and enrol her."""
    device, plate = f"canary {secrets.token_hex(6)}", f"HB{secrets.randbelow(10**8):08}"
    token, told = _enrol(house, device)
    everything = b"\n".join(before)
    words = {"name": device, "plate": plate, "token": token}
    drive = [place for place in _recorded(house) if not found_in(place.forms, everything)]
    assert len(drive) >= _PLACES_MIN, "the city's map does not name every metre"
    return Canary(
        device=device,
        plate=plate,
        token=token,
        told=told,
        words={what: forms_of_word(f"her {what}", word) for what, word in words.items()},
        drive=drive,
    )


def _recorded(house: DrillHouse) -> list[Place]:
    """Take the drive of the recorded morning that has most pings, its first minutes."""
    recording = read_recording(DEMO_MORNINGS[1], day=DAY, zone=house.city.zone)
    driver = int(np.bincount(recording.device).argmax())
    first = int(np.flatnonzero(recording.device == driver)[0])
    rows = slice(first, first + _PINGS)
    columns = (recording.lat, recording.lon, recording.speed_mps, recording.course_deg)
    after_us = recording.at[rows] - recording.at[first]
    return [
        Place(after, _e6(lat), _e6(lon), speed, course)
        for after, lat, lon, speed, course in zip(
            after_us.tolist(), *(column[rows].tolist() for column in columns), strict=True
        )
    ]


def _e6(degrees: float) -> int:
    """Give millionths of which the last digit is written: not a nought."""
    e6 = round(degrees * 1e6)
    return e6 + (e6 % 10 == 0)


def _enrol(house: DrillHouse, device: str) -> tuple[str, bytes]:
    wish = {"device": device, "purposes": [Traffic.key, LiveTraffic.key]}
    told = house.ask("POST", "/v1/deal/enrolments", body=msgspec.json.encode(wish)).body
    return msgspec.json.decode(told, type=_Enrolled).token, told


def _drive(house: DrillHouse, canary: Canary) -> bool:
    """Drive as fast as the house's clock; wait until what became of it can have been released."""
    set_out, left = house.clock.now(), list(canary.drive)
    while left:
        now = house.clock.now()
        taken = [place for place in left if set_out + place.after_us <= now]
        left = left[len(taken) :]
        if taken:
            body = [_ping(place, set_out, plate=canary.plate) for place in taken]
            house.ask("POST", "/v1/intake", body=msgspec.json.encode(body), token=canary.token)
        time.sleep(_SEND_EVERY_S)
    out, until = house.clock.now() + _OUT_AFTER_US, time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        status = read_note(house.home.keeper_status, KeeperStatus)
        released = status is not None and status.passes and status.releases
        if released and house.clock.now() > out:
            return True
        time.sleep(_SEND_EVERY_S)
    return False


def _ping(place: Place, set_out: int, *, plate: str) -> dict[str, float | str]:
    return {
        "at": (set_out + place.after_us) / SECOND,
        "lat": place.lat_e6 / 1e6,
        "lon": place.lon_e6 / 1e6,
        "accuracy_m": 5.0,
        "speed_mps": place.speed_mps,
        "course_deg": place.course_deg,
        "plate": plate,
    }


CANARY: Final = Check(
    id="canary",
    sentence="Nothing that one person shares leaves, in any form: not in answers, errors or logs.",
    run=check_canary,
)
