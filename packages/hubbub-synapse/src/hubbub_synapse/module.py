# SPDX-License-Identifier: AGPL-3.0-or-later
"""The module: it counts behind the send path, and has no part in it.

Every second, on the one worker that has the background work: fetch what people agreed to, count
what was sent since, and share the hours that are over.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Final

from canonicaljson import encode_canonical_json
from synapse.module_api import LoggingTransaction, ModuleApi
from synapse.storage.engines import Sqlite3Engine

from hubbub_synapse import outbox
from hubbub_synapse.config import Config, read_config
from hubbub_synapse.counting import Counting, Row
from hubbub_synapse.grants import Grants, Known
from hubbub_synapse.session import PATH, Session
from hubbub_synapse.sharing import House

log: Final = logging.getLogger(__name__)

DEAL: Final = "io.hubbub.deal"
"""The account data that show somebody's own switches on all their devices."""

_ROUND_MS: Final = 1000
_GRACE_MS: Final = 30_000
"""How long after its end a period still grows: what was sent in it may be on its way."""


class HubbubModule:
    """Counts what is sent on this homeserver, and shares that as far as people agreed to it."""

    def __init__(self, config: Config, api: ModuleApi) -> None:
        """Begin, when Synapse does."""
        self._api, self._config = api, config
        self._grants, self._house = Grants(), House(api, config)
        self._is_prepared = False
        self._covered: str | None = None  # up to which version what waits was looked through
        self._mirrored: dict[str, bytes] = {}
        self._troubles: dict[str, str] = {}
        api.register_web_resource(PATH, Session(api, config.keys.session))
        api.register_third_party_rules_callbacks(
            on_user_deactivation_status_changed=self._deactivated
        )
        api.looping_background_call(
            self._ask, _ROUND_MS, desc="hubbub_grants", run_on_all_instances=True
        )
        if api.should_run_background_tasks():
            api.looping_background_call(self._go_round, _ROUND_MS, desc="hubbub_share")

    @staticmethod
    def parse_config(told: Mapping[str, Any]) -> Config:
        """Read the module's configuration."""
        return read_config(told)

    async def _ask(self) -> None:
        try:
            await self._house.ask(self._grants)
        except Exception as error:  # noqa: BLE001 - whatever it is, not to know is to share nothing
            self._note("asking for grants", error)
        else:
            self._note("asking for grants", None)

    async def _go_round(self) -> None:
        known = self._grants.fresh()
        if known is None:
            return  # the cursor waits, and nothing is lost
        try:
            await self._prepare()
            await self._look_through(known)
            if await self._count(known):
                await self._close()
            await self._share()
            await self._mirror(known)
        except Exception as error:  # the next round goes on where this one stopped
            self._note("sharing", error)
            log.debug("hubbub: a round stopped", exc_info=True)
        else:
            self._note("sharing", None)

    async def _prepare(self) -> None:
        if not self._is_prepared:
            newest = self._newest()
            await self._api.run_db_interaction("hubbub_prepare", outbox.prepare, newest=newest)
            self._is_prepared = True

    async def _look_through(self, known: Known) -> None:
        if known.version != self._covered:
            await self._run("hubbub_forget", outbox.forget_uncovered, known)
            self._covered = known.version

    async def _count(self, known: Known) -> bool:
        """Count what was sent. Tells whether that was all of it."""
        upto, is_all = self._newest(), False
        by = Counting(
            known=known,
            rooms_key=self._config.keys.rooms,
            period_ms=self._config.period_ms,
            now_ms=self._api.get_current_time_msec(),
        )
        while not is_all and self._grants.fresh() is not None:
            is_all = await self._run("hubbub_count", outbox.tail, by, upto=upto)
        return is_all

    async def _close(self) -> None:
        period_ms = self._config.period_ms
        grace_ms = min(_GRACE_MS, period_ms // 2)
        over_ms = (self._api.get_current_time_msec() - grace_ms) // period_ms * period_ms
        await self._run("hubbub_close", outbox.close, until_ms=over_ms)

    async def _share(self) -> None:
        while self._grants.fresh() is not None:
            rows: list[Row] = await self._run("hubbub_over", outbox.over)
            if not rows:
                return
            refused = await self._house.share(rows)
            await self._run("hubbub_shared", outbox.take_out, rows)
            log.info("hubbub: shared %d rows, %d were refused", len(rows) - refused, refused)

    async def _mirror(self, known: Known) -> None:
        for person, grant in known.of.items():
            if grant.deal is None:
                continue
            told = encode_canonical_json(grant.deal)
            if self._mirrored.get(person) == told:
                continue
            there = await self._api.account_data_manager.get_global(person, DEAL)
            if there is None or encode_canonical_json(there) != told:
                await self._api.account_data_manager.put_global(person, DEAL, dict(grant.deal))
            self._mirrored[person] = told

    async def _deactivated(self, person: str, deactivated: bool, by_admin: bool) -> None:  # noqa: FBT001
        del by_admin
        if deactivated:
            await self._prepare()
            await self._run("hubbub_left", outbox.forget, person)

    def _newest(self) -> int:
        """Tell the place up to which every event is in the database."""
        return self._api._store.get_room_max_stream_ordering()  # noqa: SLF001 - there is no other way

    async def _run[**Given, Found](
        self,
        name: str,
        step: Callable[Concatenate[LoggingTransaction, Given], Found],
        *args: Given.args,
        **options: Given.kwargs,
    ) -> Found:
        """Take a step in a transaction that could not read a message if it tried."""

        def guarded(txn: LoggingTransaction) -> Found:
            is_sqlite = isinstance(txn.database_engine, Sqlite3Engine)
            with outbox.guarded(txn, role=self._config.postgres_role, is_sqlite=is_sqlite):
                return step(txn, *args, **options)

        return await self._api.run_db_interaction(name, guarded)

    def _note(self, part: str, error: Exception | None) -> None:
        """Log what is wrong once, and once that it is not any more: the kind of it, no content."""
        trouble = "" if error is None else type(error).__name__
        if trouble == self._troubles.get(part, ""):
            return
        self._troubles[part] = trouble
        if trouble:
            log.warning("hubbub: %s stands still (%s); what waits goes later", part, trouble)
        else:
            log.info("hubbub: %s goes on", part)
