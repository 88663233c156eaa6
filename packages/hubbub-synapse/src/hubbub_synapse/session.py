# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proves to hubbub who somebody is here, without showing it a key to their messages.

Whoever has a session of this homeserver gets a token that is good for one minute, one time and one
audience. hubbub and this module share the key that it is sealed with.
"""

import base64
import hmac
import json
import secrets
from http import HTTPStatus
from typing import Final

from synapse.module_api import (
    DirectServeJsonResource,
    JsonDict,
    ModuleApi,
    SynapseRequest,
    parse_json_object_from_request,
)
from synapse.module_api.errors import Codes, SynapseError

PATH: Final = "/_synapse/client/hubbub/session"
LIFE_S: Final = 60

_AUDIENCE_CHARACTERS_MAX: Final = 200


class Session(DirectServeJsonResource):
    """Gives such tokens."""

    def __init__(self, api: ModuleApi, key: bytes) -> None:
        super().__init__()
        self._api, self._key = api, key

    async def _async_render_POST(  # noqa: N802 - Synapse's own name
        self, request: SynapseRequest
    ) -> tuple[int, JsonDict]:
        requester = await self._api.get_user_by_req(request)  # refuses guests and strangers
        person = requester.user.to_string()
        if requester.app_service_id is not None or requester.authenticated_entity != person:
            raise SynapseError(
                HTTPStatus.FORBIDDEN, "this is for people who signed in themselves", Codes.FORBIDDEN
            )
        audience = parse_json_object_from_request(request).get("audience")
        if not isinstance(audience, str) or not 0 < len(audience) <= _AUDIENCE_CHARACTERS_MAX:
            raise SynapseError(
                HTTPStatus.BAD_REQUEST, "`audience` is the origin of a hubbub", Codes.INVALID_PARAM
            )
        now_s = self._api.get_current_time_msec() // 1000
        return HTTPStatus.OK, {
            "token": seal(person, audience, now_s=now_s, key=self._key),
            "expires_in_s": LIFE_S,
        }


def seal(person: str, audience: str, *, now_s: int, key: bytes) -> str:
    """Write a token: what it says, and an HMAC of it (RFC 2104)."""
    said = {
        "v": 1,
        "sub": person,
        "aud": audience,
        "exp": now_s + LIFE_S,
        "jti": secrets.token_urlsafe(16),
    }
    payload = _text(json.dumps(said, separators=(",", ":")).encode())
    return f"{payload}.{_text(hmac.digest(key, payload.encode(), 'sha256'))}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
