"""The messenger, for whoever runs it: inviting people, moving what they wrote."""

import click
import msgspec
from msgspec import Struct

from hubbub.cli.root import Asked, command, hubbub, replaced
from hubbub.run.home import taken
from hubbub.run.house import origin_of
from hubbub.run.messenger.admin import Admin
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.move import move
from hubbub.run.messenger.presence import address_of, has_messenger
from hubbub.terms.errors import BadInput

_DAY_S = 86_400


class Invited(Struct, frozen=True):
    """A link by which somebody signs up."""

    link: str
    uses: int
    days: int


@hubbub.group()
def messenger() -> None:
    """Let people write to each other."""


@command(messenger, "invite")
@click.option("--uses", type=click.IntRange(1, 1000), default=1, show_default=True)
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True)
@click.option(
    "--messenger-port", type=click.IntRange(1, 65535), help="Where it runs, if not as set."
)
def invite(asked: Asked, uses: int, days: int, messenger_port: int | None) -> None:
    """Make a link by which people sign up. The messenger has to run."""
    settings = asked.settings
    if not has_messenger(settings):
        raise BadInput("this house has no messenger: install hubbub[messenger], and enable it")
    there = msgspec.structs.replace(
        settings, messenger=replaced(settings.messenger, {"port": messenger_port})
    )
    admin = Admin(MessengerFiles(asked.home.folder), address_of(there).local)
    token = admin.invite(uses=uses, lasts_s=days * _DAY_S)
    made = Invited(f"{origin_of(settings, settings.server.port)}/chat#invite={token}", uses, days)
    asked.answer(made, [made.link])


@command(messenger, "move")
@click.option("--database", required=True, help="Where to: postgres://USER@HOST:PORT/NAME.")
def move_command(asked: Asked, database: str) -> None:
    """Move what people wrote from SQLite to PostgreSQL. hubbub has to be stopped meanwhile."""
    there = replaced(asked.settings.messenger, {"database": database})
    with taken(asked.home):
        move(
            MessengerFiles(asked.home.folder),
            msgspec.structs.replace(asked.settings, messenger=there),
        )
    line = f'moved; set database = "{database}" under [messenger] in hubbub.toml, and start'
    asked.answer({"moved": database}, [line])
