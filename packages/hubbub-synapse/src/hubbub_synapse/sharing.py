# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes to hubbub and comes from it: grants one way, rows the other, over HTTP on loopback."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from synapse.module_api import ModuleApi

from hubbub_synapse.config import Config
from hubbub_synapse.counting import NO_RECEIPT, NO_ROOM, Row
from hubbub_synapse.grants import Grants

_GRANTS: Final = "/v1/messenger/grants"
_ROWS: Final = "/v1/intake/messenger"
_ID_DIGITS: Final = 32


class NotTaken(Exception):
    """hubbub did not tell what became of the rows, so they are sent again."""


class House:
    """The hubbub that this homeserver belongs to."""

    def __init__(self, api: ModuleApi, config: Config) -> None:
        self._http, self._server = api.http_client, api.server_name
        self._address = config.hubbub
        self._headers = {b"Authorization": [f"Bearer {config.keys.bearer}".encode()]}

    async def ask(self, grants: Grants) -> None:
        """Fetch the grants, or that they are as before."""
        asked_s = grants.now()
        after = {} if grants.version is None else {"after": grants.version}
        answer = await self._http.get_json(self._address + _GRANTS, after, headers=self._headers)
        grants.take(answer, asked_s=asked_s)

    async def share(self, rows: Sequence[Row]) -> int:
        """Send rows. When this returns, each is at hubbub or was refused for good; tells how many.

        hubbub knows a row again by its id, so that it may be sent twice.
        """
        told = {"rows": [told_of(row, server=self._server) for row in rows]}
        answer = await self._http.post_json_get_json(
            self._address + _ROWS, told, headers=self._headers
        )
        try:
            accepted, duplicates = answer["accepted"], answer["duplicates"]
            refused = len({each["row"] for each in answer["rejected"]})
        except (KeyError, TypeError):
            raise NotTaken from None
        if accepted + duplicates + refused != len(rows):
            raise NotTaken
        return refused


def told_of(row: Row, *, server: str) -> dict[str, Any]:
    """Write a row as hubbub reads it. It names nobody: receipts say whose it is."""
    told: dict[str, Any] = {
        "id": row_id(row, server=server),
        "receipt": row.receipt,
        "at_ms": row.at_ms,
        "until_ms": row.until_ms,
        "about": row.about,
        "kind": row.kind,
        "times": row.times,
    }
    if row.room != NO_ROOM:
        told["room"] = row.room
    if row.other_receipt != NO_RECEIPT:
        told["other_receipt"] = row.other_receipt
    return told


def row_id(row: Row, *, server: str) -> str:
    """Name a row by what it is about: it has the same id whenever it is sent."""
    about = (row.receipt, row.at_ms, row.until_ms, row.about, row.kind, row.room, row.other_receipt)
    return sha256("\0".join([server, *map(str, about)]).encode()).hexdigest()[:_ID_DIGITS]
