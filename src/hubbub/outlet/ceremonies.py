"""The two ceremonies of passkeys (W3C WebAuthn level 3): adding one, and showing one."""

from typing import Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.parse_authentication_credential_json import (
    parse_authentication_credential_json,
)
from webauthn.helpers.parse_registration_credential_json import parse_registration_credential_json
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hubbub.deal.identity import Identities, NewPasskey, Passkey
from hubbub.outlet.challenges import Challenges
from hubbub.outlet.sources import Sources
from hubbub.terms.errors import Refused
from hubbub.terms.people import Subject

_SIGN_IN: Final = "sign in"
_SHOWS_ITSELF: Final = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.REQUIRED,
    user_verification=UserVerificationRequirement.REQUIRED,
)
"""The device knows the account, so nobody types a name; and it makes sure of its person first."""


class PasskeyRefused(Refused):
    """What the device answered is no answer to what it was asked."""


class Ceremonies:
    """Asks devices for passkeys, and believes nothing that does not verify."""

    def __init__(self, sources: Sources) -> None:
        """Speak for the one origin that a passkey of ours is good for."""
        self._sources, self._challenges = sources, Challenges()

    def ask_for_new(self, subject: Subject) -> str:
        """Write what a browser needs to make a passkey: JSON of WebAuthn's."""
        account, there = (
            self._identities.account(subject),
            self._identities.passkeys(subject),
        )
        options = webauthn.generate_registration_options(
            rp_id=self._site,
            rp_name="hubbub",
            user_name=account.device,
            user_id=account.webauthn_handle,
            challenge=self._challenges.make(_adding(subject)),
            authenticator_selection=_SHOWS_ITSELF,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=p.credential) for p in there],
        )
        return webauthn.options_to_json(options)

    def add(self, subject: Subject, name: str, answer: bytes) -> Passkey:
        """Write down the passkey that a browser made, or raise `PasskeyRefused`."""
        try:
            made = parse_registration_credential_json(answer.decode())
            challenge = parse_client_data_json(made.response.client_data_json).challenge
            self._require_open(challenge, _adding(subject))
            verified = webauthn.verify_registration_response(
                credential=made,
                expected_challenge=challenge,
                expected_rp_id=self._site,
                expected_origin=self._sources.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as error:
            raise PasskeyRefused("the passkey does not verify") from error
        if verified.fmt != AttestationFormat.NONE:
            raise PasskeyRefused("nobody asked what kind of device made the passkey")
        if self._identities.passkey(verified.credential_id) is not None:
            raise PasskeyRefused("this passkey is here already")
        self._take(challenge)
        new = NewPasskey(
            name=name,
            credential=verified.credential_id,
            public_key=verified.credential_public_key,
            uses=verified.sign_count,
        )
        return self._identities.add_passkey(subject, new)

    def ask_for_known(self) -> str:
        """Write what a browser needs to show a passkey, whoever's it is."""
        options = webauthn.generate_authentication_options(
            rp_id=self._site,
            challenge=self._challenges.make(_SIGN_IN),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def recognise(self, answer: bytes) -> Subject:
        """Tell who showed a passkey, or raise `PasskeyRefused`."""
        try:
            shown = parse_authentication_credential_json(answer.decode())
            challenge = parse_client_data_json(shown.response.client_data_json).challenge
            self._require_open(challenge, _SIGN_IN)
            passkey = self._identities.passkey(shown.raw_id)
            if passkey is None:
                raise PasskeyRefused("no such passkey is known here")
            verified = webauthn.verify_authentication_response(
                credential=shown,
                expected_challenge=challenge,
                expected_rp_id=self._site,
                expected_origin=self._sources.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.uses,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as error:
            raise PasskeyRefused("the passkey does not verify") from error
        if shown.response.user_handle != self._identities.account(passkey.subject).webauthn_handle:
            raise PasskeyRefused("the passkey is of another account")
        self._take(challenge)
        self._identities.note_use(passkey, uses=verified.new_sign_count)
        return passkey.subject

    @property
    def _site(self) -> str:
        return urlsplit(self._sources.origin).hostname or ""

    @property
    def _identities(self) -> Identities:
        return self._sources.identities()

    def _require_open(self, challenge: bytes, what_for: str) -> None:
        if not self._challenges.is_open(challenge, what_for):
            raise PasskeyRefused("this was not asked, or too long ago: try again")

    def _take(self, challenge: bytes) -> None:
        if not self._challenges.take(challenge):
            raise PasskeyRefused("this was answered before: try again")


def _adding(subject: Subject) -> str:
    return f"add to {subject}"
