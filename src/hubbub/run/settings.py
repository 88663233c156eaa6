"""What an operator can set: `hubbub.toml` in the data folder, decoded strictly."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hubbub.run.clock import Replay
from hubbub.terms.errors import BadInput

FILE = "hubbub.toml"


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where hubbub listens."""

    host: Annotated[str, Meta(description="Address to listen on. Loopback unless you say so.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of pages, API and intake.")] = 8000
    origin: Annotated[
        str,
        Meta(
            pattern=r"^(https://[a-z0-9.-]+(:\d+)?|http://localhost)$",
            description="Where people's browsers reach hubbub, such as https://maps.example.org: "
            "passkeys are of it. http://localhost, with the port, is this computer only.",
        ),
    ] = "http://localhost"
    open_enrolment: Annotated[
        bool, Meta(description="Let anybody enrol a device over HTTP, without the operator's key.")
    ] = False


class Intake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the door bears."""

    body_bytes_max: Annotated[int, Meta(ge=1_000, description="Largest body, as sent.")] = 4 << 20
    inflated_bytes_max: Annotated[
        int, Meta(ge=1_000, description="Largest body, after gunzip.")
    ] = 16 << 20
    rows_max: Annotated[int, Meta(ge=1, description="Most rows in one body.")] = 10_000
    rows_a_second: Annotated[
        float, Meta(gt=0, description="Rows a device may send a second, in the long run.")
    ] = 100.0
    rows_burst: Annotated[
        int, Meta(ge=1, description="Rows a device may send at once, after a time offline.")
    ] = 200_000
    backlog_s_max: Annotated[
        float, Meta(gt=0, description="Refuse with 503 when rows wait longer than this.")
    ] = 30.0


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How live traffic keeps people private."""

    live_promise: Annotated[
        Literal["person-day", "passage"],
        Meta(
            description="What live traffic hides: all of a person's day (the default), or one "
            "passage over one road in one window (weaker; for small cities; named so everywhere)."
        ),
    ] = "person-day"


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who runs this house: it stands in the notice that people agree to."""

    name: Annotated[str, Meta(min_length=1, description="Your name, as the notice says it.")] = (
        "The operator of this hubbub"
    )
    contact: Annotated[str, Meta(min_length=1, description="How people reach you.")] = (
        "the person who runs this computer"
    )


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people are told before they agree."""

    file: Annotated[
        str | None,
        Meta(
            description="Your own notice, a JSON file, from the data folder on. Without one, the "
            "notice that hubbub brings. `hubbub deal check FILE` tells what a file lacks."
        ),
    ] = None
    region: Annotated[
        str, Meta(description="Whose law it is told under: EU, UK, IN or US-CA.", min_length=1)
    ] = "EU"


class Messenger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages beside the maps: a Matrix homeserver, where `hubbub[messenger]` is installed."""

    enabled: Annotated[bool, Meta(description="Run it. It needs `hubbub[messenger]`.")] = True
    host: Annotated[str, Meta(description="Address that it listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="Port that it listens on.")] = 8008
    server_name: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z0-9.-]+$")] | None,
        Meta(
            description="What stands behind the colon in everybody's name, as in "
            "@ann:example.org. It can never be changed. Without one, the host of server.origin.",
        ),
    ] = None
    url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^/?#]+$")] | None,
        Meta(
            description="Where browsers and apps reach it, if not at server.origin, or on this "
            "computer.",
        ),
    ] = None
    database: Annotated[
        str,
        Meta(
            pattern=r"^(sqlite|postgres(ql)?://[^:@/]+@[^@/]*/[^/?#]+)$",
            description="sqlite, or postgres://USER@HOST:PORT/NAME. Its password comes from "
            "PGPASSWORD or ~/.pgpass, never from here.",
        ),
    ] = "sqlite"
    open_sign_up: Annotated[
        bool, Meta(description="Let anybody sign up without an invitation.")
    ] = False
    upload_bytes_max: Annotated[
        int, Meta(ge=1_000_000, description="Largest picture or file that is taken.")
    ] = 50 << 20


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings. Every one has a default; the file names only what differs."""

    server: Server = Server()
    intake: Intake = Intake()
    traffic: Traffic = Traffic()
    operator: Operator = Operator()
    notice: Notice = Notice()
    messenger: Messenger = Messenger()
    replay: Annotated[
        Replay | None, Meta(description="Written by `hubbub demo`: the recording being played.")
    ] = None


def read_settings(home: Path) -> Settings:
    """Read the settings in `home`. Raises `BadInput` that names the field and what was expected."""
    file = home / FILE
    try:
        body = file.read_bytes()
    except FileNotFoundError:
        return Settings()
    try:
        return msgspec.toml.decode(body, type=Settings)
    except msgspec.ValidationError as error:
        raise BadInput(f"{file}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is not TOML: {error}") from None


class Explained(msgspec.Struct, frozen=True):
    """One setting as `hubbub settings` shows it."""

    name: str
    value: str | int | float | bool | None
    meaning: str
    origin: str  # "default", or the file that says so


def explain(home: Path, settings: Settings) -> list[Explained]:
    """List every setting with its value, meaning and origin."""
    default, file = Settings(), str(home / FILE)
    rows: list[Explained] = []

    def add(prefix: str, part: msgspec.Struct, unset: msgspec.Struct) -> None:
        for field in msgspec.inspect.type_info(type(part)).fields:  # type: ignore[attr-defined]
            value, usual = getattr(part, field.name), getattr(unset, field.name)
            if isinstance(value, msgspec.Struct) and isinstance(usual, msgspec.Struct):
                add(f"{prefix}{field.name}.", value, usual)
                continue
            meta = getattr(field.type, "extra_json_schema", None) or {}
            shown = value if not isinstance(value, msgspec.Struct) else "(being played)"
            origin = "default" if value == usual else file
            rows.append(
                Explained(f"{prefix}{field.name}", shown, meta.get("description", ""), origin)
            )

    add("", settings, default)
    return rows
