"""A Matrix client that is not ours: matrix-nio, with its own encryption (vodozemac)."""

import asyncio
import io
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nio import (
    AsyncClient,
    AsyncClientConfig,
    Event,
    InviteMemberEvent,
    MatrixRoom,
    MegolmEvent,
    RoomEncryptedImage,
    RoomMessage,
    RoomMessageText,
    RoomSendResponse,
    UploadResponse,
)
from nio.crypto import decrypt_attachment

from messenger.homeserver import Account

PATIENCE_S = 60.0


@cache
def _one_loop() -> asyncio.AbstractEventLoop:
    """Give the loop that all of them live in: their library binds its stores for the process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="independent").start()
    return loop


@dataclass(frozen=True)
class Heard:
    """Something that came, and could be read."""

    room: str
    event: RoomMessage

    @property
    def words(self) -> str:
        said: str = self.event.body
        return said

    @property
    def answers(self) -> str | None:
        """Name the event that this answers, if it does."""
        relates = self.event.source["content"].get("m.relates_to", {})
        answered: str | None = relates.get("m.in_reply_to", {}).get("event_id")
        return answered


class Independent:
    """Somebody who writes with it."""

    def __init__(self, account: Account, url: str, folder: Path) -> None:
        folder.mkdir()
        self.heard: list[Heard] = []
        self.unreadable = 0
        self._client = self._do(self._opened(account, url, folder))
        self._syncing = self._do(self._begun())

    def close(self) -> None:
        self._do(self._closed())

    def hears(self, words: str) -> Heard:
        """Wait until something with these words came, and could be read."""
        return self._waits(lambda: next((each for each in self.heard if words in each.words), None))

    def sees_a_picture(self, after: int = 0) -> tuple[Heard, bytes]:
        """Wait for a picture, fetch it and unlock it."""

        def found() -> Heard | None:
            pictures = [h for h in self.heard if isinstance(h.event, RoomEncryptedImage)]
            return pictures[after] if len(pictures) > after else None

        heard = self._waits(found)
        picture = heard.event
        sealed = self._do(self._client.download(picture.url)).body
        plain: bytes = decrypt_attachment(
            sealed, picture.key["k"], picture.hashes["sha256"], picture.iv
        )
        return heard, plain

    def makes_a_room(self, *others: str) -> str:
        sealed = {
            "type": "m.room.encryption",
            "state_key": "",
            "content": {"algorithm": "m.megolm.v1.aes-sha2"},
        }
        made = self._do(
            self._client.room_create(is_direct=True, invite=others, initial_state=[sealed])
        )
        room: str = made.room_id
        return room

    def waits_for(self, other: str, room: str) -> None:
        """Wait until somebody is in a room, with a device that can be written to."""

        def is_there() -> bool:
            known = self._client.rooms.get(room)
            return known is not None and other in known.users and bool(known.encrypted)

        self._waits(is_there)

    def says(self, room: str, words: str, *, to: Heard | None = None) -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": words}
        if to is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": to.event.event_id}}
        return self._sends(room, content)

    def encloses(self, room: str, picture: bytes, *, kind: str = "image/webp") -> str:
        async def upload() -> tuple[Any, Any]:
            return await self._client.upload(
                lambda *_: io.BytesIO(picture),
                content_type=kind,
                filename="a picture",
                encrypt=True,
                filesize=len(picture),
            )

        uploaded, keys = self._do(upload())
        assert isinstance(uploaded, UploadResponse), uploaded
        file = {**keys, "url": uploaded.content_uri}
        about = {"mimetype": kind, "size": len(picture), "w": 100, "h": 100}
        content = {"msgtype": "m.image", "body": "a picture", "file": file, "info": about}
        return self._sends(room, content)

    def _sends(self, room: str, content: dict[str, Any]) -> str:
        sent = self._do(
            self._client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        )
        assert isinstance(sent, RoomSendResponse), sent
        event: str = sent.event_id
        return event

    async def _opened(self, account: Account, url: str, folder: Path) -> AsyncClient:
        """Sign in, in the thread that the client lives in: its store is that thread's."""
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
        client = AsyncClient(
            url, account.user_id, account.device_id, store_path=str(folder), config=config
        )
        client.restore_login(account.user_id, account.device_id, account.access_token)
        client.add_event_callback(self._come_in, InviteMemberEvent)
        client.add_event_callback(self._hear, RoomMessage)
        client.add_event_callback(self._hear_sealed, MegolmEvent)
        await client.keys_upload()
        return client

    async def _begun(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._client.sync_forever(timeout=1000, full_state=True))

    async def _closed(self) -> None:
        self._syncing.cancel()
        with suppress(asyncio.CancelledError):
            await self._syncing
        await self._client.close()
        assert self._client.store is not None
        self._client.store.database.close()

    async def _come_in(self, room: MatrixRoom, event: InviteMemberEvent) -> None:
        if event.state_key == self._client.user_id and event.membership == "invite":
            await self._client.join(room.room_id)

    async def _hear(self, room: MatrixRoom, event: Event) -> None:
        if isinstance(event, RoomMessageText | RoomEncryptedImage):
            self.heard.append(Heard(room.room_id, event))

    async def _hear_sealed(self, _room: MatrixRoom, _event: MegolmEvent) -> None:
        self.unreadable += 1

    def _do[Done](self, work: Coroutine[Any, Any, Done]) -> Done:
        return asyncio.run_coroutine_threadsafe(work, _one_loop()).result(PATIENCE_S)

    def _waits[Found](self, found: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if there := found():
                return there
            assert time.monotonic() < deadline, f"{self.heard}, {self.unreadable} unreadable"
            time.sleep(0.1)


@contextmanager
def independent(account: Account, url: str, folder: Path) -> Iterator[Independent]:
    """Let somebody write with it for the while."""
    somebody = Independent(account, url, folder)
    try:
        yield somebody
    finally:
        somebody.close()
