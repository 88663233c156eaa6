"""Running the house: `up`, `demo`, cities, files taken in, what was published, settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from hubbub.cli.root import (
    Asked,
    Shown,
    bar,
    command,
    day_of,
    hubbub,
    progress_bars,
    replaced,
    say,
)
from hubbub.run.city import add_city, cities
from hubbub.run.demo import Plan, prepare_demo
from hubbub.run.export import export_traffic
from hubbub.run.load import load_files
from hubbub.run.places import census, take_corrections
from hubbub.run.settings import Settings, explain
from hubbub.run.simulated.shared import RESIDENTS
from hubbub.run.up import up as run_up
from hubbub.terms.errors import Refused


@hubbub.group()
def city() -> None:
    """Choose the city on the map."""


@hubbub.group()
def export() -> None:
    """Write out what was published."""


def _listening(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")(
        function
    )
    function = click.option(
        "--messenger-port", type=click.IntRange(1, 65535), help="Port of the messenger."
    )(function)
    return click.option("--host", help="Address to listen on; loopback unless you say so.")(
        function
    )


def _with_address(settings: Settings, **said: str | int | None) -> Settings:
    server = {"host": said["host"], "port": said["port"]}
    messenger = {"port": said["messenger_port"], "database": said.get("database")}
    return msgspec.structs.replace(
        settings,
        server=replaced(settings.server, server),
        messenger=replaced(settings.messenger, messenger),
    )


@command(hubbub, "up")
@_listening
@click.option("--database", help="The messenger's: sqlite, or postgres://USER@HOST:PORT/NAME.")
def up(asked: Asked, **said: str | int | None) -> None:
    """Run hubbub: pages, API, intake, the traffic that is made of it, and the messenger."""
    run_up(asked.home, _with_address(asked.settings, **said), say=say)


@command(hubbub, "demo")
@click.option("--city", "extract", type=Shown(), help="OpenStreetMap extract (.osm.pbf).")
@click.option("--pings", type=Shown(), help="Recorded morning (Parquet) to replay.")
@click.option("--history", type=Shown(), help="Recorded morning of an earlier day.")
@click.option("--speed", type=click.FloatRange(1, 240), default=30.0, show_default=True)
@click.option("--start", metavar="HH:MM", help="Begin the replay at this time of its day.")
@click.option(
    "--residents",
    type=click.IntRange(0, 20_000),
    default=RESIDENTS,
    show_default=True,
    help="Simulated people who shared their visits the week before.",
)
@_listening
def demo(
    asked: Asked,
    extract: Path | None,
    pings: Path | None,
    history: Path | None,
    speed: float,
    start: str | None,
    residents: int,
    **said: str | int | None,
) -> None:
    """Replay a recorded morning, phone by phone, and show live traffic of a city."""
    plan = Plan(
        extract=extract,
        pings=pings,
        history=history,
        speed=speed,
        start=start,
        residents=residents,
    )
    with progress_bars() as progress:
        run = prepare_demo(asked.home, plan, progress=bar(progress))
    settings = _with_address(run.settings, **said)
    run_up(run.home, settings, beside=run.children(settings.server), say=say)


@command(city, "add")
@click.argument("file", type=Shown())
@click.option("--name", help="Its name [default: the file's].")
def city_add(asked: Asked, file: Path, name: str | None) -> None:
    """Build roads and map from an OpenStreetMap extract, and serve that city."""
    with progress_bars() as progress:
        added = add_city(asked.home, file, bar(progress), name=name)
    card = {
        "name": added.name,
        "zone": added.zone.key,
        "roads": len(added.segments),
        "places": len(added.places),
    }
    said = f"{len(added.segments)} road segments, {len(added.places)} places, {added.zone.key}"
    asked.answer(card, [f"{added.name}: {said}"])


@command(city, "list")
def city_list(asked: Asked) -> None:
    """List the cities that were added."""
    there = cities(asked.home)
    lines = [f"{'*' if each.served else ' '} {each.name}" for each in there]
    asked.answer(there, lines or ["no city yet: add one with `hubbub city add FILE.osm.pbf`"])


@command(city, "places")
@click.argument("file", type=Shown(), required=False)
def city_places(asked: Asked, file: Path | None) -> None:
    """Take in your corrections and additions of places (CSV), or count the places there are."""
    if file is None:
        there = census(asked.home)
        known = f"{there.places} places, {there.with_hours} with opening hours"
        lines = [f"{known}; corrections of yours: {there.corrections}"]
        lines += [f"{it.id} {it.name}: cannot be read: {it.told}" for it in there.unreadable]
        asked.answer(there, lines)
        return
    taken = take_corrections(asked.home, file)
    lines_read = taken.kept + len(taken.bad)
    kept = f"{taken.kept} of {lines_read} lines kept"
    lines = [f"{kept}: they hold from the next start of `hubbub up` on"]
    lines += [f"line {bad.line}: {bad.field}: expected {bad.expected}" for bad in taken.bad]
    asked.answer(taken, lines)


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
    with progress_bars() as progress:
        loaded = load_files(asked.home, files, day=day_of(day), enrol=enrol, progress=bar(progress))
    lines = [f"{loaded.accepted} accepted, {loaded.duplicates} duplicates"]
    lines += [f"{count} refused: {reason}" for reason, count in loaded.refused.items()]
    lines += [
        f"{row.file} row {row.row}: {row.field}: expected {row.expected}" for row in loaded.rejected
    ]
    asked.answer(loaded, lines)
    if not loaded.accepted and (loaded.refused or loaded.rejected):
        raise Refused("no row was taken")


@command(export, "traffic")
@click.option("--out", type=Shown(), required=True, help="Parquet file to write.")
@click.option("--day", metavar="YYYY-MM-DD", help="A local day [default: the newest].")
def export_traffic_command(asked: Asked, out: Path, day: str | None) -> None:
    """Write a day's published speeds: way_id, forward, from_frac, to_frac, window_start, ..."""
    wrote = export_traffic(asked.home, out, day=day_of(day))
    asked.answer(wrote, [f"{out}: {wrote.rows} rows of {wrote.day or 'no day'}"])


@command(hubbub, "settings")
def settings(asked: Asked) -> None:
    """Print every setting, its meaning and where it is from."""
    rows = explain(asked.home.folder, asked.settings)
    lines = [f"{row.name} = {row.value!r}  ({row.origin})\n    {row.meaning}" for row in rows]
    asked.answer(rows, lines)
