"""Phones that replay a recording: each enrols, then uploads its own pings through the real door.

Run as a child of `hubbub demo`. It knows nothing that a phone would not know.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
import numpy as np
import structlog

from hubbub.run.children import end_with_parent
from hubbub.run.clock import ReplayClock
from hubbub.run.home import Home
from hubbub.run.log import set_up_logs
from hubbub.run.recording import Recording, read_recording
from hubbub.run.settings import read_settings
from hubbub.terms.people import Personal
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant, moment

log = structlog.get_logger()

_UPLOAD_EVERY_S = 15
_ENROLS_BEFORE_S = 120
_AT_ONCE_MAX = 48
_TRIES_MAX = 20
_TELL_EVERY_S = 600
_PURPOSES = (Traffic.key, LiveTraffic.key)


@dataclass(frozen=True, slots=True, order=True)
class Upload:
    """What one phone sends at once: rows of the recording, due when the last was taken.

    Without rows, it only enrols.
    """

    due: Instant
    device: int = field(compare=False)
    rows: slice = field(compare=False)


def uploads(recording: Recording, *, begin: Instant) -> list[Upload]:
    """Cut the recording into what each phone sends every 15 seconds, in the order it is sent.

    Each enrols some time before its first ping, as a person does who installs an app.
    """
    slot = recording.at // (_UPLOAD_EVERY_S * SECOND)
    cut = (np.diff(recording.device) != 0) | (np.diff(slot) != 0)
    starts = np.concatenate(([0], np.flatnonzero(cut) + 1, [len(slot)]))
    made = (
        Upload(Instant(int(recording.at[end - 1])), int(recording.device[start]), slice(start, end))
        for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    )
    sent = [upload for upload in made if upload.due >= begin]
    first: dict[int, Instant] = {}
    for upload in sent:
        first.setdefault(upload.device, Instant(int(recording.at[upload.rows.start])))
    enrolments = (
        Upload(Instant(max(begin, at - _ENROLS_BEFORE_S * SECOND)), device, slice(0, 0))
        for device, at in first.items()
    )
    return sorted([*sent, *enrolments])


class Phones:
    """All phones of the recording, each with its own token."""

    def __init__(
        self, session: aiohttp.ClientSession, recording: Recording, *, tokens: Path
    ) -> None:
        """Keep the phones' tokens in the file `tokens`, as phones do, over a restart."""
        self._session, self._recording, self._kept = session, recording, tokens
        self._known = _kept_tokens(tokens)
        self._tokens: dict[int, asyncio.Task[str]] = {}
        self._left: set[int] = set()
        self.accepted = self.rejected = self.failed = 0

    @property
    def enrolled(self) -> int:
        """Tell how many phones have enrolled so far."""
        return len(self._tokens)

    async def send(self, upload: Upload) -> None:
        """Send as the phone would: enrol first, try again when the house is busy or away."""
        if upload.device in self._left:
            return
        if upload.device not in self._tokens:
            self._tokens[upload.device] = asyncio.create_task(self._enrol(upload.device))
        token = await self._tokens[upload.device]
        if upload.rows.start == upload.rows.stop:
            return
        body = msgspec.json.encode(list(self._recording.pings(upload.rows)))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        async with _asked(self._session, "/v1/intake", body=body, headers=headers) as answer:
            match answer.status:
                case 200 | 422:  # some rows, or none of them, could be taken: it says which
                    told = msgspec.json.decode(await answer.read(), type=_Told)
                    self.accepted += told.accepted
                    self.rejected += len(told.rejected)
                case 401 | 403:  # its person has withdrawn: the phone stops sending
                    self._left.add(upload.device)
                case _:
                    self.failed += 1

    async def _enrol(self, device: int) -> str:
        name = self._recording.names[device]
        if name in self._known:
            return self._known[name]
        body = msgspec.json.encode({"device": name, "purposes": _PURPOSES})
        headers = {"Content-Type": "application/json"}
        path = "/v1/deal/enrolments"
        async with _asked(self._session, path, body=body, headers=headers) as answer:
            answer.raise_for_status()
            token = msgspec.json.decode(await answer.read(), type=_Enrolled).token
        with self._kept.open("ab") as file:
            file.write(msgspec.json.encode(_Kept(name, token)) + b"\n")
        return token


class _Told(msgspec.Struct):
    accepted: int
    rejected: list[msgspec.Raw]


class _Enrolled(msgspec.Struct):
    token: str


class _Kept(Personal, frozen=True):
    device: str
    token: str


def _kept_tokens(file: Path) -> dict[str, str]:
    file.touch(mode=0o600)
    kept = msgspec.json.Decoder(_Kept).decode_lines(file.read_bytes())
    return {each.device: each.token for each in kept}


@contextlib.asynccontextmanager
async def _asked(
    session: aiohttp.ClientSession, path: str, *, body: bytes, headers: dict[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Post, again and again while the house is away or asks to wait; the last answer stands."""
    for attempt in range(_TRIES_MAX):
        try:
            async with session.post(path, data=body, headers=headers) as answer:
                if answer.status not in {429, 503} or attempt == _TRIES_MAX - 1:
                    yield answer
                    return
        except aiohttp.ClientConnectionError:
            if attempt == _TRIES_MAX - 1:
                raise
        await asyncio.sleep(min(2.0, 0.1 * 2**attempt))


async def replay(
    recording: Recording, *, clock: ReplayClock, url: str, zone: ZoneInfo, tokens: Path
) -> None:
    """Play the recording from the clock's present to its end."""
    limit = aiohttp.TCPConnector(limit=_AT_ONCE_MAX)
    async with aiohttp.ClientSession(url, connector=limit) as session:
        phones = Phones(session, recording, tokens=tokens)
        sending: set[asyncio.Task[None]] = set()
        tell_at = clock.now() + _TELL_EVERY_S * SECOND
        for upload in uploads(recording, begin=clock.now()):
            await asyncio.sleep(clock.real_s(upload.due - clock.now()))
            while len(sending) >= 4 * _AT_ONCE_MAX:
                await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(phones.send(upload))
            sending.add(task)
            task.add_done_callback(lambda done: _settle(done, sending, phones))
            if clock.now() >= tell_at:
                tell_at += _TELL_EVERY_S * SECOND
                behind_s = (clock.now() - upload.due) // SECOND
                _tell(phones, f"{moment(clock.now(), zone):%H:%M}", behind_s=behind_s)
        if sending:
            await asyncio.wait(sending)
        _tell(phones, "its end", behind_s=0)
        log.info("the recording has ended; the page stays up")


def _settle(done: asyncio.Task[None], sending: set[asyncio.Task[None]], phones: Phones) -> None:
    sending.discard(done)
    if not done.cancelled() and done.exception() is not None:
        phones.failed += 1


def _tell(phones: Phones, what: str, *, behind_s: int) -> None:
    log.info(
        "replay",
        at=what,
        phones=phones.enrolled,
        accepted=phones.accepted,
        rejected=phones.rejected,
        failed=phones.failed,
        behind_s=behind_s,
    )


def main(arguments: Iterator[str]) -> None:
    """Replay the recording given as: HOME RECORDING URL ZONE."""
    end_with_parent()
    set_up_logs()
    folder, file, url, zone = arguments
    home = Home(Path(folder))
    settings = read_settings(home.folder)
    assert settings.replay is not None, "`hubbub demo` writes the replay into the settings"
    named = ZoneInfo(zone)
    begin = Instant(settings.replay.begin)
    recording = read_recording(Path(file), day=moment(begin, named).date(), zone=named)
    clock, tokens = ReplayClock(settings.replay), home.folder / "replay-tokens.jsonl"
    asyncio.run(replay(recording, clock=clock, url=url, zone=named, tokens=tokens))


if __name__ == "__main__":
    main(iter(sys.argv[1:]))
