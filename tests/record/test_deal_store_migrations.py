"""A deal that an older hubbub wrote: it goes on as what it was."""

import sqlite3
from hashlib import sha256
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from hubbub import record
from hubbub.deal.receipt import read_receipt, verify
from hubbub.record.deal_store_recipients import recipients
from hubbub.record.deal_store_tables import NOTICE
from hubbub.terms.purposes import OWN, Category, Cell, LiveTraffic, Purpose, Traffic, cell_bit
from record.deal_store_rig import HandClock, database, dead, opened

STEPS = (Path(record.__path__[0]) / "migrations").glob("deal_*.py")
RECEIPT = Path(__file__).with_name("receipt_of_before.json").read_bytes()
"""Of 2025, for usual traffic, signed with the key whose secret is 32 bytes of nought."""
KEY = bytes.fromhex("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")
TRAFFIC, LIVE = (cell_bit(purpose, OWN) for purpose in (Traffic, LiveTraffic))
BEFORE = """
CREATE TABLE notice (version INTEGER PRIMARY KEY, sha256 VARCHAR NOT NULL UNIQUE,
    published_at BIGINT NOT NULL, document BLOB NOT NULL);
CREATE TABLE device (subject INTEGER PRIMARY KEY AUTOINCREMENT, person VARCHAR NOT NULL UNIQUE,
    name VARCHAR NOT NULL UNIQUE, token BLOB NOT NULL UNIQUE, receipt INTEGER UNIQUE);
CREATE TABLE receipt (number INTEGER PRIMARY KEY AUTOINCREMENT,
    subject INTEGER NOT NULL REFERENCES device (subject), may BIGINT NOT NULL,
    since BIGINT NOT NULL, document BLOB NOT NULL);
CREATE INDEX ix_receipt_subject ON receipt (subject);
CREATE TABLE dead (cell BIGINT NOT NULL, receipt INTEGER NOT NULL, closed_at BIGINT NOT NULL,
    PRIMARY KEY (cell, receipt)) WITHOUT ROWID;
CREATE TABLE refused (day VARCHAR NOT NULL, reason VARCHAR NOT NULL, rows BIGINT NOT NULL,
    PRIMARY KEY (day, reason)) WITHOUT ROWID;
CREATE TABLE erasure (subject INTEGER PRIMARY KEY, about VARCHAR NOT NULL UNIQUE,
    requested_at BIGINT NOT NULL, rows BIGINT, receipts BIGINT, certificate BLOB);
CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('deal_0002');
"""


def written_before(home: Path) -> None:
    """Write a deal as version 2 of the tables has it: Ann took live traffic back."""
    with sqlite3.connect(home / "deal.sqlite") as file:
        file.executescript(BEFORE)
        digest = sha256(b"hub_ann").digest()
        file.execute("INSERT INTO device VALUES (7, 'urn:uuid:ann', 'ann', ?, 2)", (digest,))
        for number, may in ((1, TRAFFIC | LIVE), (2, TRAFFIC)):
            file.execute("INSERT INTO receipt VALUES (?, 7, ?, 5, ?)", (number, may, RECEIPT))
        file.execute("INSERT INTO dead VALUES (?, 1, 6)", (LIVE,))
    file.close()


def test_what_was_agreed_before_there_were_categories_is_about_locations(tmp_path: Path) -> None:
    written_before(tmp_path)
    with opened(tmp_path, HandClock()) as store:
        badge = store.badge("hub_ann")
        assert badge is not None
        assert (badge.subject, badge.receipt, badge.since) == (7, 2, 5)
        assert [badge.stamp(category) for category in Category] == [0] * 7 + [TRAFFIC]
        assert (dead(store, Traffic), dead(store, LiveTraffic)) == ([], [1])
        for category in set(Category) - {Category.LOCATION}:
            purposes: list[type[Purpose]] = [Traffic, LiveTraffic]
            assert not any(store.dead(category, purpose).num_rows for purpose in purposes)


def test_a_receipt_of_before_there_were_categories_verifies() -> None:
    receipt = read_receipt(RECEIPT)
    verify(receipt, KEY)
    assert receipt.document() == RECEIPT
    assert receipt.cells() == (Cell(Category.LOCATION, Traffic),)


def test_the_own_service_is_the_first_recipient_also_of_an_old_deal(tmp_path: Path) -> None:
    written_before(tmp_path)
    with opened(tmp_path, HandClock()), database(tmp_path) as connection:
        assert recipients(connection) == (OWN,)


def test_the_migrations_make_the_tables_that_the_code_speaks_of(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()), database(tmp_path) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_revision() == max(step.stem for step in STEPS)
        assert compare_metadata(context, NOTICE.metadata) == []
