"""Devices as they are added: each under a name of its own, with a token that is told once."""

import secrets
from typing import Final
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.desk import AgeBand, ChoiceRefused, DeviceTaken, Token
from hubbub.record.deal_store_badges import token_digest
from hubbub.record.deal_store_standing import Standing
from hubbub.record.deal_store_tables import DEVICE

NAME_CHARACTERS_MAX: Final = 100

# Built once: an enrolment spends more on building statements than on running them.
_ADD_DEVICE = (
    insert(DEVICE)
    .on_conflict_do_nothing(index_elements=["name"])
    .returning(DEVICE.c.subject, DEVICE.c.person)
)


def add_device(connection: sa.Connection, name: str, age: AgeBand) -> tuple[Standing, Token]:
    """Write down a device that has agreed to nothing yet, and give its token.

    A name that is taken is refused: a name proves nothing, and a new token would end the token
    of whoever has the name. Who holds that token, or the operator, renews.
    """
    if not name.isprintable() or not 0 < len(name.strip()) <= NAME_CHARACTERS_MAX:
        raise ChoiceRefused(f"a device's name has 1 to {NAME_CHARACTERS_MAX} characters")
    token = new_token()
    newcomer = {
        "name": name,
        "person": f"urn:uuid:{uuid4()}",
        "token": token_digest(token.secret),
        "age_band": age.value,
    }
    row = connection.execute(_ADD_DEVICE, newcomer).one_or_none()
    if row is None:
        raise DeviceTaken("a device of this name has a deal already: renew it")
    return Standing(subject=row.subject, person=row.person, name=name, age=age), token


def new_token() -> Token:
    """Make a token that nobody guesses."""
    return Token(f"hub_{secrets.token_urlsafe(24)}")
