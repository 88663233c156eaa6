"""What hubbub asks of the homeserver: to let somebody in, to tell somebody, to forget somebody.

It asks as an account of its own, by Synapse's admin API. That account joins no room.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import quote, urlsplit

from hubbub.deal.messenger import MessengerSilent
from hubbub.run.clock import SystemClock
from hubbub.run.messenger.config import KEEPER, SPEAKER
from hubbub.run.messenger.files import MessengerFiles, write_own
from hubbub.terms.time import SECOND

_PATIENCE_S: Final = 10.0


class Admin:
    """Speaks with the homeserver at `url` over loopback."""

    def __init__(self, files: MessengerFiles, url: str) -> None:
        self._files, self._place = files, urlsplit(url)

    def invite(self, *, uses: int, lasts_s: int) -> str:
        """Make a token by which so many people sign up while it lasts."""
        until = SystemClock().now() + lasts_s * SECOND
        body = {"uses_allowed": uses, "expiry_time": until * 1000 // SECOND, "length": 24}
        made = self._ask("POST", "/_synapse/admin/v1/registration_tokens/new", body)
        return str(made["token"])

    def is_anybody_here(self) -> bool:
        """Tell whether anybody has ever signed up, hubbub's own accounts aside."""
        listed = self._ask("GET", "/_synapse/admin/v2/users?limit=3&deactivated=true")
        ours = {KEEPER, SPEAKER}
        return any(each["name"][1:].partition(":")[0] not in ours for each in listed["users"])

    def tell(self, account: str, words: str, *, once: str) -> None:
        """Tell somebody something in the room of the house, once under this name."""
        path = f"/_synapse/admin/v1/send_server_notice/{quote(once, safe='')}"
        content = {"msgtype": "m.text", "body": words}
        self._ask("PUT", path, {"user_id": account, "content": content})

    def forget(self, account: str) -> None:
        """Close an account for good, and have what it said hidden from who comes later."""
        path = f"/_synapse/admin/v1/deactivate/{quote(account, safe='')}"
        self._ask("POST", path, {"erase": True})

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - what Synapse answers
        """Ask as the keeper, who signs in again where its token is no longer known."""
        status, answer = self._send(method, path, body, token=self._token())
        if status == HTTPStatus.UNAUTHORIZED:
            self._files.keeper_token.unlink(missing_ok=True)
            status, answer = self._send(method, path, body, token=self._token())
        if status != HTTPStatus.OK:
            raise MessengerSilent(f"{status} {answer.get('errcode', '')}".strip())
        return answer

    def _token(self) -> str:
        kept = self._files.keeper_token
        if kept.exists():
            return kept.read_text()
        password = self._files.secret("keeper_password")
        status, answer = self._log_in(password)
        if status == HTTPStatus.FORBIDDEN:
            status, answer = self._register(password)
        if status != HTTPStatus.OK:
            raise MessengerSilent(f"hubbub cannot sign in: {status}")
        write_own(kept, str(answer["access_token"]).encode())
        return str(answer["access_token"])

    def _log_in(self, password: str) -> tuple[int, dict[str, Any]]:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": KEEPER},
            "password": password,
        }
        return self._send("POST", "/_matrix/client/v3/login", body)

    def _register(self, password: str) -> tuple[int, dict[str, Any]]:
        """Register the keeper by the config's secret (Synapse: shared-secret registration)."""
        path = "/_synapse/admin/v1/register"
        _, given = self._send("GET", path)
        signed = "\0".join((str(given.get("nonce")), KEEPER, password, "admin"))
        secret = self._files.secret("registration")
        body = {
            "nonce": given.get("nonce"),
            "username": KEEPER,
            "password": password,
            "admin": True,
            "mac": hmac.new(secret.encode(), signed.encode(), hashlib.sha1).hexdigest(),
        }
        return self._send("POST", path, body)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        token: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection = HTTPConnection(
            self._place.hostname or "", self._place.port, timeout=_PATIENCE_S
        )
        try:
            written = None if body is None else json.dumps(body).encode()
            connection.request(method, path, written, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError) as error:
            raise MessengerSilent(type(error).__name__) from None
        finally:
            connection.close()
