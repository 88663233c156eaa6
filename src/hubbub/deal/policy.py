"""Who may do what: every operation names what it is about and what it does, and is looked up here.

`tests/outlet/policy.txt` is this table as the running house keeps it, for each kind of asker.
"""

from enum import StrEnum
from typing import Final, Literal

type Action = Literal["read", "make", "change", "end"]

type Who = Literal[
    "anybody", "holder", "device", "person", "fresh person", "enroller", "operator", "messenger"
]
"""`holder`: of the one secret that the thing has. `device`: by its token. `person`: whose it is.
`fresh person`: who has shown that within the last minutes. `enroller`: the operator, or anybody
where enrolment is open. `messenger`: hubbub's own module in the homeserver, by their secret."""


class Resource(StrEnum):
    """What an operation is about."""

    PAGES = "the pages"
    HOUSE = "the house"
    MAP = "the map"
    TRAFFIC = "traffic"
    PLACES = "places"
    RELEASES = "releases"
    NOTICE = "the notice"
    RECIPIENTS = "who may read, and reads"
    PINGS = "where a device was"
    COUNTS = "what was counted"
    ENROLMENT = "an enrolment"
    OWN_ENROLMENT = "one's enrolment"
    SIGN_IN = "a sign-in"
    CERTIFICATE = "a certificate of erasure"
    SESSION = "one's session"
    PASSKEYS = "one's passkeys"
    DEAL = "one's deal"
    RECEIPTS = "one's receipts"
    ROWS = "one's rows"
    READS = "who read one's rows"
    ARCHIVE = "one's archive"
    ACCOUNT = "one's account"
    MESSENGER = "the messenger"
    SIGN_UP = "a sign-up"
    INVITATION = "an invitation"
    MESSENGER_GRANTS = "the messenger's grants"
    OWN_MESSENGER = "one's messenger"


POLICY: Final[dict[tuple[Resource, Action], Who]] = {
    (Resource.PAGES, "read"): "anybody",
    (Resource.HOUSE, "read"): "anybody",
    (Resource.MAP, "read"): "anybody",
    (Resource.TRAFFIC, "read"): "anybody",
    (Resource.PLACES, "read"): "anybody",
    (Resource.RELEASES, "read"): "anybody",
    (Resource.NOTICE, "read"): "anybody",
    (Resource.RECIPIENTS, "read"): "anybody",
    (Resource.PINGS, "make"): "device",
    (Resource.COUNTS, "make"): "messenger",
    (Resource.ENROLMENT, "make"): "enroller",
    (Resource.OWN_ENROLMENT, "change"): "fresh person",
    (Resource.SIGN_IN, "make"): "anybody",
    (Resource.SESSION, "make"): "person",
    (Resource.SESSION, "read"): "person",
    (Resource.SESSION, "end"): "person",
    (Resource.PASSKEYS, "read"): "person",
    (Resource.PASSKEYS, "make"): "fresh person",
    (Resource.PASSKEYS, "end"): "person",
    (Resource.DEAL, "read"): "person",
    (Resource.DEAL, "change"): "person",
    (Resource.DEAL, "end"): "person",
    (Resource.RECEIPTS, "read"): "person",
    (Resource.ROWS, "read"): "person",
    (Resource.READS, "read"): "person",
    (Resource.ARCHIVE, "read"): "fresh person",
    (Resource.ACCOUNT, "end"): "fresh person",
    (Resource.CERTIFICATE, "read"): "holder",
    (Resource.MESSENGER, "read"): "anybody",
    (Resource.SIGN_UP, "make"): "anybody",
    (Resource.INVITATION, "make"): "holder",
    (Resource.MESSENGER_GRANTS, "read"): "messenger",
    (Resource.OWN_MESSENGER, "read"): "person",
    (Resource.OWN_MESSENGER, "make"): "fresh person",
    (Resource.OWN_MESSENGER, "end"): "person",
}
"""What is not in here is done by nobody: an operation that is not does not come into being."""
