"""The messenger's part of the data folder: whose every file is its operator's alone."""

import base64
import os
import secrets
from pathlib import Path

import msgspec


class MessengerFiles:
    """The files of the homeserver of one house."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "messenger"
        self.config = self.folder / "homeserver.json"
        self.log_config = self.folder / "log.json"
        self.database = self.folder / "homeserver.db"
        self.media = self.folder / "media"
        self.signing_key = self.folder / "signing.key"
        self.module_secret = self.folder / "hubbub.secret"
        self.secrets = self.folder / "secrets"
        self.keeper_token = self.secrets / "keeper_token"

    def make(self) -> None:
        """Make the folders, and the key that the homeserver signs with, where they are missing."""
        for folder in (self.folder, self.secrets, self.media):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.signing_key.exists():
            seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
            write_own(self.signing_key, f"ed25519 a_{secrets.token_hex(2)} {seed}\n".encode())

    def secret(self, name: str) -> str:
        """Give a secret of the homeserver, made on first use."""
        return _secret(self.secrets / name)

    def shared_secret(self) -> str:
        """Give the secret that hubbub shares with its module in the homeserver."""
        return _secret(self.module_secret)


def write_own(path: Path, body: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
        file.write(body)
    fresh.replace(path)


def write_own_json(path: Path, value: object) -> None:
    """Write `value` as JSON into a file that only its owner reads."""
    write_own(path, msgspec.json.format(msgspec.json.encode(value)))


def _secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_own(path, secrets.token_urlsafe(32).encode())
    return path.read_text()
