"""What somebody leaves behind, in every form in which it could be told, and whether it is there."""

import base64
import hashlib
import struct
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

type Form = bytes | tuple[bytes, bytes]
"""Bytes, or two stretches of bytes that stand near each other."""

type Forms = Mapping[str, Form]
"""What is looked for, by what it is called."""

_HASHES: Final = ("md5", "sha1", "sha256")
_NEAR: Final = 60  # bytes


def forms_of_word(what: str, word: str) -> Forms:
    """Write a name, a plate or a token in every form that one would think of."""
    plain = word.encode()
    hashes = {name: hashlib.new(name, plain, usedforsecurity=False) for name in _HASHES}
    forms = {
        "plain": plain,
        "backwards": plain[::-1],
        "in UTF-16": word.encode("utf-16-le"),
        "in an address": quote(word, safe="").encode(),
        "in hex": plain.hex().encode(),
        **{f"in base64 ({skipped})": _base64(plain, skipped) for skipped in range(3)},
        **{f"as its {name}": digest.hexdigest().encode() for name, digest in hashes.items()},
        **{f"as its {name}, raw": digest.digest() for name, digest in hashes.items()},
    }
    return {f"{what} {form}": written for form, written in forms.items()}


def forms_of_place(what: str, lat_e6: int, lon_e6: int) -> Forms:
    """Write a place: each number exactly, and both together to a metre."""
    forms = dict[str, Form]()
    for axis, e6 in (("latitude", lat_e6), ("longitude", lon_e6)):
        forms[f"{axis} in degrees"] = f"{e6 / 1e6:.6f}".encode()
        forms[f"{axis} in millionths"] = str(e6).encode()
        forms[f"{axis} in 64 bits"] = struct.pack("<q", e6)
        forms[f"{axis} as a float"] = struct.pack("<d", e6 / 1e6)
    forms["in 32 bits"] = struct.pack("<ii", lat_e6, lon_e6)
    forms["in 32 bits, turned"] = struct.pack("<ii", lon_e6, lat_e6)
    lat, lon = (f"{e6 / 1e6:.6f}"[:-1] for e6 in (lat_e6, lon_e6))
    forms["to a metre"] = (lat.encode(), lon.encode())
    forms["to a metre, in whole numbers"] = (
        lat.replace(".", "").encode(),
        lon.replace(".", "").encode(),
    )
    return {f"{what} {form}": written for form, written in forms.items()}


def forms_of_moment(what: str, at: int) -> Forms:
    """Write the very microsecond at which somebody was somewhere."""
    return {
        f"{what} in 64 bits": struct.pack("<q", at),
        f"{what} in 64 bits, turned": struct.pack(">q", at),
        f"{what} in digits": str(at).encode(),
        f"{what} in seconds": f"{at // 10**6}.{at % 10**6:06}".encode(),
    }


def found_in(forms: Forms, text: bytes) -> set[str]:
    """Tell which forms stand in `text`, whatever their letters' case."""
    lowered = text.lower()
    return {what for what, form in forms.items() if _stands(form, text, lowered)}


def _stands(form: Form, text: bytes, lowered: bytes) -> bool:
    if isinstance(form, bytes):
        has_case = form.isascii() and form.lower() != form.upper()
        return form in text or (has_case and form.lower() in lowered)
    one, other = form
    place = text.find(one)
    while place >= 0:
        if other in text[max(0, place - _NEAR) : place + _NEAR]:
            return True
        place = text.find(one, place + 1)
    return False


def _base64(plain: bytes, skipped: int) -> bytes:
    """Give the letters that stand for `plain` whatever is before and after it."""
    written = base64.b64encode(bytes(skipped) + plain)
    first = (8 * skipped + 5) // 6
    return written[first : (8 * (skipped + len(plain))) // 6]
