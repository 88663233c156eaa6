"""`hubbub demo`: a recorded morning replayed, phone by phone, through the real house.

Each run begins the morning anew. What does not change, the city, the released history of an earlier
day and the week that simulated residents shared before, is built once and kept beside it.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from hubbub.record.ledger_file import adopt
from hubbub.run.children import Child, python, run_to_end
from hubbub.run.city import DEMO_EXTRACT, DEMO_MORNINGS, add_city
from hubbub.run.clock import Replay, SystemClock
from hubbub.run.home import Home, taken
from hubbub.run.recording import Recording, read_recording
from hubbub.run.settings import FILE, Messenger, Operator, Server, Settings, Traffic
from hubbub.run.simulated.shared import RESIDENTS
from hubbub.terms.errors import BadInput
from hubbub.terms.time import SECOND, Instant, instant, moment

DAY: Final = date(2026, 11, 24)
"""A Tuesday: the day that is replayed."""
HISTORY_DAY: Final = date(2026, 11, 17)
"""The Tuesday before."""

_BEFORE_HISTORY: Final = (HISTORY_DAY - timedelta(weeks=1)).isoformat()

HISTORY_EDITION: Final = 4
"""Another one where what a house remembers of a morning is made in another way."""

_MARKER: Final = "demo.json"
_BASE: Final = "history"
_RUN: Final = (
    "deal.sqlite*",
    "ledger.sqlite*",
    "reads.sqlite*",
    "use.sqlite*",
    "journal",
    "events",
    "passes",
    "visits",
    "days",
    "keys",
    "places.json",
    "keeper.json",
    "swept.json",
    "sweep-asked",
    "audited.json",
    "replay-tokens*",
)
_AFTER_US: Final = 600 * SECOND  # the clock goes on until the last windows are out


class Progress(msgspec.Struct):
    """A line of a process that prepares: what it does, and how much of it is done (0..1)."""

    what: str
    done: float


class NotADemo(BadInput):
    """The data folder holds something else, which a demo would overwrite."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds no demo: give `hubbub demo` an empty --home")
        self.folder = folder


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to replay. Without files of one's own: Helsinki, with a blocked street."""

    extract: Path | None = None
    pings: Path | None = None
    history: Path | None = None
    speed: float = 30.0
    start: str | None = None
    residents: int = RESIDENTS


@dataclass(frozen=True)
class Run:
    """A demo that is ready to run."""

    home: Home
    settings: Settings
    pings: Path
    zone: ZoneInfo

    def children(self, server: Server) -> tuple[Child, ...]:
        """Give the phones, as a child process that sends to `server`."""
        url = f"http://{server.host}:{server.port}"
        command = python(
            "hubbub.run.replay", str(self.home.folder), str(self.pings), url, self.zone.key
        )
        return (Child("replay", command, once=True),)


class _Past(NamedTuple):
    """What the house is to remember: a recorded morning, and the week of so many residents."""

    recording: Path
    residents: int


def prepare_demo(home: Home, plan: Plan, *, progress: Callable[[str, float], None]) -> Run:
    """Build what the demo needs, and set the house's clock to the beginning of the recording."""
    extract, pings, history = _files(plan)
    _claim(home)
    with taken(home):
        city = add_city(home, extract, progress, name=None if plan.extract else "Helsinki")
        recording = read_recording(pings, day=DAY, zone=city.zone)
        begin = _begin(plan, recording, zone=city.zone)
        settings = Settings(
            server=Server(open_enrolment=True),
            traffic=Traffic(live_promise="passage"),
            operator=Operator(
                name="hubbub's demo, whose people are simulated",
                contact="you run this demo yourself",
            ),
            messenger=Messenger(open_sign_up=True),
        )
        base = Home(home.folder / _BASE)
        if history is not None:
            past = _Past(recording=history, residents=plan.residents)
            _keep_history(base, home, past, settings=settings, progress=progress)
        _begin_anew(home, base if history is not None else None, at=begin)
        replay = Replay(
            begin=begin,
            end=recording.end + _AFTER_US,
            speed=plan.speed,
            started_wall=SystemClock().now(),
        )
        settings = msgspec.structs.replace(settings, replay=replay)
        _write_settings(home, settings)
    return Run(home, settings, pings, city.zone)


def _files(plan: Plan) -> tuple[Path, Path, Path | None]:
    """Choose the files: those given, or those that ship with hubbub."""
    if (plan.extract is None) != (plan.pings is None):
        raise BadInput("--city and --pings go together: a recording is of its city")
    if plan.extract is None or plan.pings is None:
        return DEMO_EXTRACT, DEMO_MORNINGS[1], plan.history or DEMO_MORNINGS[0]
    return plan.extract.absolute(), plan.pings.absolute(), plan.history


def _claim(home: Home) -> None:
    """Take an empty folder, or one that a demo has used before, and no other."""
    marker = home.folder / _MARKER
    if not marker.exists():
        if home.folder.exists() and any(home.folder.iterdir()):
            raise NotADemo(home.folder)
        home.folder.mkdir(parents=True, exist_ok=True)
        marker.write_text("{}")


def _begin(plan: Plan, recording: Recording, *, zone: ZoneInfo) -> Instant:
    if plan.start is None:
        return Instant(recording.begin - SECOND)
    try:
        start = instant(datetime.combine(DAY, time.fromisoformat(plan.start), zone))
    except ValueError:
        raise BadInput(f"--start: expected HH:MM, not {plan.start!r}") from None
    if not recording.begin <= start < recording.end:
        first, last = (moment(at, zone) for at in (recording.begin, recording.end))
        raise BadInput(f"--start: the recording is of {first:%H:%M} to {last:%H:%M}")
    return start


def _keep_history(
    base: Home,
    home: Home,
    past: _Past,
    *,
    settings: Settings,
    progress: Callable[[str, float], None],
) -> None:
    """Play the week and the earlier morning once, and keep what the house then remembers."""
    city = (home.cities / "current").read_text()
    ingredients = f"{HISTORY_EDITION} {city} {_digest(past.recording)} {past.residents}"
    made_of = sha256(ingredients.encode()).hexdigest()
    stamp = base.folder / "made-of"
    if stamp.exists() and stamp.read_text() == made_of:
        return
    shutil.rmtree(base.folder, ignore_errors=True)
    base.folder.mkdir()
    _write_settings(base, settings)
    folders = (str(base.folder), str(home.folder), str(past.recording))
    arguments = (*folders, HISTORY_DAY.isoformat(), str(past.residents))
    lines = run_to_end(python("hubbub.run.history", *arguments))
    for told in map(msgspec.json.Decoder(Progress).decode, lines):
        progress(told.what, told.done)
    stamp.write_text(made_of)


def _begin_anew(home: Home, base: Home | None, *, at: Instant) -> None:
    """Forget the last run; remember what the base does."""
    for pattern in _RUN:
        for old in home.folder.glob(pattern):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    if base is not None:
        for pattern in _RUN:
            for kept in base.folder.glob(pattern):
                copy = shutil.copytree if kept.is_dir() else shutil.copy2
                copy(kept, home.folder / kept.name)
        adopt(
            home.ledger,
            witness=home.ledger_witness,
            at=at,
            through=_BEFORE_HISTORY,  # its people are simulated: each run may spend their days
        )


def _write_settings(home: Home, settings: Settings) -> None:
    replay, server = settings.replay, settings.server
    played = (
        f"[replay]\nbegin = {replay.begin}\nend = {replay.end}\n"
        f"speed = {replay.speed}\nstarted_wall = {replay.started_wall}\n"
        if replay
        else ""
    )
    (home.folder / FILE).write_text(
        "# Written by `hubbub demo`, anew at each start.\n\n"
        f"[server]\nopen_enrolment = {str(server.open_enrolment).lower()}\n\n"
        f'[traffic]\nlive_promise = "{settings.traffic.live_promise}"\n\n'
        f'[operator]\nname = "{settings.operator.name}"\n'
        f'contact = "{settings.operator.contact}"\n\n'
        f"[messenger]\nopen_sign_up = {str(settings.messenger.open_sign_up).lower()}\n\n"
        f"{played}"
    )


def _digest(file: Path) -> str:
    if not file.is_file():
        raise BadInput(f"{file}: no such file")
    return sha256(file.read_bytes()).hexdigest()
