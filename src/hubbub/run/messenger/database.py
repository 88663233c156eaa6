"""The homeserver's database, as far as hubbub looks into it: our module's tables, and its size."""

from typing import Final

import msgspec
import sqlalchemy as sa

from hubbub.run.messenger.files import MessengerFiles

_OUTBOX: Final = sa.table("hubbub_outbox", sa.column("person"), sa.column("other_person"))


class Connected(msgspec.Struct):
    """How the homeserver is told to reach its database, as it stands in its config."""

    name: str
    args: dict[str, str | int]

    @property
    def is_sqlite(self) -> bool:
        """Tell whether it is a file of ours."""
        return self.name == "sqlite3"

    def url(self) -> sa.URL:
        """Write it as SQLAlchemy has it. A password comes from where libpq looks for one."""
        if self.is_sqlite:
            query = {"mode": "ro", "uri": "true"}
            return sa.URL.create("sqlite", database=f"file:{self.args['database']}", query=query)
        port = self.args.get("port")
        return sa.URL.create(
            "postgresql+psycopg2",
            username=str(self.args["user"]),
            host=str(self.args["host"]) if "host" in self.args else None,
            port=None if port is None else int(port),
            database=str(self.args["dbname"]),
        )


class _Config(msgspec.Struct):
    database: Connected


def connected(files: MessengerFiles) -> Connected | None:
    """Tell where the homeserver's database is. None: there was never one here."""
    try:
        return msgspec.json.decode(files.config.read_bytes(), type=_Config).database
    except FileNotFoundError:
        return None


def waits_there(files: MessengerFiles, account: str) -> bool:
    """Tell whether anything of `account` waits in our module's outbox. Its module deletes it soon.

    Where nobody can look, something may be there.
    """
    there = connected(files)
    if there is None or (there.is_sqlite and not files.database.exists()):
        return False
    engine = sa.create_engine(there.url(), poolclass=sa.NullPool, hide_parameters=True)
    named = sa.or_(_OUTBOX.c.person == account, _OUTBOX.c.other_person == account)
    try:
        if not sa.inspect(engine).has_table(_OUTBOX.name):
            return False
        with engine.connect() as connection:
            return bool(connection.scalar(sa.select(sa.exists().where(named))))
    except sa.exc.OperationalError:
        return True
    finally:
        engine.dispose()
