# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every statement that the module sends to Synapse's database, and every column that they read.

No statement is made anywhere else. What was written stands in `event_json` and in a column of
`events` that is called `content`; neither is named here. `READS` is what an authorizer of SQLite,
or a role of PostgreSQL, needs to allow; with anything less the module stops, with anything more
nothing would change.
"""

from collections.abc import Mapping
from typing import Final

READS: Final[Mapping[str, frozenset[str]]] = {
    "events": frozenset(
        {
            "contains_url",  # Synapse's own flag: a picture or a file, in a room without E2EE
            "event_id",
            "origin_server_ts",
            "outlier",
            "rejection_reason",
            "room_id",
            "sender",
            "stream_ordering",
            "type",
        }
    ),
    "event_relations": frozenset({"event_id", "relation_type"}),
    "current_state_events": frozenset({"membership", "room_id", "state_key", "type"}),
    "devices": frozenset({"hidden", "last_seen", "user_agent", "user_id"}),
    "users": frozenset({"deactivated", "name"}),
}
"""The columns of Synapse's own tables that are read. None of them is ever written."""

OUTBOX: Final = "hubbub_outbox"
CURSOR: Final = "hubbub_cursor"

MAKE_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS hubbub_outbox (
        person TEXT NOT NULL,
        receipt BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        until_ms BIGINT NOT NULL,
        about TEXT NOT NULL,
        kind TEXT NOT NULL,
        room BIGINT NOT NULL,
        other_person TEXT NOT NULL,
        other_receipt BIGINT NOT NULL,
        times BIGINT NOT NULL,
        PRIMARY KEY (person, receipt, at_ms, about, kind, room, other_receipt)
    )
    """,
    "CREATE INDEX IF NOT EXISTS hubbub_outbox_over ON hubbub_outbox (until_ms)",
    "CREATE INDEX IF NOT EXISTS hubbub_outbox_other ON hubbub_outbox (other_person)",
    "CREATE TABLE IF NOT EXISTS hubbub_cursor (name TEXT PRIMARY KEY, place BIGINT NOT NULL)",
)
BEGIN_AT: Final = "INSERT INTO hubbub_cursor (name, place) VALUES (?, ?) ON CONFLICT DO NOTHING"
PLACE: Final = "SELECT place FROM hubbub_cursor WHERE name = ?"
MOVE: Final = "UPDATE hubbub_cursor SET place = ? WHERE name = ? AND place < ?"

SENT: Final = """
    SELECT e.stream_ordering, e.type, e.room_id, e.sender, e.origin_server_ts, e.contains_url
    FROM events AS e
    JOIN users AS u ON u.name = e.sender AND u.deactivated = 0
    LEFT JOIN event_relations AS r
        ON r.event_id = e.event_id AND r.relation_type IN ('m.annotation', 'm.replace')
    WHERE e.stream_ordering > ? AND e.stream_ordering <= ?
        AND e.type IN ('m.room.message', 'm.room.encrypted', 'm.call.invite')
        AND NOT e.outlier AND e.rejection_reason IS NULL
        AND r.event_id IS NULL
    ORDER BY e.stream_ordering
    LIMIT ?
"""
"""What local people sent: not what they changed of it, nor with what they reacted to it."""
MEMBERS: Final = """
    SELECT state_key FROM current_state_events
    WHERE room_id = ? AND type = 'm.room.member' AND membership = 'join' LIMIT 3
"""
AGENT: Final = """
    SELECT user_agent FROM devices
    WHERE user_id = ? AND user_agent IS NOT NULL AND last_seen IS NOT NULL AND NOT hidden
    ORDER BY last_seen DESC LIMIT 1
"""

COUNT: Final = """
    INSERT INTO hubbub_outbox (
        person, receipt, at_ms, until_ms, about, kind, room, other_person, other_receipt, times
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (person, receipt, at_ms, about, kind, room, other_receipt)
    DO UPDATE SET times = hubbub_outbox.times + excluded.times
"""
OVER: Final = """
    SELECT person, receipt, at_ms, until_ms, about, kind, room, other_person, other_receipt, times
    FROM hubbub_outbox WHERE until_ms <= ?
    ORDER BY until_ms, person, receipt, about, kind, room, other_receipt LIMIT ?
"""
NAMING: Final = """
    SELECT person, receipt, at_ms, until_ms, about, kind, room, other_person, other_receipt, times
    FROM hubbub_outbox WHERE other_person = ?
"""
TAKE_OUT: Final = """
    DELETE FROM hubbub_outbox
    WHERE person = ? AND receipt = ? AND at_ms = ? AND about = ? AND kind = ? AND room = ?
        AND other_receipt = ?
"""
WAITING: Final = "SELECT DISTINCT person, about FROM hubbub_outbox"
NAMED: Final = "SELECT DISTINCT person, other_person FROM hubbub_outbox WHERE other_person <> ''"
FORGET: Final = "DELETE FROM hubbub_outbox WHERE person = ?"
FORGET_ABOUT: Final = "DELETE FROM hubbub_outbox WHERE person = ? AND about = ?"

IS_SECURE: Final = "PRAGMA secure_delete"
SECURE: Final = "PRAGMA secure_delete = "
"""SQLite keeps what was deleted in the file unless it is told not to."""
BECOME: Final = "SET LOCAL ROLE "
"""PostgreSQL: for the rest of the transaction, as a role that cannot read a message."""
