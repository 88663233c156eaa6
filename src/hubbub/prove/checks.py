"""All that is checked, in the order in which it is told."""

from typing import Final

from hubbub.prove.agreement import AGREEMENT
from hubbub.prove.audit import AUDITS
from hubbub.prove.books import BOOKS
from hubbub.prove.canary import CANARY
from hubbub.prove.check import Check
from hubbub.prove.covering import COVERINGS
from hubbub.prove.erasing import ERASING
from hubbub.prove.forging import FORGING
from hubbub.prove.living import LIVING
from hubbub.prove.payment import PAYMENT
from hubbub.prove.sampler import SAMPLERS
from hubbub.prove.sensitivity import SENSITIVITIES
from hubbub.prove.static import CONTRACTS, TYPES

CHECKS: Final[tuple[Check, ...]] = (
    CONTRACTS,
    TYPES,
    FORGING,
    AGREEMENT,
    *COVERINGS,
    LIVING,
    ERASING,
    *SENSITIVITIES,
    *SAMPLERS,
    *AUDITS,
    PAYMENT,
    CANARY,
    BOOKS,
)
"""Every check: its name among all is its own."""

BY_NAME: Final = {check.named.name: check for check in CHECKS}
