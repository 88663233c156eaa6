"""The deal's tables, and how its database file is opened: durable, and without erased bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory

from hubbub.terms.purposes import Category

_TABLES = sa.MetaData()

MAY: Final = {category: f"may_{category.name.lower()}" for category in Category}
"""The column of each category's stamp in a receipt's row."""

NOTICE: Final = sa.Table(
    "notice",
    _TABLES,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String, nullable=False, unique=True),
    sa.Column("published_at", sa.BigInteger, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
)
"""Every notice that was ever in force. The highest version is."""

DEVICE: Final = sa.Table(
    "device",
    _TABLES,
    sa.Column("subject", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("person", sa.String, nullable=False, unique=True),  # the handle on the receipts
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("token", sa.LargeBinary, nullable=False, unique=True),  # its SHA-256, nothing else
    sa.Column("receipt", sa.Integer, unique=True),  # the one in force
    sa.Column("age_band", sa.String, nullable=False),
    sqlite_autoincrement=True,  # a number is never given again, not even after erasure
)
"""Every device that ever had a deal."""

RECEIPT: Final = sa.Table(
    "receipt",
    _TABLES,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True),
    *(sa.Column(may, sa.BigInteger, nullable=False) for may in MAY.values()),
    sa.Column("since", sa.BigInteger, nullable=False),  # all its cells have been open from here on
    sa.Column("document", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""Every choice that was ever made: rows are added, never changed."""

DEAD: Final = sa.Table(
    "dead",
    _TABLES,
    sa.Column("category", sa.String, primary_key=True),
    sa.Column("cell", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("receipt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("closed_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The receipts on which a cell was closed. Nothing ever leaves this list."""

RECIPIENT: Final = sa.Table(
    "recipient",
    _TABLES,
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.String, nullable=False, unique=True),
)
"""Everybody who ever was registered to read. Nothing ever leaves this list."""

RECIPIENT_CARD: Final = sa.Table(
    "recipient_card",
    _TABLES,
    sa.Column("slot", sa.Integer, sa.ForeignKey("recipient.slot"), primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("added_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
)
"""What everybody may know of each recipient."""

CLIENT: Final = sa.Table(
    "client",
    _TABLES,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("slot", sa.Integer, sa.ForeignKey("recipient.slot"), nullable=False),
    sa.Column("token", sa.LargeBinary, nullable=False, unique=True),  # its SHA-256, nothing else
    sa.Column("requests_a_minute", sa.Integer, nullable=False),
    sa.Column("added_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sqlite_autoincrement=True,
)
"""The programs of recipients, that fetch what was released."""

SCOPE: Final = sa.Table(
    "scope",
    _TABLES,
    sa.Column("client", sa.Integer, sa.ForeignKey("client.number"), primary_key=True),
    sa.Column("product", sa.String, primary_key=True),
    sa.Column("purpose", sa.String, primary_key=True),
    sqlite_with_rowid=False,
)
"""What each client may fetch."""

CONFLICT: Final = sa.Table(
    "conflict",
    _TABLES,
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), primary_key=True),
    sa.Column("signal", sa.String, primary_key=True),
    sa.Column("category", sa.String, primary_key=True),
    sa.Column("cells", sa.BigInteger, primary_key=True),
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("times", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What a signal said no to though its person had said yes."""

REFUSED: Final = sa.Table(
    "refused",
    _TABLES,
    sa.Column("day", sa.String, primary_key=True),
    sa.Column("reason", sa.String, primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How many rows were not stored, by UTC day and reason. There is nobody in it."""


ERASURE: Final = sa.Table(
    "erasure",
    _TABLES,
    sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("about", sa.String, nullable=False, unique=True),  # hash of the handle on receipts
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger),  # how many there were when the erasure began
    sa.Column("receipts", sa.BigInteger),  # the same
    sa.Column("certificate", sa.LargeBinary),  # when it is done
)
"""Who asked to be erased: a number that is never given again, and means nothing any more."""

CLAIM: Final = sa.Table(
    "claim",
    _TABLES,
    sa.Column("digest", sa.LargeBinary, primary_key=True),  # SHA-256 of its secret, nothing else
    sa.Column("subject", sa.Integer, sa.ForeignKey("erasure.subject"), nullable=False),
    sqlite_with_rowid=False,
)
"""Who may fetch which certificate: whoever was given the secret when they asked to be erased."""

SESSION: Final = sa.Table(
    "session",
    _TABLES,
    sa.Column("digest", sa.LargeBinary, primary_key=True),  # SHA-256 of its secret, nothing else
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("shown_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Who is signed in where, and since when. One that has ended is deleted."""

NOTICE_SEEN: Final = sa.Table(
    "notice_seen",
    _TABLES,
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
"""Up to which version people have dismissed what changed in the notice. It agrees to nothing."""

PASSKEY: Final = sa.Table(
    "passkey",
    _TABLES,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("credential", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("added_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sqlite_autoincrement=True,
)
"""The public halves of people's passkeys."""

PAUSE: Final = sa.Table(
    "pause",
    _TABLES,
    sa.Column("step", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),  # else it went on
    sa.Column("method", sa.String, nullable=False),
    sqlite_autoincrement=True,
)
"""Who paused their deal, and who went on. The newest step of a person holds."""


MESSENGER_ACCOUNT: Final = sa.Table(
    "messenger_account",
    _TABLES,
    sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), primary_key=True),
    sa.Column("account", sa.String, nullable=False, unique=True),
    sa.Column("joined_at", sa.BigInteger, nullable=False),
    sa.Column("told_receipt", sa.Integer, nullable=False),
    sa.Column("told_notice", sa.Integer, nullable=False),
    sa.Column("leaves", sa.Boolean, nullable=False),
    sa.Column("left", sa.Boolean, nullable=False),
)
"""Which account of the messenger is whose, what of the deal was told there, and who leaves it."""


def open_database(path: Path, *, durable: bool) -> sa.Engine:
    """Open the database file. A `durable` engine's commits outlive a power cut, not only a kill."""
    engine = sa.create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": 30.0, "isolation_level": None},
        hide_parameters=True,  # names and digests stay out of logs and errors
    )

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's own
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "secure_delete=1",
            "foreign_keys=1",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes its turn at once; one that read first and then wrote would be refused.
        reads = connection.get_execution_options().get("only_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def bring_up_to_date(connection: sa.Connection) -> None:
    """Run the steps that this database has not seen, in the transaction of `connection`."""
    here = str(Path(__file__).with_name("migrations"))
    script = ScriptDirectory(here, version_locations=[here])

    def missing(heads: Sequence[str], _context: object) -> list[RevisionStep]:
        seen = heads[0] if heads else "base"
        unseen = reversed(list(script.iterate_revisions("head", seen)))
        return [MigrationStep.upgrade_from_script(script.revision_map, step) for step in unseen]

    context = MigrationContext.configure(connection, opts={"fn": missing})
    with Operations.context(context):
        context.run_migrations()
