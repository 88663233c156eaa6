# SPDX-License-Identifier: AGPL-3.0-or-later
"""The module's part of Synapse's configuration, read once and strictly."""

import hmac
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from synapse.config import ConfigError

_KNOWN: Final = {"hubbub", "secret_file", "period_s", "postgres_role"}
_SECRET_CHARACTERS_MIN: Final = 32
_DAY_S: Final = 86_400


class Keys(NamedTuple):
    """What is made of the secret that hubbub and this module share: one key for each use."""

    bearer: str
    session: bytes
    rooms: bytes

    @classmethod
    def of(cls, secret: str) -> Self:
        """Derive them: RFC 2104, so that none of them tells of another."""
        return cls(
            bearer=secret,
            session=hmac.digest(secret.encode(), b"hubbub session", "sha256"),
            rooms=hmac.digest(secret.encode(), b"hubbub rooms", "sha256"),
        )

    def __repr__(self) -> str:
        """Name the kind and nothing else."""
        return "<Keys>"


class Config(NamedTuple):
    """How this homeserver shares."""

    hubbub: str  # the house's address, without a slash at its end
    keys: Keys
    period_ms: int  # what is counted of that long is one row
    postgres_role: str | None  # under which the events are read


def read_config(told: Mapping[str, Any]) -> Config:
    """Read the block `config`. Raises `ConfigError` that says what was expected, and no value."""
    if unknown := ", ".join(sorted(set(told) - _KNOWN)):
        raise ConfigError(
            f"hubbub_synapse knows no {unknown}; it knows {', '.join(sorted(_KNOWN))}"
        )
    house, period_s, role = (
        told.get("hubbub"),
        told.get("period_s", 3600),
        told.get("postgres_role"),
    )
    if not isinstance(house, str) or not re.fullmatch(r"https?://[^/\s]+/?", house):
        raise ConfigError(
            "hubbub_synapse: `hubbub` is the house's address, as http://127.0.0.1:8000"
        )
    if type(period_s) is not int or not 1 <= period_s <= _DAY_S:
        raise ConfigError("hubbub_synapse: `period_s` is a whole number of seconds up to a day")
    if role is not None and not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", str(role)):
        raise ConfigError("hubbub_synapse: `postgres_role` is the plain name of a role")
    return Config(
        hubbub=house.rstrip("/"),
        keys=Keys.of(_secret(told.get("secret_file"))),
        period_ms=period_s * 1000,
        postgres_role=role,
    )


def _secret(file: object) -> str:
    if not isinstance(file, str):
        raise ConfigError("hubbub_synapse: `secret_file` names the file of the secret")
    try:
        secret = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"hubbub_synapse: `secret_file` cannot be read: {error}") from None
    if len(secret) < _SECRET_CHARACTERS_MIN or not secret.isascii() or not secret.isprintable():
        raise ConfigError(
            f"hubbub_synapse: a secret has {_SECRET_CHARACTERS_MIN} characters or more"
        )
    return secret
