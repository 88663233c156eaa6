"""Pseudonyms: a person is another one towards each purpose and recipient, and in each period.

So what two of them know cannot be joined, nor what one of them knew in two periods. Inside, a
subject is a dense integer; it never leaves.
"""

import hmac
from hashlib import sha256

from hubbub.terms.people import Subject
from hubbub.terms.purposes import Purpose, RecipientKey

type PseudonymKey = bytes
"""The operator's secret: whoever has it can join everything, and nobody else anything."""


def pseudonym(
    subject: Subject,
    *,
    purpose: type[Purpose],
    recipient: RecipientKey,
    period: str,
    key: PseudonymKey,
) -> str:
    """Name `subject` towards one recipient, for one purpose, in one period: 32 hex digits.

    HMAC (RFC 2104) twice: the first gives each (purpose, recipient, period) a key of its own.
    """
    assert len(key) >= sha256().digest_size, "a key is as long as what is made of it"
    parts = (purpose.key, recipient, period)
    scope = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    of_scope = hmac.digest(key, scope, "sha256")
    return hmac.digest(of_scope, subject.to_bytes(8), "sha256")[:16].hex()
