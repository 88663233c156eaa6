"""The command itself: its group, its data folder, and how it answers."""

import sys
from collections.abc import Callable, Iterable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hubbub.run.home import HOME_VARIABLE, Home, find_home
from hubbub.run.settings import Settings, read_settings
from hubbub.terms.errors import BadInput

told: Final = Console(highlight=False)
aside: Final = Console(stderr=True, highlight=False)

FAILED: Final = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hubbub")
def hubbub() -> None:
    """Run the big computer behind free maps.

    People share data under a deal, and get back what is true of a crowd: hubbub hears the crowd,
    never the conversation.

    Start with `hubbub demo`, or with `hubbub city add FILE.osm.pbf` and `hubbub up`.
    """


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
                told.print(line, soft_wrap=True, markup=False)


def day_of(text: str | None) -> date | None:
    """Read a day as given, or raise BadInput."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--day: expected YYYY-MM-DD, not {text!r}") from None


def replaced[Part: msgspec.Struct](part: Part, said: dict[str, str | int | None]) -> Part:
    """Put what was said in the place of what the settings say, by the same rules."""
    given = {name: value for name, value in said.items() if value is not None}
    try:
        return msgspec.convert(msgspec.structs.asdict(part) | given, type(part))
    except msgspec.ValidationError as error:
        raise BadInput(f"on the command line: {error}") from None


def say(line: str) -> None:
    """Say something beside the answer."""
    aside.print(line, soft_wrap=True, markup=False)


def progress_bars() -> Progress:
    """Show how far long work is, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=aside, refresh_per_second=4, disable=not aside.is_terminal)


def bar(progress: Progress) -> Callable[[str, float], None]:
    """Give what hears of each step, and draws a bar for it."""
    shown: dict[str, Any] = {}

    def tell(what: str, done: float) -> None:
        if what not in shown:
            shown[what] = progress.add_task(what, total=1.0)
            if not aside.is_terminal:
                say(f"{what} …")
        progress.update(shown[what], completed=done)

    return tell
