"""What gate 2 asks of the book that its releases are paid from. `record.ledger` is that book."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Protocol

from hubbub.crowd.bounds import Unit
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.laws import DiscreteLaplace, Noise
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import Purpose
from hubbub.terms.time import Instant

LAPLACE: Final = "laplace"
GAUSSIAN: Final = "gaussian"
EVERYTHING: Final = "everything"
"""The scope that all products of the person-day promise spend from, beside their own."""


@dataclass(frozen=True, order=True, slots=True)
class Mechanism:
    """What was done once to a unit: a law, and its width over the sensitivity."""

    law: str
    width: Fraction


@dataclass(frozen=True, order=True, slots=True)
class Account:
    """What may be spent of one unit's privacy, in one scope, in one period."""

    scope: str
    unit: str
    period: str  # begins with its local day

    @property
    def day(self) -> str:
        """Give the local day that it is of."""
        return self.period[:10]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """The most that an account can ever spend: `epsilon` at `delta`."""

    epsilon: float
    delta: float


type Caps = Mapping[str, Cap]
"""The cap of every account of a scope. A scope without a cap has nothing to spend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What one release is to be debited for, and what will be remembered of it.

    Releases of one plan share the `debit`: each account is debited for it once.
    """

    release: str  # sha256 of `specification`
    product: str
    block: str
    specification: str  # canonical JSON
    promise: str
    debit: str  # what the accounts are debited for
    mechanism: Mechanism
    accounts: tuple[Account, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What the book remembers of a release: the bytes that were published, and their digest."""

    release: str
    product: str
    block: str
    promise: str
    digest: str
    output: bytes
    released_at: Instant
    seq: int  # its place among all entries of the book


class Shelf(Protocol):
    """Where what was released stands, to be read again."""

    def stored(self, release: str) -> Stored | None:
        """Give what was released, if it was."""
        ...


class Book(Shelf, Protocol):
    """Remembers what was spent and released, durably, and never takes anything back."""

    def debit(self, bill: Bill, *, at: Instant) -> None:
        """Debit every account of `bill`, on disk before this returns, or raise BudgetSpent."""
        ...

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        """Keep the output of a release that is paid: the first one, and return what is kept."""
        ...


class BudgetSpent(Refused):
    """No privacy is left to spend on this release. What was released can be read again, free."""

    def __init__(self, *, account: Account, cap: Cap, needs: float, spent_on: list[str]) -> None:
        lines = "\n".join(f"  {line}" for line in spent_on)
        super().__init__(
            f"{account.scope}, {account.unit} {account.period}: the cap is epsilon {cap.epsilon:g} "
            f"(delta {cap.delta:g}), with this release it would be {needs:.3f}. Spent on:\n"
            f"{lines}\nReading any of these again is free; anything new waits for another period."
        )
        self.account, self.cap, self.needs = account, cap, needs
        self.spent_on = tuple(spent_on)


class BlockTaken(Refused):
    """A block was already asked about in another way. Only that answer can be read, free."""

    def __init__(self, *, product: str, block: str, release: str) -> None:
        super().__init__(
            f"{product}, {block} is noised once, and was: as release {release}, "
            "which can be read again, free"
        )
        self.product, self.block, self.release = product, block, release


def mechanism(noise: Noise, *, sensitivity: int) -> Mechanism:
    """Name what `noise` does to a unit that adds at most `sensitivity`."""
    law = LAPLACE if isinstance(noise, DiscreteLaplace) else GAUSSIAN
    return Mechanism(law, noise.spread / sensitivity)


class DayClosed(Refused):
    """The ledger was adopted on that day or later, and may not know what was spent of it."""

    def __init__(self, *, account: Account, through: str) -> None:
        super().__init__(
            f"{account.scope}, {account.unit} {account.period}: the ledger was copied or restored, "
            f"and adopted; days up to {through} are closed, because another copy may have spent "
            "them. What was released can be read again, free; anything new waits for a later day."
        )
        self.account, self.through = account, through


class Claim(Protocol):
    """What a declaration claims, whatever its purpose."""

    @property
    def name(self) -> str:
        """Name the product's scope."""
        ...

    @property
    def epsilon(self) -> float:
        """Give what it costs at most."""
        ...

    @property
    def delta(self) -> float:
        """Give how rarely it may cost more."""
        ...


def standard_caps(claims: Iterable[Claim], *, everything: Cap) -> dict[str, Cap]:
    """Let each product spend what it declares, and all of the person-day together `everything`."""
    caps = {claim.name: Cap(epsilon=claim.epsilon, delta=claim.delta) for claim in claims}
    return {**caps, EVERYTHING: everything}


def accounts_of[For: Purpose](
    declaration: Declaration[For], *, days: Iterable[str], block: str
) -> tuple[Account, ...]:
    """List what a release of `block` with rows of `days` is debited to."""
    match declaration.unit:
        case Unit.PERSON_DAY:
            scopes = (declaration.name, EVERYTHING)
            return tuple(Account(scope, "person-day", day) for day in days for scope in scopes)
        case Unit.PASSAGE:
            return (Account(declaration.name, "passage", block),)
