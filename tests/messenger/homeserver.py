"""A real Synapse for tests: on a free port, in a folder of its own, in a few seconds."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubbub.run.home import Home
from hubbub.run.messenger.admin import Admin
from hubbub.run.messenger.child import answers, command
from hubbub.run.messenger.config import write_config
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.presence import HOMESERVER, address_of, is_installed
from hubbub.run.settings import Messenger, Settings
from run.ports import free_port

ROOT = Path(__file__).parents[2]
NO_HOMESERVER = "no matrix-synapse: install hubbub[messenger]"
_OFTEN = {"per_second": 10_000, "burst_count": 100_000}
QUICK: Mapping[str, object] = {
    "bcrypt_rounds": 4,
    "background_updates": {"sleep_enabled": False},
    "rc_message": _OFTEN,
    "rc_registration": _OFTEN,
    "rc_registration_token_validity": _OFTEN,
    "rc_login": {"address": _OFTEN, "account": _OFTEN, "failed_attempts": _OFTEN},
    "rc_joins": {"local": _OFTEN, "remote": _OFTEN},
    "rc_invites": {"per_room": _OFTEN, "per_user": _OFTEN, "per_issuer": _OFTEN},
    "rc_room_creation": _OFTEN,
}
"""Weak hashes, no pauses and no limits: a test is quicker than people."""


@dataclass(frozen=True)
class Account:
    """Somebody who has signed up."""

    user_id: str
    access_token: str
    device_id: str
    password: str


@dataclass
class Homeserver:
    """A homeserver that runs."""

    home: Home
    settings: Settings
    house: str
    module: bool
    extra: Mapping[str, object] = field(default_factory=dict)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.files = MessengerFiles(self.home.folder)
        self.url = address_of(self.settings).local
        self.server_name = address_of(self.settings).server_name
        self.port = self.settings.messenger.port
        self.admin = Admin(self.files, self.url)
        self.start()

    def start(self) -> None:
        extra = {**QUICK, **self.extra}
        write_config(self.files, self.settings, house=self.house, module=self.module, extra=extra)
        source = str(ROOT / "packages/hubbub-synapse/src")
        path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
        with (self.files.folder / "told.txt").open("ab") as told:
            self.process = subprocess.Popen(
                command(self.files),
                stdin=subprocess.PIPE,
                stderr=told,
                env={**os.environ, "PYTHONPATH": path},
            )
        deadline = time.monotonic() + 150
        while not answers(self.url):
            assert self.process.poll() is None, self.told
            assert time.monotonic() < deadline, self.told
            time.sleep(0.05)

    @property
    def told(self) -> str:
        """Give what it has logged."""
        return (self.files.folder / "told.txt").read_text()

    def kill(self) -> None:
        self.process.kill()
        self._let_go()

    def stop(self) -> None:
        self.process.terminate()
        self._let_go()

    def _let_go(self) -> None:
        self.process.wait(30)
        assert self.process.stdin is not None
        self.process.stdin.close()

    def ask(
        self, method: str, path: str, *, as_: Account | None = None, body: Any = None
    ) -> httpx.Response:
        headers = {} if as_ is None else {"Authorization": f"Bearer {as_.access_token}"}
        return httpx.request(method, f"{self.url}{path}", headers=headers, json=body, timeout=30)

    def sign_up(self, name: str, *, password: str = "a long password") -> Account:
        """Sign up as a page does, with an invitation."""
        invited = self.admin.invite(uses=1, lasts_s=60)
        answer = self.ask_to_sign_up(name, password, token=invited)
        assert answer.status_code == 200, answer.text
        there = answer.json()
        return Account(there["user_id"], there["access_token"], there["device_id"], password)

    def ask_to_sign_up(self, name: str, password: str, *, token: str) -> httpx.Response:
        """Go through Synapse's stages of signing up: the token, and one that asks nothing."""
        path = "/_matrix/client/v3/register"
        wanted = {"username": name, "password": password, "initial_device_display_name": "test"}
        session = self.ask("POST", path, body=wanted).json()["session"]
        shown = {"type": "m.login.registration_token", "token": token, "session": session}
        answer = self.ask("POST", path, body={**wanted, "auth": shown})
        if "m.login.registration_token" not in answer.json().get("completed", ()):
            return answer
        nothing = {"type": "m.login.dummy", "session": session}
        return self.ask("POST", path, body={**wanted, "auth": nothing})


@contextmanager
def running_homeserver(
    folder: Path,
    *,
    house: str = "http://127.0.0.1:9",
    module: bool = False,
    extra: Mapping[str, object] | None = None,
    **wanted: Any,
) -> Iterator[Homeserver]:
    """Run a homeserver in `folder`; `wanted` are settings of the messenger, `extra` Synapse's."""
    if not is_installed(HOMESERVER):
        pytest.skip(NO_HOMESERVER)
    settings = Settings(messenger=Messenger(**{"port": free_port(), **wanted}))
    there = Homeserver(Home(folder), settings, house, module, extra or {})
    try:
        yield there
    finally:
        there.stop()
