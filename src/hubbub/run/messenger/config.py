"""What the homeserver is told: to keep to itself, to forget soon, and to log nothing about anybody.

Synapse reads YAML; JSON is YAML. It is written anew at each start: the settings say what differs.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from hubbub.run.messenger.files import MessengerFiles, write_own_json
from hubbub.run.messenger.presence import MODULE, address_of, is_installed
from hubbub.run.settings import Settings
from hubbub.terms.errors import BadInput

KEEPER: Final = "hubbub-keeper"
"""Who invites and erases for hubbub: an account that reads no room."""
SPEAKER: Final = "hubbub"
"""Who tells people in the chat that their deal has changed."""
PASSWORD_CHARACTERS_MIN: Final = 8

_CONNECTIONS: Final = 10

type _Config = dict[str, object]


class ServerNameChanged(BadInput):
    """Everybody's name ends in the server's: it stays what it was."""

    def __init__(self, was: str, wanted: str) -> None:
        super().__init__(
            f"everybody's name here ends in :{was}, so it cannot become {wanted}; "
            f'set server_name = "{was}" under [messenger]'
        )
        self.was, self.wanted = was, wanted


def write_config(
    files: MessengerFiles,
    settings: Settings,
    *,
    house: str,
    module: bool | None = None,
    extra: Mapping[str, object] | None = None,
) -> None:
    """Write what the homeserver reads at its start. `house` is where it reaches hubbub.

    hubbub's `module` is in it where that is installed, if it is not said otherwise.
    """
    name = address_of(settings).server_name
    _require_same_name(files, name)
    files.make()
    with_module = is_installed(MODULE) if module is None else module
    config = {
        **_listening(settings),
        **_keeping(files, settings),
        **_private(),
        **_signing_up(files),
        **_limits(settings),
        "modules": [_module(files, house)] if with_module else [],
        **(extra or {}),
    }
    write_own_json(files.log_config, _LOG)
    write_own_json(files.config, config)


def _listening(settings: Settings) -> _Config:
    address, wanted = address_of(settings), settings.messenger
    listener = {
        "port": wanted.port,
        "type": "http",
        "tls": False,
        "bind_addresses": [wanted.host],
        "x_forwarded": settings.server.origin.startswith("https:"),
        "resources": [{"names": ["client"], "compress": True}],
    }
    return {
        "server_name": address.server_name,
        "public_baseurl": f"{address.url}/",
        "listeners": [listener],
        "web_client_location": f"{settings.server.origin}/chat",
        "suppress_key_server_warning": True,
    }


def _keeping(files: MessengerFiles, settings: Settings) -> _Config:
    return {
        "pid_file": str(files.folder / "homeserver.pid"),
        "database": _database(files, settings.messenger.database),
        "media_store_path": str(files.media),
        "signing_key_path": str(files.signing_key),
        "log_config": str(files.log_config),
        "no_redirect_stdio": True,
        "registration_shared_secret": files.secret("registration"),
        "macaroon_secret_key": files.secret("macaroon"),
        "form_secret": files.secret("form"),
    }


def _database(files: MessengerFiles, wanted: str) -> _Config:
    if wanted == "sqlite":
        return {"name": "sqlite3", "args": {"database": str(files.database)}}
    place = urlsplit(wanted)
    named = {
        "user": place.username,
        "host": place.hostname,
        "port": place.port,
        "dbname": place.path.removeprefix("/"),
    }
    args = {name: value for name, value in named.items() if value}
    return {"name": "psycopg2", "args": {**args, "cp_min": 2, "cp_max": _CONNECTIONS}}


def _private() -> _Config:
    """Speak with no other server, report to nobody, fetch nothing, and forget soon."""
    return {
        "federation_domain_whitelist": [],
        "trusted_key_servers": [],
        "allow_public_rooms_over_federation": False,
        "allow_public_rooms_without_auth": False,
        "require_auth_for_profile_requests": True,
        "report_stats": False,
        "enable_metrics": False,
        "url_preview_enabled": False,
        "enable_search": False,  # an index of what was said
        "push": {"include_content": False},
        "presence": {"enabled": False},
        "user_ips_max_age": "1d",
        "redaction_retention_period": "1d",
        "forgotten_room_retention_period": "7d",
        "encryption_enabled_by_default_for_room_type": "invite",
        "user_directory": {
            "enabled": True,
            "search_all_users": False,
            "prefer_local_users": True,
        },
        "server_notices": {
            "system_mxid_localpart": SPEAKER,
            "system_mxid_display_name": "hubbub",
            "room_name": "hubbub",
            "auto_join": True,
        },
    }


def _signing_up(files: MessengerFiles) -> _Config:
    del files
    return {
        "enable_registration": True,
        "registration_requires_token": True,
        "allow_guest_access": False,
        "password_config": {"policy": {"enabled": True, "minimum_length": PASSWORD_CHARACTERS_MIN}},
    }


def _limits(settings: Settings) -> _Config:
    """Bound what one person can ask for: more than anybody types, less than a machine sends."""
    return {
        "max_upload_size": settings.messenger.upload_bytes_max,
        "max_image_pixels": "64M",
        "media_upload_limits": [{"time_period": "1d", "max_size": "1G"}],
        "caches": {"global_factor": 0.5},
        "rc_message": {"per_second": 10, "burst_count": 50},
        "rc_registration": {"per_second": 0.2, "burst_count": 10},
        "rc_registration_token_validity": {"per_second": 0.2, "burst_count": 10},
        "rc_login": {
            "address": {"per_second": 0.1, "burst_count": 20},
            "account": {"per_second": 0.1, "burst_count": 10},
            "failed_attempts": {"per_second": 0.05, "burst_count": 5},
        },
        "rc_joins": {"local": {"per_second": 1, "burst_count": 20}},
        "rc_invites": {
            "per_room": {"per_second": 1, "burst_count": 50},
            "per_user": {"per_second": 0.1, "burst_count": 20},
            "per_issuer": {"per_second": 1, "burst_count": 50},
        },
        "rc_room_creation": {"per_second": 0.2, "burst_count": 20},
    }


def _module(files: MessengerFiles, house: str) -> _Config:
    files.shared_secret()
    return {
        "module": "hubbub_synapse.HubbubModule",
        "config": {"hubbub": house, "secret_file": str(files.module_secret), "period_s": 3600},
    }


def _require_same_name(files: MessengerFiles, name: str) -> None:
    try:
        before = msgspec.json.decode(files.config.read_bytes(), type=_Written)
    except FileNotFoundError:
        return
    if before.server_name != name:
        raise ServerNameChanged(before.server_name, name)


class _Written(msgspec.Struct):
    """As much as is read again of a config that was written before."""

    server_name: str


_LOG: Final[_Config] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"nameless": {"()": "hubbub.run.messenger.nameless.Nameless"}},
    "handlers": {
        "told": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "nameless",
        }
    },
    "root": {"level": "WARNING", "handlers": ["told"]},
}
"""Warnings only, and of those the words without what was put into them."""
