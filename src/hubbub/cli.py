"""The `hubbub` command. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a gate."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hubbub.deal.desk import DealDesk, DeviceName
from hubbub.outlet.set_up import set_up
from hubbub.run.children import python, run_to_end
from hubbub.run.city import add_city, cities
from hubbub.run.demo import Plan, prepare_demo
from hubbub.run.export import export_traffic
from hubbub.run.home import HOME_VARIABLE, Home, find_home
from hubbub.run.house import house_clock, open_deals, open_shelf
from hubbub.run.load import load_files
from hubbub.run.settings import Settings, explain, read_settings
from hubbub.run.up import up as run_up
from hubbub.terms.errors import BadInput, HubbubError, Refused
from hubbub.terms.purposes import PURPOSES, LiveTraffic, Purpose, Traffic

_FAILED: Final = 1
_WRONG_USAGE: Final = 2
_REFUSED: Final = 3
_INTERRUPTED: Final = 130
_ACCOUNTS_SHOWN: Final = 40

_told = Console(highlight=False)
_aside = Console(stderr=True, highlight=False)


class Shown(click.Path):
    """A path given on the command line."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


def command[**P, R](group: click.Group, name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command that knows its data folder and can answer in JSON."""

    def make(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def run(home: Path | None, as_json: bool, **options: object) -> None:  # noqa: FBT001
            function(Asked(find_home(home), as_json=as_json), **options)

        run = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(run)
        run = click.option(
            "--home",
            type=Shown(),
            help=f"Data folder [default: ${HOME_VARIABLE}, or the platform's].",
        )(run)
        return group.command(name)(run)

    return make


class Asked:
    """One call of the command: its data folder, and how it wants its answer."""

    def __init__(self, home: Home, *, as_json: bool) -> None:
        self.home, self.as_json = home, as_json

    @property
    def settings(self) -> Settings:
        """Read the settings of the data folder."""
        return read_settings(self.home.folder)

    def answer(self, value: object, lines: Iterable[str] = ()) -> None:
        """Answer with `value` as JSON, or with `lines` for people."""
        if self.as_json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
        else:
            for line in lines:
                _told.print(line, soft_wrap=True, markup=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hubbub")
def hubbub() -> None:
    """Run the big computer behind free maps.

    People share data under a deal, and get back what is true of a crowd: hubbub hears the crowd,
    never the conversation.

    Start with `hubbub demo`, or with `hubbub city add FILE.osm.pbf` and `hubbub up`.
    """


@hubbub.group()
def city() -> None:
    """Choose the city on the map."""


@hubbub.group()
def deal() -> None:
    """Make deals with devices, and take them back."""


@hubbub.group()
def export() -> None:
    """Write out what was published."""


@hubbub.group()
def ledger() -> None:
    """Look at what was spent of people's privacy."""


def _listening(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")(
        function
    )
    return click.option("--host", help="Address to listen on; loopback unless you say so.")(
        function
    )


def _with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    server = msgspec.structs.replace(
        settings.server, host=host or settings.server.host, port=port or settings.server.port
    )
    return msgspec.structs.replace(settings, server=server)


@command(hubbub, "up")
@_listening
def up(asked: Asked, host: str | None, port: int | None) -> None:
    """Run hubbub: pages, API, intake and the traffic that is made of it."""
    run_up(asked.home, _with_address(asked.settings, host, port), say=_say)


@command(hubbub, "demo")
@click.option("--city", "extract", type=Shown(), help="OpenStreetMap extract (.osm.pbf).")
@click.option("--pings", type=Shown(), help="Recorded morning (Parquet) to replay.")
@click.option("--history", type=Shown(), help="Recorded morning of an earlier day.")
@click.option("--speed", type=click.FloatRange(1, 240), default=30.0, show_default=True)
@click.option("--start", metavar="HH:MM", help="Begin the replay at this time of its day.")
@_listening
def demo(
    asked: Asked,
    extract: Path | None,
    pings: Path | None,
    history: Path | None,
    speed: float,
    start: str | None,
    host: str | None,
    port: int | None,
) -> None:
    """Replay a recorded morning, phone by phone, and show live traffic of a city."""
    plan = Plan(extract=extract, pings=pings, history=history, speed=speed, start=start)
    with _progress() as progress:
        run = prepare_demo(asked.home, plan, progress=_bar(progress))
    run_up(
        run.home,
        _with_address(run.settings, host, port),
        beside=run.children(host, port),
        say=_say,
    )


@command(city, "add")
@click.argument("file", type=Shown())
@click.option("--name", help="Its name [default: the file's].")
def city_add(asked: Asked, file: Path, name: str | None) -> None:
    """Build roads and map from an OpenStreetMap extract, and serve that city."""
    with _progress() as progress:
        added = add_city(asked.home, file, _bar(progress), name=name)
    card = {"name": added.name, "zone": added.zone.key, "roads": len(added.segments)}
    asked.answer(card, [f"{added.name}: {len(added.segments)} road segments, {added.zone.key}"])


@command(city, "list")
def city_list(asked: Asked) -> None:
    """List the cities that were added."""
    there = cities(asked.home)
    lines = [f"{'*' if each.served else ' '} {each.name}" for each in there]
    asked.answer(there, lines or ["no city yet: add one with `hubbub city add FILE.osm.pbf`"])


@command(hubbub, "intake")
@click.argument("files", type=Shown(), nargs=-1, required=True)
@click.option("--day", metavar="YYYY-MM-DD", help="The day of recordings that tell only a time.")
@click.option(
    "--enrol",
    is_flag=True,
    help="Enrol the devices of the files first: you attest that their people have agreed.",
)
def intake(asked: Asked, files: tuple[Path, ...], day: str | None, enrol: bool) -> None:  # noqa: FBT001
    """Take in files of pings: Parquet recordings, NDJSON or GPX."""
    with _progress() as progress:
        loaded = load_files(asked.home, files, day=_day(day), enrol=enrol, progress=_bar(progress))
    lines = [f"{loaded.accepted} accepted, {loaded.duplicates} duplicates"]
    lines += [f"{count} refused: {reason}" for reason, count in loaded.refused.items()]
    lines += [
        f"{row.file} row {row.row}: {row.field}: expected {row.expected}" for row in loaded.rejected
    ]
    asked.answer(loaded, lines)
    if not loaded.accepted and (loaded.refused or loaded.rejected):
        raise Refused("no row was taken")


@command(deal, "enrol")
@click.option("--device", required=True, help="A name for the device.")
@click.option(
    "--purposes",
    default=f"{Traffic.key},{LiveTraffic.key}",
    show_default=True,
    help="What its rows may be used for.",
)
@click.option("--renew", is_flag=True, help="The device is known: give it a new token and deal.")
def deal_enrol(asked: Asked, device: str, purposes: str, renew: bool) -> None:  # noqa: FBT001
    """Make a deal with a device: its token, its receipt, and links that set up its app."""
    desk, chosen = _desk(asked), _purposes(purposes)
    if renew:
        enrolment = desk.renew(DeviceName(device), chosen, "operator")
    else:
        enrolment = desk.enrol(device, chosen, "operator")
    server = asked.settings.server
    ways = set_up(enrolment, origin=f"http://{server.host}:{server.port}")
    told = {
        "device": device,
        "token": enrolment.token.secret,
        "receipt": msgspec.Raw(enrolment.receipt.document()),
        "links": {way.app: way.link for way in ways if way.link},
    }
    lines = [f"{device} shares for: {', '.join(sorted(p.key for p in chosen))}"]
    lines += [f"token (shown this once): {enrolment.token.secret}"]
    lines += [f"{way.app}: {way.link}" for way in ways if way.link]
    asked.answer(told, lines)


@command(deal, "withdraw")
@click.option("--device", required=True)
@click.option("--purposes", help="Only these [default: everything].")
def deal_withdraw(asked: Asked, device: str, purposes: str | None) -> None:
    """Take a deal back, whole or in part. It holds from the next read on."""
    chosen = None if purposes is None else _purposes(purposes)
    receipt = _desk(asked).withdraw(DeviceName(device), chosen, "operator")
    asked.answer(msgspec.Raw(receipt.document()), [f"{device}: withdrawn; receipt kept"])


@command(deal, "notice")
def deal_notice(asked: Asked) -> None:
    """Show the notice in force."""
    notice = _desk(asked).notice()
    lines = [f"notice {notice.version}, sha256 {notice.sha256}"]
    lines += [f"{use.purpose}: {use.words}" for use in notice.uses]
    asked.answer(notice, lines)


@command(deal, "status")
def deal_status(asked: Asked) -> None:
    """Count deals and refused rows, naming nobody."""
    status = _desk(asked).status()
    lines = [f"{status.devices} devices, {status.withdrawn} of them withdrawn"]
    lines += [f"{key}: {count} devices" for key, count in status.devices_by_purpose.items()]
    lines += [
        f"{day}: {rows} rows refused: {reason}"
        for day, reasons in status.refused.items()
        for reason, rows in reasons.items()
    ]
    asked.answer(status, lines)


@command(export, "traffic")
@click.option("--out", type=Shown(), required=True, help="Parquet file to write.")
@click.option("--day", metavar="YYYY-MM-DD", help="A local day [default: the newest].")
def export_traffic_command(asked: Asked, out: Path, day: str | None) -> None:
    """Write a day's published speeds: way_id, forward, from_frac, to_frac, window_start, ..."""
    wrote = export_traffic(asked.home, out, day=_day(day))
    asked.answer(wrote, [f"{out}: {wrote.rows} rows of {wrote.day or 'no day'}"])


@command(ledger, "show")
def ledger_show(asked: Asked) -> None:
    """Show what was spent of what, and what is left."""
    spent = open_shelf(asked.home).accounts()
    if asked.as_json:
        asked.answer(spent)
        return
    table = Table("period", "product", "hides", "spent", "cap", box=None, pad_edge=False)
    for row in spent[:_ACCOUNTS_SHOWN]:
        shown = (f"{row.spent_epsilon:.2f}", f"{row.cap_epsilon:.2f}")
        table.add_row(row.account.period, row.account.scope, row.account.unit, *shown)
    _told.print(table if spent else "nothing was spent yet")
    if len(spent) > _ACCOUNTS_SHOWN:
        _told.print(f"and {len(spent) - _ACCOUNTS_SHOWN} older ones: --json has them all")


@command(ledger, "verify")
def ledger_verify(asked: Asked) -> None:
    """Check the ledger from its first entry: chain, balances, digests. Ends with 1 on a fault."""
    if not asked.home.ledger.exists():
        raise BadInput(f"{asked.home.folder} has no ledger yet: nothing was released")
    (line,) = run_to_end(python("hubbub.run.verify", str(asked.home.folder)))
    report = msgspec.json.decode(line, type=_Verified)
    lines = [f"{report.entries} entries, {report.releases} releases; head {report.head}"]
    asked.answer(report, [*lines, *(report.faults or ["sound"])])
    if report.faults:
        sys.exit(_FAILED)


class _Verified(msgspec.Struct):
    entries: int
    releases: int
    head: str
    faults: list[str]


@command(hubbub, "settings")
def settings(asked: Asked) -> None:
    """Print every setting, its meaning and where it is from."""
    rows = explain(asked.home.folder, asked.settings)
    lines = [f"{row.name} = {row.value!r}  ({row.origin})\n    {row.meaning}" for row in rows]
    asked.answer(rows, lines)


def _desk(asked: Asked) -> DealDesk:
    return open_deals(asked.home, asked.settings, house_clock(asked.settings))


def _purposes(named: str) -> frozenset[type[Purpose]]:
    keys = [key.strip() for key in named.split(",") if key.strip()]
    for key in keys:
        if key not in PURPOSES:
            raise BadInput(f"{key!r} is no purpose; there are {', '.join(PURPOSES)}")
    return frozenset(PURPOSES[key] for key in keys)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--day: expected YYYY-MM-DD, not {text!r}") from None


def _say(line: str) -> None:
    _aside.print(line, markup=False)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_aside, refresh_per_second=4, disable=not _aside.is_terminal)


def _bar(progress: Progress) -> Callable[[str, float], None]:
    shown: dict[str, Any] = {}

    def tell(what: str, done: float) -> None:
        if what not in shown:
            shown[what] = progress.add_task(what, total=1.0)
            if not _aside.is_terminal:
                _say(f"{what} …")
        progress.update(shown[what], completed=done)

    return tell


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, and end with its code."""
    try:
        hubbub.main(args=arguments, standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(_INTERRUPTED)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(_WRONG_USAGE)
    except HubbubError as error:
        _aside.print(f"hubbub: {error}", markup=False, soft_wrap=True)
        sys.exit(
            _WRONG_USAGE
            if isinstance(error, BadInput)
            else _REFUSED
            if isinstance(error, Refused)
            else _FAILED
        )
